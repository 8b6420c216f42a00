"""N-grams of any order over any tokens: counts, maximum likelihood, add-k.

A sequence (a sentence, a story, an article's characters) is read as `<s> w1 w2 ... wT </s>`. Its
words and the closing `</s>` are predicted, `<s>` is only ever read. The probability of a word given
the words before it is cut to the last `order - 1` of them, and never reaches back beyond `<s>`.

Each model is a probability distribution in every context: over the whole vocabulary it sums to 1.
Only maximum likelihood has none in a context that it never saw, and says so. Modified Kneser-Ney
smoothing is in `bertgpt.words.kneser_ney`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import torch

Token = Hashable
Gram = tuple[Token, ...]

START, END, UNKNOWN = "<s>", "</s>", "<unk>"


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
        _check_texts(sequences)
        texts = [tuple(text) for text in sequences]
        if not any(texts):
            raise ValueError(f"the {len(texts)} texts hold no token; give at least one that does")
        longest = max(map(len, texts)) + 2
        if order > longest:
            given = f"order={order} is longer than the longest text with its start and end"
            raise ValueError(f"{given}, {longest} tokens; choose an order up to {longest}")
        known = [w for text in texts for w in text] if vocabulary is None else [*vocabulary]
        ends = [END] if unknown is None else [unknown, END]
        self.of_words = any(isinstance(w, str) and len(w) > 1 for w in known)
        self.order, self.unknown = order, unknown
        self.vocabulary = tuple(dict.fromkeys([*known, *ends]))  # in order of appearance
        self._known = {word: word for word in self.vocabulary}
        self.tables: list[Counter[Gram]] = [Counter() for _ in range(order)]
        for marked in map(self.marked, texts):
            for n, table in enumerate(self.tables, start=1):
                table.update(zip(*(marked[i:] for i in range(n)), strict=False))
        self.n_texts = self.tables[0].pop((START,))  # `<s>` is read, never predicted
        self.n_predicted = self.tables[0].total()

    def check_tokens(self, tokens: Sequence[Token]) -> None:
        """Raise ValueError for a string, read letter by letter, where words were counted."""
        if self.of_words and isinstance(tokens, str):
            given = f"{tokens[:40]!r} is a string, and these counts are of words"
            raise ValueError(f"{given}; give a list of words: text.split()")

    def known(self, word: Token) -> Token:
        """The word itself if it is in the vocabulary, else what stands for unknown words.

        Raises:
            ValueError: for an unknown word, if the vocabulary has nothing to stand for it.
        """
        found = self._known.get(word, self.unknown)
        if found is None:
            given = f"{word!r} is not among the {len(self._known)} words of the vocabulary"
            raise ValueError(f"{given}; count with unknown={UNKNOWN!r} to have one for all others")
        return found

    def marked(self, text: Sequence[Token]) -> Gram:
        """The text between `<s>` and `</s>`, its words mapped to the vocabulary.

        Raises:
            ValueError: for a string where words were counted, a text that holds `<s>` or `</s>`,
                and an unknown word as for `known`.
        """
        self.check_tokens(text)
        if START in text or END in text:
            given = f"a text holds {START!r} or {END!r}, which are added here to mark its ends"
            raise ValueError(f"{given}; leave them out, or rename that token")
        return (START, *map(self.known, text), END)

    def __getitem__(self, gram: Gram) -> int:
        """How often the n-gram occurs; of the empty one, how many tokens there are to predict.

        Raises:
            ValueError: for one longer than those that were counted.
        """
        if gram == (START,):
            return self.n_texts
        return self._table(len(gram))[gram] if gram else self.n_predicted

    def continuations(self, n: int) -> Counter[Gram]:
        """How many different words were seen just before each n-gram of length n.

        Nothing precedes `<s>`, so n-grams that begin with it keep their plain count (Heafield et
        al. 2013, "adjusted counts").

        Raises:
            ValueError: if n-grams of length n + 1 were not counted.
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


def _check_texts(texts: object) -> None:
    if isinstance(texts, str):
        raise ValueError("that is one string; give [text], or [text.split()] for words")


