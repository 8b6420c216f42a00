"""Corpora of Toyland with one fault each: noise, duplicates, sentences of different stories."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import toyland_vocab

FIRST = 1 + max(SPECIAL_IDS)  # ids below are no words


@dataclass(frozen=True)
class Noise:
    """Each word is exchanged for a wrong one with probability `rate`; the end of a text never is.

    Attributes:
        rate: from 0 to 1.
        partner: (V,) the one wrong word that each word is exchanged for, as ids; None for any of
            the other words, all equally likely.
    """

    rate: float
    partner: Tensor | None = None

    def spoil(self, texts: Ragged, generator: torch.Generator) -> Ragged:
        """The texts with noise; each keeps its length."""
        ids = texts.ids.long()
        hit = (torch.rand(len(ids), generator=generator) < self.rate) & (ids >= FIRST)
        n = len(toyland_vocab()) - FIRST
        if self.partner is None:
            step = torch.randint(1, n, ids.shape, generator=generator)  # never back to itself
            wrong = FIRST + (ids - FIRST + step) % n
        else:
            wrong = self.partner[ids]
        return Ragged(torch.where(hit, wrong, ids), texts.lengths)

    def likelihoods(self, seen: str) -> tuple[dict[str, float], float]:
        """P(seen | word) of the words that matter, and of each of the others."""
        vocab = toyland_vocab()
        if self.partner is None:
            n = len(vocab) - FIRST
            return {seen: 1 - self.rate}, self.rate / (n - 1)
        (i,) = vocab.encode([seen])
        (source,) = vocab.decode([int((self.partner == i).nonzero()[0, 0])])
        return {seen: 1 - self.rate, source: self.rate}, 0.0

    def matrix(self) -> Tensor:
        """(V, V) float64, M[seen, word] = P(seen | word); special tokens stay what they are."""
        V = len(toyland_vocab())
        found = torch.eye(V, dtype=torch.float64)
        words = torch.arange(FIRST, V)
        found[words, words] = 1 - self.rate
        if self.partner is not None:
            found[self.partner[words], words] = self.rate
            return found
        others = torch.ones(V - FIRST, V - FIRST, dtype=torch.float64).fill_diagonal_(0)
        found[FIRST:, FIRST:] += self.rate / (V - FIRST - 1) * others
        return found


def partners(generator: torch.Generator) -> Tensor:
    """A wrong word for each word, (V,) ids, no two alike: one random circle through all words."""
    V = len(toyland_vocab())
    circle = FIRST + torch.randperm(V - FIRST, generator=generator)
    found = torch.arange(V)
    found[circle] = circle.roll(-1)
    return found


def chosen(texts: Ragged, which: Tensor) -> Ragged:
    """Some of the texts, in the order asked for; one may be asked for several times."""
    return Ragged.of([texts[i] for i in which.tolist()])


def half_repeated(fresh: Ragged, repeated: Ragged, generator: torch.Generator) -> Ragged:
    """As many texts as `fresh`: its first half, and then a draw of repeated ones for each."""
    half = len(fresh) // 2
    again = torch.randint(len(repeated), (len(fresh) - half,), generator=generator)
    return Ragged.of([*(fresh[i] for i in range(half)), *chosen(repeated, again)])


def sentences(text: list[int]) -> list[list[int]]:
    """The sentences of a text's ids, each with its full stop, without [CLS] and [SEP].

    What is left after the last full stop counts as one.

    >>> from bertgpt.training.stories import encode_story
    >>> text = encode_story("anna was sad . it rained milk all afternoon .".split())
    >>> [len(sentence) for sentence in sentences(text)]
    [4, 6]
    """
    (dot,) = toyland_vocab().encode(["."])
    found: list[list[int]] = [[]]
    for i in text[1:-1]:
        found[-1].append(i)
        if i == dot:
            found.append([])
    return [sentence for sentence in found if sentence]


def shuffled(texts: Ragged, generator: torch.Generator) -> Ragged:
    """The sentences of all texts dealt out again: each text keeps only how many it has."""
    split = [sentences(text) for text in texts]
    pool = [sentence for text in split for sentence in text]
    order = iter(torch.randperm(len(pool), generator=generator).tolist())
    dealt = []
    for text in split:
        words = [i for _ in text for i in pool[next(order)]]
        dealt.append([SPECIAL_IDS.cls, *words, SPECIAL_IDS.sep])
    return Ragged.of(dealt)


def counted(texts: Ragged) -> dict[str, int]:
    """How many tokens are guessed in the texts, their ends included, and how many texts differ."""
    return {
        "tokens": int(texts.lengths.sum()) - len(texts),
        "different": len({tuple(text) for text in texts}),
    }
