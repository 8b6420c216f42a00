"""Which pieces of words to join: what the training of BPE and of WordPiece have in common.

Gage (1994) joined the most frequent pair of bytes over and over to make a file smaller; Sennrich,
Haddow and Birch (2016) did so inside words, to get a vocabulary.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Pair = tuple[str, str]


class Learned(NamedTuple):
    """What training found."""

    tokens: tuple[str, ...]  # in the order of their numbers
    merges: tuple[Pair, ...]  # the first learned first
    visits: int  # places in words that were looked at: the work done


def learn(
    words: Mapping[str, int],
    symbols: Sequence[str],
    vocab_size: int,
    *,
    min_count: int = 2,
    prefix: str = "",
) -> Learned:
    """Join the most frequent pair of neighbours, over and over (Sennrich et al. 2016, algorithm 1).

    Among equally frequent pairs the one of lower numbers is joined, as in `tokenizers`. All words
    lie end to end and are linked both ways; for each pair it is known where it stands. A merge then
    looks at these places alone, and the next pair comes from a heap. Joining makes a word shorter
    and two pairs at most new, so that in all no more than 3 places a character are looked at,
    however many merges there are.

    Args:
        words: how often each word occurs.
        symbols: tokens to begin with, in the order of their numbers; among them each character of
            the words, with `prefix` where it does not begin a word.
        vocab_size: stop at so many tokens.
        min_count: stop when the most frequent pair occurs less often.
        prefix: marks what does not begin a word: "" for BPE, "##" for WordPiece.
    Raises:
        ValueError: if `vocab_size` leaves no room for the symbols.
    """
    if vocab_size < len(symbols):
        raise ValueError(
            f"vocab_size={vocab_size} is less than the {len(symbols)} tokens to begin with "
            "(special ones and single characters); ask for more, or give a text with fewer "
            "different characters"
        )
    tokens, merges, visits = list(symbols), list[Pair](), 0
    ids = {token: i for i, token in enumerate(tokens)}
    held, weight, left, right = list[int](), list[int](), list[int](), list[int]()
    for word, many in words.items():
        first, last = len(held), len(held) + len(word) - 1
        held += [ids[c if i == 0 else prefix + c] for i, c in enumerate(word)]
        weight += [many] * len(word)
        left += [-1, *range(first, last)]
        right += [*range(first + 1, last + 1), -1]

    count: defaultdict[tuple[int, int], int] = defaultdict(int)
    places: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for place, after in enumerate(right):
        if after >= 0:
            pair = held[place], held[after]
            count[pair] += weight[place]
            places[pair].append(place)
    heap = [(-many, pair, places.pop(pair)) for pair, many in count.items()]
    heapq.heapify(heap)

    while heap and len(tokens) < vocab_size:
        minus, pair, where = heapq.heappop(heap)
        if count[pair] != -minus:  # it has become rarer since: back into the queue
            heapq.heappush(heap, (-count[pair], pair, where))
            continue
        if count[pair] < max(1, min_count):
            break
        a, b = pair
        token = tokens[a] + tokens[b].removeprefix(prefix)
        new = ids.setdefault(token, len(tokens))
        tokens += [token] * (new == len(tokens))
        merges.append((tokens[a], tokens[b]))
        visits += len(where)
        for place in where:
            after = right[place]
            if held[place] != a or after < 0 or held[after] != b:
                continue  # a merge has been here
            many, before, beyond = weight[place], left[place], right[after]
            held[place], held[after], right[place] = new, -1, beyond
            if before >= 0:
                count[held[before], a] -= many
                count[held[before], new] += many
                places[held[before], new].append(before)
            if beyond >= 0:
                left[beyond] = place
                count[b, held[beyond]] -= many
                count[new, held[beyond]] += many
                places[new, held[beyond]].append(place)
        for pair in places:
            heapq.heappush(heap, (-count[pair], pair, places[pair]))
        places.clear()
    return Learned(tuple(tokens), tuple(merges), visits)
