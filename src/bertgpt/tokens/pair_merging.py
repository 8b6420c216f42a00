"""Pairs of pieces joined over and over: what the training of BPE and of WordPiece have in common.

Gage (1994) joined the most frequent pair of bytes over and over to make a file smaller; Sennrich,
Haddow and Birch (2016) did so inside words, to get a vocabulary.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Pair = tuple[str, str]


def join(tokens: list[str], pair: Pair) -> list[str]:
    """Join each occurrence of a pair, from left to right.

    >>> join(["a", "a", "a", "a"], ("a", "a"))
    ['aa', 'aa']
    """
    joined, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            joined.append(tokens[i] + tokens[i + 1])
            i += 2  # both are used up
        else:
            joined.append(tokens[i])
            i += 1
    return joined


def learn_by_recounting(words: Mapping[str, int], n_merges: int) -> list[Pair]:
    """Algorithm 1 of Sennrich et al. (2016) as it is written: recount all pairs for each merge.

    Among equally frequent pairs it joins the one whose tokens were there first, the characters in
    their order before all joined ones. `learn_merges` finds the same merges and counts once.

    >>> learn_by_recounting({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 3)
    [('e', 's'), ('es', 't'), ('l', 'o')]
    """
    split = {word: list(word) for word in words}
    order = sorted({character for word in words for character in word})
    merges: list[Pair] = []
    while len(merges) < n_merges:
        counts: Counter[Pair] = Counter()
        for word, tokens in split.items():
            for pair in pairwise(tokens):
                counts[pair] += words[word]
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], *map(order.index, pair)))
        merges.append(best)
        order.append("".join(best))
        split = {word: join(tokens, best) for word, tokens in split.items()}
    return merges


class Learned(NamedTuple):
    """Result of training."""

    tokens: tuple[str, ...]  # in the order of their ids
    merges: tuple[Pair, ...]  # the first learned first
    places_visited: int  # places in words that were looked at: the work done


class _Chain:
    """All words end to end. A place is the index of a character's first token, later of a merge's.

    Each place is linked to its neighbours inside the word, so joining two of them is a change of
    links and moves nothing.
    """

    def __init__(self, words: Mapping[str, int], ids: Mapping[str, int], prefix: str) -> None:
        self.token: list[int] = []  # id of the token at each place, -1 once it is used up
        self.weight: list[int] = []  # how often its word occurs
        self.before: list[int] = []  # the place before it in the word, or -1
        self.after: list[int] = []  # the place after it, or -1
        for word, many in words.items():
            first = len(self.token)
            last = first + len(word) - 1
            self.token += [ids[c if i == 0 else prefix + c] for i, c in enumerate(word)]
            self.weight += [many] * len(word)
            self.before += [-1, *range(first, last)]
            self.after += [*range(first + 1, last + 1), -1]


class _Pairs:
    """How often each pair of ids occurs, and at which places it may be found."""

    def __init__(self, chain: _Chain) -> None:
        self.count: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.new_places: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self.heap: list[tuple[int, tuple[int, int], list[int]]] = []  # -count, pair, places
        for place, after in enumerate(chain.after):
            if after >= 0:
                self.add(chain.token[place], chain.token[after], place, chain.weight[place])
        self.queue_new()

    def add(self, a: int, b: int, place: int, weight: int) -> None:
        self.count[a, b] += weight
        self.new_places[a, b].append(place)

    def queue_new(self) -> None:
        """Put the pairs that were added since into the queue."""
        for pair, places in self.new_places.items():
            heapq.heappush(self.heap, (-self.count[pair], pair, places))
        self.new_places.clear()

    def most_frequent(self) -> tuple[int, tuple[int, int], list[int]]:
        """Count, pair and places; among equals the pair of lower ids. The count is 0 at the end."""
        while self.heap:
            minus, pair, places = heapq.heappop(self.heap)
            if self.count[pair] == -minus:
                return -minus, pair, places
            # It has become rarer since it was queued: back into the queue, with today's count.
            heapq.heappush(self.heap, (-self.count[pair], pair, places))
        return 0, (-1, -1), []


def learn_merges(
    words: Mapping[str, int],
    symbols: Sequence[str],
    vocab_size: int,
    *,
    min_count: int = 2,
    prefix: str = "",
) -> Learned:
    """Join the most frequent pair of neighbours, over and over (Sennrich et al. 2016, algorithm 1).

    Among equally frequent pairs the one of lower ids is joined, as in `tokenizers`. The places of
    each pair are known, so a merge looks only at these, and the next pair comes from a heap.
    Joining makes a word shorter and at most two pairs new, so in all no more than 3 places per
    character are looked at, however many merges there are.

    Args:
        words: how often each word occurs.
        symbols: tokens to begin with, in the order of their ids; among them each character of the
            words, with `prefix` where it does not begin a word.
        vocab_size: stop at this number of tokens.
        min_count: stop when the most frequent pair occurs less often.
        prefix: marks a token that does not begin a word: "" for BPE, "##" for WordPiece.
    Raises:
        ValueError: if `vocab_size` leaves no room for the symbols.
    """
    if vocab_size < len(symbols):
        raise ValueError(
            f"vocab_size={vocab_size} is less than the {len(symbols)} tokens to begin with "
            "(special ones and single characters); ask for more, or give a text with fewer "
            "different characters"
        )
    tokens, merges, visited = list(symbols), list[Pair](), 0
    ids = {token: i for i, token in enumerate(tokens)}
    chain = _Chain(words, ids, prefix)
    pairs = _Pairs(chain)
    while len(tokens) < vocab_size:
        many, (a, b), places = pairs.most_frequent()
        if many < max(1, min_count):
            break
        token = tokens[a] + tokens[b].removeprefix(prefix)
        if token not in ids:  # two pairs may make the same token: "a" + "bc" and "ab" + "c"
            ids[token] = len(tokens)
            tokens.append(token)
        merges.append((tokens[a], tokens[b]))
        visited += len(places)
        for place in places:
            _join_at(place, (a, b), ids[token], chain, pairs)
        pairs.queue_new()
    return Learned(tuple(tokens), tuple(merges), visited)


def _join_at(place: int, pair: tuple[int, int], new: int, chain: _Chain, pairs: _Pairs) -> None:
    """Join a pair at one place, and count the pairs that this ends and begins."""
    a, b = pair
    second = chain.after[place]
    if chain.token[place] != a or second < 0 or chain.token[second] != b:
        return  # an earlier merge has changed this place
    many, before, beyond = chain.weight[place], chain.before[place], chain.after[second]
    chain.token[place], chain.token[second], chain.after[place] = new, -1, beyond
    if before >= 0:
        pairs.count[chain.token[before], a] -= many
        pairs.add(chain.token[before], new, before, many)
    if beyond >= 0:
        chain.before[beyond] = place
        pairs.count[b, chain.token[beyond]] -= many
        pairs.add(new, chain.token[beyond], place, many)
