"""Modified Kneser-Ney smoothing of n-grams, the best of the counting models.

Model: Kneser and Ney (1995), as Chen and Goodman (1999) modified it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from bertgpt.words.ngram import Counts, Gram, NGram, Token

# Used where a text is too small or too regular for the discounts' formula; KenLM's choice as well.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


class _Level(NamedTuple):
    """One order of a Kneser-Ney model."""

    counts: Counter[Gram]
    discounts: tuple[float, ...]  # taken from a count of 0, 1, 2, 3 or more
    total: dict[Gram, int]  # by context: the sum of its counts
    free: dict[Gram, float]  # by context: the share of probability that discounting sets free


# By counts and order: models of different orders on the same counts share their lower levels.
_LOWER_LEVELS: WeakKeyDictionary[Counts, dict[int, _Level]] = WeakKeyDictionary()


class KneserNey(NGram):
    """Interpolated modified Kneser-Ney smoothing (Chen & Goodman 1999).

    At every order a discount is taken from each count, and the next lower order distributes what
    this sets free; below single words is the uniform distribution over the vocabulary. The longest
    order counts occurrences. The lower ones count in how many different contexts an n-gram was
    seen, since they matter where the longer context was of no help.

    Attributes:
        discounts: (D1, D2, D3+) for each order, from single words up.

    >>> model = KneserNey(Counts(["the cat sat".split(), "the dog sat".split()], 2))
    >>> round(sum(model.distribution(["a", "word", "never", "seen"]).values()), 12)
    1.0
    """

    def __init__(self, counts: Counts, order: int | None = None) -> None:
        super().__init__(counts, order)
        lower = _LOWER_LEVELS.setdefault(counts, {})
        for n in range(1, self.order):
            if n not in lower:
                lower[n] = _level(counts.continuations(n))
        top = _level(counts.tables[self.order - 1])
        self._levels = [*(lower[n] for n in range(1, self.order)), top]
        self.discounts = [level.discounts[1:] for level in self._levels]

    def _weigh(self, words: Iterable[Token], context: Gram) -> list[float]:
        suffixes = [context[i:] for i in range(len(context), -1, -1)]  # the shortest first
        path = [
            (h, level.counts, level.discounts, level.total[h], level.free[h])
            for h, level in zip(suffixes, self._levels, strict=False)
            if h in level.total  # where a context was never seen, no longer one was either
        ]
        chances = []
        for word in words:
            p = 1 / len(self.counts.vocabulary)
            for h, counts, discounts, total, free in path:
                count = counts.get((*h, word), 0)
                p = (count - discounts[min(count, 3)]) / total + free * p
            chances.append(p)
        return chances


def _level(counts: Counter[Gram]) -> _Level:
    """Discounts and back-off shares of one order, from its counts."""
    n = Counter(counts.values())  # n[c]: how many n-grams have count c
    discounts: tuple[float, ...] = (0.0, *FALLBACK_DISCOUNTS)
    if n[1] and n[2] and n[3] and n[4]:
        share = n[1] / (n[1] + 2 * n[2])
        found = [c - (c + 1) * share * n[c + 1] / n[c] for c in (1, 2, 3)]
        if all(0 <= d <= c for c, d in enumerate(found, start=1)):
            discounts = (0.0, *found)
    total: dict[Gram, int] = {}
    freed: dict[Gram, float] = {}
    for gram, count in counts.items():
        context = gram[:-1]
        total[context] = total.get(context, 0) + count
        freed[context] = freed.get(context, 0.0) + discounts[min(count, 3)]
    return _Level(counts, discounts, total, {h: freed[h] / total[h] for h in total})
