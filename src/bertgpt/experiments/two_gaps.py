"""Pairs of gaps in stories of Toyland, and what an exact reader says of them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.exact_gaps import alone, together
from bertgpt.experiments.sampled_stories import is_story
from bertgpt.training.stories import decode_story, toyland_vocab

Texts = Sequence[Sequence[int]]  # ids of stories, with [CLS] and [SEP]
Pair = tuple[int, int, int]  # the number of a text, and two columns in it


class Gaps(NamedTuple):
    """Two gaps in each of some texts, padded on the right."""

    ids: Tensor  # (N, T), the whole texts
    a: Tensor  # (N,), the place of one gap
    b: Tensor  # (N,), of the other

    @property
    def words(self) -> tuple[Tensor, Tensor]:
        """The texts' own words at a and at b, (N,) each."""
        word_a, word_b = (self.ids.gather(1, x[:, None])[:, 0] for x in (self.a, self.b))
        return word_a, word_b

    def other_way(self) -> "Gaps":
        """The same with the names of the gaps exchanged."""
        return Gaps(self.ids, self.b, self.a)


def gaps_of(texts: Texts, pairs: Sequence[Pair]) -> Gaps:
    """Pairs of gaps, each a text and two places in it."""
    rows = [torch.tensor(texts[text]) for text, _, _ in pairs]
    places = torch.tensor(pairs)
    ids = pad_sequence(rows, True, SPECIAL_IDS.pad)
    return Gaps(ids, places[:, 1], places[:, 2])


def pairs_of_places(texts: Texts, n: int, generator: torch.Generator) -> dict[str, list[Pair]]:
    """n pairs of neighbours of each text, and n pairs of any two words."""
    found: dict[str, list[Pair]] = {"neighbours": [], "any two": []}
    for number, text in enumerate(texts):
        words = len(text) - 2  # at 1 to words; [CLS] is at 0
        starts = torch.randint(1, words, (n,), generator=generator).tolist()
        found["neighbours"] += [(number, t, t + 1) for t in starts]
        for _ in range(n):
            a, b = (1 + torch.randperm(words, generator=generator)[:2]).tolist()
            found["any two"].append((number, a, b))
    return found


def exact_surprise(texts: Texts, pairs: Sequence[Pair]) -> float:
    """Exact surprise at the two words given all others, in bits, a mean over pairs."""
    nats = [-together(decode_story(texts[text]), [a - 1, b - 1]) for text, a, b in pairs]
    return sum(nats) / len(nats) / math.log(2)


def open_squares(
    texts: Texts, n: int, generator: torch.Generator
) -> tuple[list[Pair], list[tuple[int, int]]]:
    """Pairs of gaps with another word for each, so that all four texts are whole stories.

    Of a text up to n pairs; the words are drawn evenly from those that can be there.

    Returns:
        pairs as `gaps_of` takes them, and the two other words of each.
    """
    pairs, others = [], []
    index = toyland_vocab().encode
    for number, text in enumerate(texts):
        words = decode_story(text)
        can = [[w for w in alone(words, [t])[0] if w != words[t]] for t in range(len(words))]
        free = [t for t, some in enumerate(can) if some]
        for _ in range(n if len(free) > 1 else 0):
            a, b = (free[i] for i in torch.randperm(len(free), generator=generator)[:2].tolist())
            u, v = torch.rand(2, generator=generator).tolist()
            new = can[a][int(u * len(can[a]))], can[b][int(v * len(can[b]))]
            corner = list(words)
            corner[a], corner[b] = new
            if is_story(tuple(corner)):
                pairs.append((number, a + 1, b + 1))
                first, second = index(new)
                others.append((first, second))
    return pairs, others