class NGram(ABC):
    """A language model that looks at the last `order - 1` tokens.

    Args:
        counts: of the training texts.
        order: 1 to `counts.order`. None: `counts.order`.
    Raises:
        ValueError: for anything but counts, or another order.
    """

    def __init__(self, counts: Counts, order: int | None = None) -> None:
        if not isinstance(counts, Counts):
            given = f"expected the counts of the training texts, got {type(counts).__name__}"
            raise ValueError(f"{given}; give Counts(texts, order)")
        self.counts = counts
        self.order = counts.order if order is None else order
        if not 1 <= self.order <= counts.order:
            given = f"order={order}, but these counts hold n-grams of length 1 to {counts.order}"
            raise ValueError(f"{given}; choose one of those, or count again")

    @abstractmethod
    def _weigh(self, words: Iterable[Token], context: Gram) -> list[float]:
        """Probability of each word, for a context already cut and mapped to the vocabulary."""

    def _cut(self, context: Sequence[Token]) -> Gram:
        self.counts.check_tokens(context)
        if END in context:
            raise ValueError(f"the context {context!r} holds {END!r}, and nothing follows the end")
        recent = tuple(context)[max(0, len(context) - self.order + 1) :]
        return tuple(w if w == START else self.counts.known(w) for w in recent)

    def probability(self, word: Token, context: Sequence[Token] = ()) -> float:
        """P(word | context), the context being the words just before it, oldest first.

        A context that starts the text begins with `<s>`.

        Raises:
            ValueError: for `<s>`, which is never predicted, for an unknown word if the
                vocabulary has nothing to stand for it, and for a context that is a string where
                words were counted or that holds `</s>`.
        """
        if word == START:
            raise ValueError(f"{START!r} opens a text and is never predicted; ask for a word")
        return self._weigh([self.counts.known(word)], self._cut(context))[0]

    def distribution(self, context: Sequence[Token] = ()) -> dict[Token, float]:
        """P(word | context) for every word of the vocabulary; the values sum to 1.

        Raises:
            ValueError: for maximum likelihood, where the context was never seen; for other
                contexts as `probability`.
        """
        chances = self._weigh(self.counts.vocabulary, self._cut(context))
        if not any(chances):
            given = f"the context {tuple(context)!r} was never seen, so counts say nothing here"
            raise ValueError(f"{given}; shorten the context, or smooth the counts")
        return dict(zip(self.counts.vocabulary, chances, strict=True))

    def token_log_probabilities(self, sequence: Sequence[Token]) -> list[float]:
        """Natural logs, one for each token and one for the end; -inf where the model says never.

        Raises:
            ValueError: as for `Counts.marked`.
        """
        text = self.counts.marked(sequence)
        starts = [max(0, i - self.order + 1) for i in range(len(text))]
        chances = [self._weigh([text[i]], text[starts[i] : i])[0] for i in range(1, len(text))]
        return [math.log(p) if p > 0 else -math.inf for p in chances]

    def log_probability(self, sequence: Sequence[Token]) -> float:
        """Natural log of the probability of the whole sequence, its end included.

        Raises:
            ValueError: as for `Counts.marked`.
        """
        return sum(self.token_log_probabilities(sequence))

    def bits_per_token(self, sequences: Iterable[Sequence[Token]]) -> float:
        """Cross-entropy in bits per token; the end of each sequence counts as a token.

        Raises:
            ValueError: for one string in place of several sequences, no sequence at all, and as
                for `Counts.marked`.
        """
        _check_texts(sequences)
        logs = [p for text in sequences for p in self.token_log_probabilities(text)]
        if not logs:
            raise ValueError("there is no text to score; give at least one sequence")
        return -sum(logs) / len(logs) / math.log(2)

    def sample(
        self, generator: torch.Generator, *, max_tokens: int = 50, prefix: Sequence[Token] = ()
    ) -> list[Token]:
        """Continue from the prefix, word after word, until the text ends or is long enough.

        Returns:
            the new tokens, without the prefix and without `</s>`; at most `max_tokens`.
        Raises:
            ValueError: for a prefix that is a string where words were counted, and as for
                `distribution`.
        """
        self.counts.check_tokens(prefix)
        text: list[Token] = [START, *prefix]
        while len(text) <= len(prefix) + max_tokens:
            chances = torch.tensor(list(self.distribution(text).values()), dtype=torch.float64)
            chosen = int(torch.multinomial(chances, 1, generator=generator))
            text.append(self.counts.vocabulary[chosen])
            if text[-1] == END:
                return text[1 + len(prefix) : -1]
        return text[1 + len(prefix) :]


class AddK(NGram):
    """Counts to which k is added for every word after every context (k = 1: Laplace).

    P(w | h) = (c(h w) + k) / (c(h) + k V), where V is the size of the vocabulary.

    Raises:
        ValueError: as for `NGram`, and for a k below 0 or without a bound.

    >>> model = AddK(Counts(["ab", "aa"], 2), k=1.0)
    >>> model.probability("b", ["a"])  # (1 + 1) / (3 + 1 * 4)
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
