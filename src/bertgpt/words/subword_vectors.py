"""Skip-gram on the pieces of words: a word never seen gets a vector, too.

Model: Bojanowski, Grave, Joulin and Mikolov (2017), fastText.

Shapes: V words, G rows of n-grams, D dimension, M centres per step, C words to each side,
N negatives per step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.config import check_at_least
from bertgpt.words import training_pairs
from bertgpt.words.charngrams import char_ngrams, check_lengths, fnv1a
from bertgpt.words.checks import Sentences, check_loss, check_n, check_threshold

NEGATIVES_A_STEP = 256
MAX_CENTRES = 512  # of one step
# The most that one step may pull at a vector, on average over the text, in learning rates times
# pairs. Found by trial: at 10 the vectors of some texts of 2 to 10 words leave all bounds.
MAX_PULL = 5.0


@dataclass(frozen=True, kw_only=True)
class SubwordConfig:
    """Hyperparameters; the defaults suit a text of half a million words."""

    lengths: tuple[int, int] | None = (3, 6)  # of n-grams, marks counted; None: plain skip-gram
    buckets: int | None = 2**17  # rows that n-grams are hashed into; None: one row each, no hash
    dimension: int = 100  # D, at least 1
    window: int = 5  # C, at least 1
    negatives: int = 5  # k, how many a true pair is weighed against, at least 1
    epochs: int = 6  # passes over the text, at least 1
    min_count: int = 3  # rarer words have no row of their own; at least 1
    threshold: float = 1e-3  # of the thinning of frequent words, above 0
    rate: float = 0.05  # learning rate at the start, in (0, 1]; falls in a line to 0
    centres: int | None = None  # M, words per step; None: 512, fewer for a small vocabulary

    def __post_init__(self) -> None:
        check_at_least(1, self, "dimension", "window", "negatives", "epochs", "min_count")
        if self.centres is not None:
            check_at_least(1, self, "centres")
        check_threshold(self.threshold)
        if not 0 < self.rate <= 1:
            raise ValueError(f"rate={self.rate} must be above 0 and at most 1; 0.05 is usual")
        if self.buckets is not None and self.buckets < 1:
            raise ValueError(f"buckets={self.buckets} must be 1 or more, or None: one row each")
        if self.lengths is not None:
            check_lengths(*self.lengths)


class Step(NamedTuple):
    """Report of one step of training."""

    done: float  # fraction of all epochs, before the step
    loss: float  # nats for a true pair and its k negatives, before the step


class SubwordVectors:
    """Vectors of words, seen or not: the mean of the word's own vector and its n-grams' vectors.

    The definition (Bojanowski et al. 2017, section 3.2) scores a word and a context by the *sum* of
    the products of each piece's vector with the context's. The programs, fastText and gensim,
    divide by the number of pieces, and so do we: the direction stays, the length no longer grows
    with the word.

    `inputs` (V + G, D) holds the words' own rows, then the n-grams'; `contexts` (V, D) holds the
    vectors of words as neighbours.

    >>> config = SubwordConfig(dimension=4, window=1, min_count=1, buckets=None)
    >>> draws = torch.Generator().manual_seed(0)
    >>> model = SubwordVectors([["red", "ant"]], config, generator=draws)
    >>> model.vocab.words, model.rows("ants")
    (('ant', 'red'), [2, 3, 5])
    """

    def __init__(
        self, text: Sentences, config: SubwordConfig | None = None, *, generator: torch.Generator
    ) -> None:
        """Count the words, find their pieces, and give each piece a random vector.

        Args:
            text: sentences of words; no window reaches from one sentence into another.
            config: hyperparameters.
            generator: source of all randomness, now and in training.
        Raises:
            ValueError: if the text is empty or holds strings where lists of words are expected, no
                word is frequent enough, or the window is larger than the longest sentence.
        """
        self.config = config = config or SubwordConfig()
        self._generator = generator
        words = training_pairs.numbered(
            text, window=config.window, min_count=config.min_count, threshold=config.threshold
        )
        self.vocab, self._ids, self._sentence, self._keep, self._noise = words
        V = len(self.vocab)
        self._row: dict[str, int] = {}  # n-gram -> its row, where there is no hash
        if config.buckets is None:
            for word in self.vocab.words:
                for gram in self.ngrams(word):
                    self._row.setdefault(gram, V + len(self._row))
        self._pieces = [torch.tensor(self.rows(word)) for word in self.vocab.words]
        self._lengths = torch.tensor([len(rows) for rows in self._pieces])  # (V,)
        G, D = config.buckets or len(self._row), config.dimension
        self.inputs = torch.rand(V + G, D, generator=generator).sub_(0.5).div_(D)
        self.contexts = torch.zeros(V, D)
        self.centres = config.centres or self._centres_a_step()

    def _centres_a_step(self) -> int:
        """How many centres one step may hold: fewer for a small vocabulary.

        A step adds up what all its centres want. Where they are few different words, or many words
        share their pieces, they all pull at the same vectors and overshoot, each time further.
        """
        config = self.config
        share = torch.bincount(self._ids, self._keep) / self._keep.sum()  # (V,) of the centres
        pieces = torch.cat(self._pieces)
        of_row = torch.zeros(len(self.inputs))  # how many pieces of a centre are this row
        of_row.index_add_(0, pieces, share.repeat_interleave(self._lengths))
        starts = self._lengths.cumsum(0) - self._lengths
        of_word = F.embedding_bag(pieces, of_row[:, None], starts, mode="mean")[:, 0]  # (V,)
        k = config.negatives
        as_centre = (1 + k) * (share @ of_word)
        as_context = share @ (share + k * self._noise)
        pairs = (config.window + 1) * torch.maximum(as_centre, as_context).item()
        return min(MAX_CENTRES, max(1, int(MAX_PULL / (config.rate * pairs))))

    def ngrams(self, word: str) -> list[str]:
        """The n-grams of a word that the model looks at; none in plain skip-gram.

        Raises:
            ValueError: as for `char_ngrams`.
        """
        return [] if self.config.lengths is None else char_ngrams(word, *self.config.lengths)

    def rows(self, word: str) -> list[int]:
        """Where in `inputs` the pieces of a word are: its own row, if it has one, and its n-grams'.

        Raises:
            ValueError: if no piece of the word has a row.
        """
        V, grams = len(self.vocab), self.ngrams(word)
        rows = self.vocab.encode([word]) if word in self.vocab else []
        if self.config.buckets is None:
            rows += [self._row[gram] for gram in grams if gram in self._row]
        else:
            rows += [V + fnv1a(gram) % self.config.buckets for gram in grams]
        if not rows:
            raise ValueError(
                f"{word!r} is not among the {V} words of the vocabulary and none of its "
                f"{len(grams)} n-grams has a row; give a word that shares n-grams with the text"
            )
        return rows

    def vector(self, word: str) -> Tensor:
        """(D,) the vector of a word, in the vocabulary or not.

        Raises:
            ValueError: if no piece of the word has a row.
        """
        return self.inputs[self.rows(word)].mean(0)

    @property
    def vectors(self) -> Tensor:
        """(V, D) the vectors of the vocabulary."""
        return self._compose(torch.arange(len(self.vocab)))[0]

    def nearest(self, word: str, n: int = 10) -> list[tuple[str, float]]:
        """The n words of the vocabulary that have the highest cosine to a word, seen or not.

        Raises:
            ValueError: if no piece of the word has a row, or there are not n other words.
        """
        check_n(n, len(self.vocab) - (word in self.vocab))
        best, ids = F.cosine_similarity(self.vectors, self.vector(word)[None]).sort(descending=True)
        found = zip(self.vocab.decode(ids[: n + 1]), best.tolist(), strict=False)
        return [(other, cosine) for other, cosine in found if other != word][:n]

    def train(self) -> Iterator[Step]:
        """Train for all epochs by stochastic gradient descent.

        A pass in which the thinning leaves no word has no step.

        Yields:
            a report after each step.
        Raises:
            ValueError: as soon as the loss is far above its start: the steps were too large.
        """
        config, draw = self.config, self._generator
        for epoch in range(config.epochs):
            kept = torch.rand(len(self._keep), generator=draw) < self._keep
            ids, sentence = self._ids[kept], self._sentence[kept]
            radii = training_pairs.dynamic_windows(len(ids), config.window, generator=draw)
            near, mask = training_pairs.window_mask(radii, sentence, config.window)
            order = torch.randperm(len(ids), generator=draw)
            steps = order.split(self.centres) if len(order) else ()
            for number, now in enumerate(steps):
                done = (epoch + number / len(steps)) / config.epochs
                rate = config.rate * (1 - done)
                negatives = training_pairs.draw_negatives(
                    self._noise, (NEGATIVES_A_STEP,), generator=draw
                )
                loss = self.step(ids[now], ids[near[now]], mask[now], negatives, rate)
                remedy = f"take rate={config.rate:g} or centres={len(now)} lower"
                check_loss(loss, config.negatives, remedy)
                yield Step(done, loss)

    def step(
        self, centres: Tensor, contexts: Tensor, mask: Tensor, negatives: Tensor, rate: float
    ) -> float:
        """Change the vectors by one step, in place.

        The loss of a true pair with score s is -log sigmoid(s), that of a negative -log sigmoid(-s)
        (Mikolov et al. 2013b, eq. 4); their derivatives by s are sigmoid(s) - 1 and sigmoid(s). As
        in fastText's skip-gram, every piece takes the whole change of its word, not its share.

        Args:
            centres: (M,) word ids.
            contexts, mask: (M, 2C) word ids, and True where a neighbour counts.
            negatives: (N,) word ids; all centres share them, each weighs k / N for a true pair.
            rate: learning rate.
        Returns:
            nats for a true pair and its k negatives, before the change.
        """
        words, place = centres.unique(return_inverse=True)  # (U,), (M,)
        composed, pieces = self._compose(words)  # (U, D), (P,)
        h = composed[place]  # (M, D)
        near = self.contexts[contexts]  # (M, 2C, D)
        far = self.contexts[negatives]  # (N, D)
        weight = mask.sum(1, keepdim=True) * self.config.negatives / len(negatives)  # (M, 1)
        true = (near @ h[:, :, None])[..., 0]  # (M, 2C) scores
        false = h @ far.T  # (M, N) scores
        loss = (F.softplus(-true) * mask).sum() + (F.softplus(false) * weight).sum()
        dtrue = (true.sigmoid() - 1) * mask  # derivatives of the loss by each score
        dfalse = false.sigmoid() * weight
        dh = (dtrue[:, None] @ near)[:, 0] + dfalse @ far  # (M, D)
        dwords = torch.zeros_like(composed).index_add_(0, place, dh)  # (U, D)
        dpieces = dwords.repeat_interleave(self._lengths[words], 0)  # (P, D)
        dnear = (dtrue[:, :, None] * h[:, None]).flatten(0, 1)  # (2CM, D)
        self.inputs.index_add_(0, pieces, dpieces, alpha=-rate)
        self.contexts.index_add_(0, contexts.flatten(), dnear, alpha=-rate)
        self.contexts.index_add_(0, negatives, dfalse.T @ h, alpha=-rate)
        return loss.item() / max(1, int(mask.sum()))

    def _compose(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors of words (U, D), and the rows (P,) of all their pieces, end to end."""
        pieces = torch.cat([self._pieces[word] for word in words.tolist()])
        starts = self._lengths[words].cumsum(0) - self._lengths[words]
        return F.embedding_bag(pieces, self.inputs, starts, mode="mean"), pieces
