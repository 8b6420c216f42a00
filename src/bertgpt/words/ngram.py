"""N-grams of any order over any tokens: maximum likelihood, add-k, modified Kneser-Ney.

A sequence (a sentence, a story, an article's characters) is read as `<s> w1 w2 ... wT </s>`. Its
words and the closing `</s>` are predicted, `<s>` is only ever read. The probability of a word given
the words before it is cut to the last `order - 1` of them, and never reaches back beyond `<s>`.

Each model is a probability distribution in every context: over the whole vocabulary it sums to 1
(maximum likelihood alone has none in a context that it never saw, and says so).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import torch

Token = Hashable
Gram = tuple[Token, ...]

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
# Used where a text is too small or too regular for the discounts' formula; KenLM's choice as well.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


class Counts:
    """How often each n-gram of length 1 to `order` occurs in the texts.

    Args:
        sequences: texts, each a sequence of tokens; a string is a sequence of its characters.
        order: length of the longest n-gram counted, at least 1.
        vocabulary: the words that a model may predict. None: every word of the texts.
        unknown: what stands for any other word, here and in texts scored later. None: a word
            outside the vocabulary is an error.
    Attributes:
        vocabulary: what a model predicts: the words, the unknown word if there is one, `</s>`.
        tables: for each length from 1 up, how often each n-gram occurs.
    Raises:
        ValueError: if the order or the texts cannot be used.

    >>> counts = Counts(["abab", "abba"], 2)
    >>> counts[("a", "b")], counts[("<s>", "a")], counts[("b",)]
    (3, 2, 4)
    """

    def __init__(
        self,
        sequences: Iterable[Sequence[Token]],
        order: int,
        *,
        vocabulary: Iterable[Token] | None = None,
        unknown: str | None = UNKNOWN,
    ) -> None:
        if order < 1:
            raise ValueError(f"order={order} counts nothing; the smallest is 1, single words")
        if isinstance(sequences, str):
            raise ValueError("that is one string; give [text], or [text.split()] for words")
        texts = [tuple(text) for text in sequences]
        if not any(texts):
            raise ValueError(f"the {len(texts)} texts hold no token; give at least one that does")
        longest = max(map(len, texts)) + 2
        if order > longest:
            given = f"order={order} is longer than the longest text with its start and end"
            raise ValueError(f"{given}, {longest} tokens; choose an order up to {longest}")
        words = (w for text in texts for w in text) if vocabulary is None else vocabulary
        ends = [END] if unknown is None else [unknown, END]
        self.order, self.unknown = order, unknown
        self.vocabulary = tuple(dict.fromkeys([*words, *ends]))  # in order of appearance
        self._known = {word: word for word in self.vocabulary}
        self.tables: list[Counter[Gram]] = [Counter() for _ in range(order)]
        for marked in map(self.marked, texts):
            for n, table in enumerate(self.tables, start=1):
                table.update(zip(*(marked[i:] for i in range(n)), strict=False))
        self.n_texts = self.tables[0].pop((START,))  # `<s>` is read, never predicted
        self.n_predicted = self.tables[0].total()
        self.lower_levels: dict[int, _Level] = {}  # filled by KneserNey, shared by its models

    def known(self, word: Token) -> Token:
        """The word itself if it is in the vocabulary, else what stands for unknown words."""
        found = self._known.get(word, self.unknown)
        if found is None:
            given = f"{word!r} is not among the {len(self._known)} words of the vocabulary"
            raise ValueError(f"{given}; count with unknown={UNKNOWN!r} to have one for all others")
        return found

    def marked(self, text: Sequence[Token]) -> Gram:
        """The text between `<s>` and `</s>`, its words mapped to the vocabulary."""
        if START in text or END in text:
            given = f"a text holds {START!r} or {END!r}, which are added here to mark its ends"
            raise ValueError(f"{given}; leave them out, or rename that token")
        return (START, *map(self.known, text), END)

    def __getitem__(self, gram: Gram) -> int:
        """How often the n-gram occurs; of the empty one, how many tokens there are to predict."""
        if gram == (START,):
            return self.n_texts
        return self._table(len(gram))[gram] if gram else self.n_predicted

    def continuations(self, n: int) -> Counter[Gram]:
        """How many different words were seen just before each n-gram of length n.

        Nothing precedes `<s>`, so n-grams that begin with it keep their plain count (Heafield et
        al. 2013, "adjusted counts").
        """
        different = Counter(gram[1:] for gram in self._table(n + 1))
        if n > 1:
            different.update({g: c for g, c in self._table(n).items() if g[0] == START})
        return different

    def _table(self, n: int) -> Counter[Gram]:
        if not 1 <= n <= self.order:
            given = f"n-grams of length {n} are needed, but 1 to {self.order} were counted"
            raise ValueError(f"{given}; count again with order={n}")
        return self.tables[n - 1]


class NGram(ABC):
    """A language model that looks at the last `order - 1` tokens.

    Args:
        counts: of the training texts.
        order: 1 to `counts.order`. None: `counts.order`.
    """

    def __init__(self, counts: Counts, order: int | None = None) -> None:
        self.counts = counts
        self.order = counts.order if order is None else order
        if not 1 <= self.order <= counts.order:
            given = f"order={order}, but these counts hold n-grams of length 1 to {counts.order}"
            raise ValueError(f"{given}; choose one of those, or count again")

    @abstractmethod
    def _weigh(self, words: Iterable[Token], context: Gram) -> list[float]:
        """Probability of each word, for a context already cut and mapped to the vocabulary."""

    def _cut(self, context: Sequence[Token]) -> Gram:
        if END in context:
            raise ValueError(f"the context {context!r} holds {END!r}, and nothing follows the end")
        recent = tuple(context)[max(0, len(context) - self.order + 1) :]
        return tuple(w if w == START else self.counts.known(w) for w in recent)

    def probability(self, word: Token, context: Sequence[Token] = ()) -> float:
        """P(word | context), the context being the words just before it, oldest first.

        A context that starts the text begins with `<s>`.

        Raises:
            ValueError: for `<s>`, which is never predicted, and for an unknown word if the
                vocabulary has nothing to stand for it.
        """
        if word == START:
            raise ValueError(f"{START!r} opens a text and is never predicted; ask for a word")
        return self._weigh([self.counts.known(word)], self._cut(context))[0]

    def distribution(self, context: Sequence[Token] = ()) -> dict[Token, float]:
        """P(word | context) for every word of the vocabulary; the values sum to 1.

        Raises:
            ValueError: for maximum likelihood, where the context was never seen.
        """
        chances = self._weigh(self.counts.vocabulary, self._cut(context))
        if not any(chances):
            given = f"the context {tuple(context)!r} was never seen, so counts say nothing here"
            raise ValueError(f"{given}; shorten the context, or smooth the counts")
        return dict(zip(self.counts.vocabulary, chances, strict=True))

    def token_log_probabilities(self, sequence: Sequence[Token]) -> list[float]:
        """Natural logs, one for each token and one for the end; -inf where the model says never."""
        text = self.counts.marked(sequence)
        starts = [max(0, i - self.order + 1) for i in range(len(text))]
        chances = [self._weigh([text[i]], text[starts[i] : i])[0] for i in range(1, len(text))]
        return [math.log(p) if p > 0 else -math.inf for p in chances]

    def log_probability(self, sequence: Sequence[Token]) -> float:
        """Natural log of the probability of the whole sequence, its end included."""
        return sum(self.token_log_probabilities(sequence))

    def bits_per_token(self, sequences: Iterable[Sequence[Token]]) -> float:
        """Cross-entropy in bits a token; the end of each sequence counts as a token."""
        logs = [p for text in sequences for p in self.token_log_probabilities(text)]
        if not logs:
            raise ValueError("there is no text to score; give at least one sequence")
        return -sum(logs) / len(logs) / math.log(2)

    def sample(
        self, generator: torch.Generator, *, max_tokens: int = 50, prefix: Sequence[Token] = ()
    ) -> list[Token]:
        """Writes on from the prefix, word after word, until the text ends or is long enough.

        Returns:
            the new tokens, without the prefix and without `</s>`; at most `max_tokens`.
        """
        text: list[Token] = [START, *prefix]
        while len(text) <= len(prefix) + max_tokens:
            chances = torch.tensor(list(self.distribution(text).values()), dtype=torch.float64)
            chosen = int(torch.multinomial(chances, 1, generator=generator))
            text.append(self.counts.vocabulary[chosen])
            if text[-1] == END:
                return text[1 + len(prefix) : -1]
        return text[1 + len(prefix) :]


class AddK(NGram):
    """Pretend that every word was seen k more times after every context (k = 1: Laplace).

    P(w | h) = (c(h w) + k) / (c(h) + k V), where V is the size of the vocabulary.

    >>> AddK(Counts(["ab", "aa"], 2), k=1.0).probability("b", ["a"])  # (1 + 1) / (3 + 1 * 4)
    0.2857142857142857
    """

    def __init__(self, counts: Counts, order: int | None = None, *, k: float) -> None:
        super().__init__(counts, order)
        if not 0 <= k < math.inf:
            raise ValueError(f"k={k} cannot be added to counts; choose a number from 0 up")
        self.k = k

    def _weigh(self, words: Iterable[Token], context: Gram) -> list[float]:
        seen = self.counts.tables[len(context)]
        total = self.counts[context] + self.k * len(self.counts.vocabulary)
        return [(seen.get((*context, word), 0) + self.k) / (total or 1) for word in words]


class MaximumLikelihood(AddK):
    """The bare counts: P(w | h) = c(h w) / c(h).

    After a context that was never seen this is 0 / 0. `distribution` then refuses; a text that
    leads there gets probability 0.
    """

    def __init__(self, counts: Counts, order: int | None = None) -> None:
        super().__init__(counts, order, k=0)


class _Level(NamedTuple):
    """One order of a Kneser-Ney model."""

    counts: Counter[Gram]
    discounts: tuple[float, ...]  # taken from a count of 0, 1, 2, 3 or more
    total: dict[Gram, int]  # by context: the sum of its counts
    free: dict[Gram, float]  # by context: the share of probability that discounting sets free


class KneserNey(NGram):
    """Interpolated modified Kneser-Ney smoothing (Chen & Goodman 1999).

    At every order a discount is taken from each count, and what this sets free is shared out by
    the next lower order; below single words lies the uniform distribution over the vocabulary.
    The longest order counts occurrences. The lower ones count in how many different contexts an
    n-gram was seen, since they speak up where the longer context was of no help.

    Attributes:
        discounts: (D1, D2, D3+) for each order, from single words up.

    >>> model = KneserNey(Counts(["the cat sat".split(), "the dog sat".split()], 2))
    >>> round(sum(model.distribution(["a", "word", "never", "seen"]).values()), 12)
    1.0
    """

    def __init__(self, counts: Counts, order: int | None = None) -> None:
        super().__init__(counts, order)
        # Models of different orders on the same counts share their lower levels.
        for n in range(1, self.order):
            if n not in counts.lower_levels:
                counts.lower_levels[n] = _level(counts.continuations(n))
        top = _level(counts.tables[self.order - 1])
        self._levels = [*(counts.lower_levels[n] for n in range(1, self.order)), top]
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
