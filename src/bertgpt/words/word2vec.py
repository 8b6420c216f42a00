"""Word vectors learned from neighbours: skip-gram and CBOW with negative sampling.

Models: Mikolov, Chen, Corrado and Dean (2013a). Negative sampling, thinning of frequent words:
Mikolov, Sutskever, Chen, Corrado and Dean (2013b).

`step` is all that is learned from one pair of words. `Word2Vec` takes many such steps at once, in
blocks (`bertgpt.words.word2vec_blocks`); tests hold the two equal.

Shapes: V words, D dimension, n words of the text, K words that a block is scored with.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.config import check_at_least
from bertgpt.words import training_pairs
from bertgpt.words.checks import Sentences, check_loss, check_n, check_threshold
from bertgpt.words.word2vec_blocks import BLOCK, Blocks, Pass, update_cbow, update_skip_gram

BLOCKS_A_STEP = {"skip-gram": 16, "cbow": 64}  # at most
MAX_PULL = 3.5  # the most that one step may pull at one vector, in learning rates times pairs


def step(x: Tensor, y: Tensor, label: float, rate: float) -> tuple[Tensor, Tensor]:
    """One step of skip-gram down the gradient of the loss of one pair.

    The loss is -log sigmoid(x . y) for a neighbour and -log sigmoid(-x . y) for a
    negative.

    Args:
        x: (D,) the vector of a word.
        y: (D,) the vector, as a neighbour, of another.
        label: 1 for a neighbour, 0 for a negative (Mikolov et al. 2013b, eq. 4).
        rate: learning rate.
    Returns:
        x and y after the step.
    """
    error = label - torch.sigmoid(x @ y)
    return x + rate * error * y, y + rate * error * x


@dataclass(frozen=True, kw_only=True)
class Word2VecConfig:
    """Hyperparameters; the defaults suit a text of half a million words."""

    model: Literal["skip-gram", "cbow"] = "skip-gram"
    dimension: int = 100  # D, at least 1
    window: int = 5  # C, words to each side, at least 1
    negatives: int = 5  # k, at least 1
    epochs: int = 20  # passes over the text, at least 1
    min_count: int = 5  # rarer words are left out, at least 1
    threshold: float = 1e-3  # of the thinning of frequent words, above 0
    rate: float = 0.025  # learning rate at the start, in (0, 1]; falls in a line to rate_end
    rate_end: float = 1e-4

    def __post_init__(self) -> None:
        if self.model not in ("skip-gram", "cbow"):
            raise ValueError(f'model={self.model!r} is unknown; take "skip-gram" or "cbow"')
        check_at_least(1, self, "dimension", "window", "negatives", "epochs", "min_count")
        check_threshold(self.threshold)
        if not 0 <= self.rate_end <= self.rate or not 0 < self.rate <= 1:
            raise ValueError(
                f"rate={self.rate} and rate_end={self.rate_end} must satisfy "
                "0 <= rate_end <= rate <= 1 and rate > 0; 0.025 and 1e-4 are usual"
            )


class Progress(NamedTuple):
    """Report of training so far."""

    words: int  # words read so far, thinned ones included
    total: int  # words to read in all epochs
    loss: float  # nats for one true pair and its k negatives, in the last step
    rate: float  # learning rate of the last step

    def __str__(self) -> str:
        share = self.words / self.total
        return f"{share:6.1%} of {self.total:,} words   loss {self.loss:.3f}   rate {self.rate:.4f}"


class Word2Vec:
    """Two vectors for each word of a text, and the training that makes them useful.

    `vectors` (V, D) are the word vectors; `contexts` (V, D) the vectors of words as neighbours.
    Training may stop at any report and continue later, with the same result as in one go.

    >>> text = [["a", "b"], ["c", "d"]] * 50
    >>> config = Word2VecConfig(dimension=8, window=1, epochs=3, threshold=1.0)
    >>> model = Word2Vec(text, config, generator=torch.Generator().manual_seed(0))
    >>> for progress in model.train():
    ...     pass
    >>> progress.words
    600
    """

    def __init__(
        self,
        sentences: Sentences,
        config: Word2VecConfig | None = None,
        *,
        generator: torch.Generator,
    ) -> None:
        """Count the words and give each a random vector.

        Args:
            sentences: words; no window reaches from one sentence into another.
            config: hyperparameters.
            generator: source of all randomness, now and in training.
        Raises:
            ValueError: if the text is empty or holds strings where lists of words are expected, no
                word is frequent enough, or the window is larger than the longest sentence.
        """
        self.config = config = config or Word2VecConfig()
        text = training_pairs.numbered(
            sentences,
            window=config.window,
            min_count=config.min_count,
            threshold=config.threshold,
        )
        self.vocab = text.vocab
        self.blocks = Blocks(
            text.ids,
            text.sentence,
            text.keep,
            text.noise,
            cbow=config.model == "cbow",
            window=config.window,
            negatives=config.negatives,
        )
        self._step_size = _step_size_for(config, self.blocks)
        V, D = len(self.vocab), config.dimension
        self.vectors = (torch.rand(V, D, generator=generator) - 0.5) / D
        self.contexts = torch.zeros(V, D)
        self._seeds = torch.randint(2**62, (config.epochs,), generator=generator).tolist()
        self._epoch = self._step = 0

    def train(self, reports: int = 100) -> Iterator[Progress]:
        """Train to the end of the last epoch, from wherever training stopped before.

        A second thread draws the blocks of the next epoch meanwhile; it ends when training ends, or
        when the iterator is closed. Each epoch has its own seed, so this changes no result.

        Args:
            reports: how many times to report in all epochs, at least 1.
        Yields:
            a report.
        Raises:
            ValueError: if the loss of a report is far above its start: the steps were too large.
        """
        config = self.config
        n_words = len(self.blocks.ids)
        with ThreadPoolExecutor(1) as pool:  # draws the next pass while this one trains
            passes = (pool.submit(self._draw, e) for e in range(self._epoch, config.epochs))
            ahead = next(passes, None)
            while ahead:
                drawn = ahead.result()
                ahead = next(passes, None)
                n_steps = len(drawn.code) // self._step_size
                every = max(1, config.epochs * n_steps // max(1, reports))
                while self._step < n_steps:
                    done = (self._epoch + self._step / n_steps) / config.epochs
                    rate = config.rate + (config.rate_end - config.rate) * done
                    error, weight = self._update(drawn, rate)
                    self._step += 1
                    number = self._epoch * n_steps + self._step
                    if number % every == 0 or number == config.epochs * n_steps:
                        loss = self._loss(error, weight)
                        check_loss(loss, config.negatives, f"take rate={config.rate} lower")
                        words = round((self._epoch + self._step / n_steps) * n_words)
                        yield Progress(words, n_words * config.epochs, loss, rate)
                self._epoch, self._step = self._epoch + 1, 0

    def _draw(self, epoch: int) -> Pass:
        return self.blocks.draw(self._seeds[epoch], self._step_size)

    def _update(self, drawn: Pass, rate: float) -> tuple[Tensor, Tensor]:
        """Take the next step of a pass; its errors and how often each pair counts, (B, M, K)."""
        now = slice(self._step * self._step_size, (self._step + 1) * self._step_size)
        in_ids, out_ids, code = drawn.in_ids[now], drawn.out_ids[now], drawn.code[now]
        weight = F.embedding(code, self.blocks.weight)  # (B, M, K)
        given = (self.vectors, self.contexts, in_ids, out_ids, weight, self.blocks.label, rate)
        if self.config.model == "skip-gram":
            return update_skip_gram(*given), weight
        return update_cbow(*given, F.embedding(code, self.blocks.near)), weight

    def _loss(self, error: Tensor, weight: Tensor) -> float:
        """Nats for one true pair and its negatives: an error e cost -log(1 - |e|)."""
        surprise = -(weight * torch.log1p(-error.abs().clamp(max=1 - 1e-7))).sum()
        n_true = (weight * self.blocks.label).sum().clamp(min=1)
        return (surprise / n_true).item()

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the angle between two words' vectors, -1 to 1.

        Raises:
            ValueError: for an unknown word (close matches are named).
        """
        u, v = self.vectors[self.vocab.encode([a, b])]
        return F.cosine_similarity(u, v, dim=0).item()

    def most_similar(
        self, words: str | Sequence[str], n: int = 10, *, discard_query: bool = True
    ) -> list[tuple[str, float]]:
        """The `n` words whose vectors point most nearly the same way.

        Args:
            words: one word, or several whose directions are added up.
            n: how many, at least 1.
            discard_query: leave the given words out of the answer, as most programs do.
        Returns:
            (word, cosine), the nearest first.
        Raises:
            ValueError: for no word, an unknown one (close matches are named) or an impossible
                `n`.
        """
        given = self.vocab.encode([words] if isinstance(words, str) else words)
        if not given:
            raise ValueError(f"words={words!r} holds no word to look around; give at least one")
        target = F.normalize(self.vectors[given]).sum(0)
        return self._nearest(target, n, given if discard_query else [])

    def analogy(
        self, a: str, b: str, c: str, n: int = 1, *, discard_query: bool = True
    ) -> list[tuple[str, float]]:
        """Words that are to `c` as `b` is to `a`: nearest to b - a + c (Mikolov et al. 2013a, 4).

        Arguments, result and errors as in `most_similar`.
        """
        given = self.vocab.encode([a, b, c])
        u, v, w = F.normalize(self.vectors[given])
        return self._nearest(v - u + w, n, given if discard_query else [])

    def rank(self, a: str, b: str) -> int:
        """The place of `b` among the neighbours of `a`, 1 for the nearest.

        Raises:
            ValueError: for an unknown word (close matches are named), or one word given twice.
        """
        if a == b:
            raise ValueError(
                f"a and b are both {a!r}, and a word is not among its own neighbours; give two "
                "different words"
            )
        i, j = self.vocab.encode([a, b])
        cosines = self._cosines(self.vectors[i], [i])
        return 1 + int((cosines > cosines[j]).sum())

    def _cosines(self, target: Tensor, without: Sequence[int]) -> Tensor:
        cosines = F.normalize(self.vectors) @ F.normalize(target, dim=0)  # (V,)
        cosines[list(without)] = -2.0
        return cosines

    def _nearest(self, target: Tensor, n: int, without: list[int]) -> list[tuple[str, float]]:
        check_n(n, len(self.vocab) - len(set(without)))
        best = self._cosines(target, without).topk(n)
        words = self.vocab.decode(best.indices.tolist())
        return list(zip(words, best.values.tolist(), strict=True))


def _step_size_for(config: Word2VecConfig, blocks: Blocks) -> int:
    """How many blocks one step holds: fewer for a small vocabulary.

    A step adds up what all its centres want. A word so frequent that it meets many of them would
    overshoot. Skip-gram adds up all the pairs of a window; in CBOW a word is in as many windows,
    but only a part of each one's mean.
    """
    share = torch.bincount(blocks.ids, blocks.keep) / blocks.keep.sum()  # (V,) of the centres
    k = config.negatives
    pairs = torch.maximum((1 + k) * share, share + k * blocks.noise).max().item()
    pairs *= config.window + 1 if config.model == "skip-gram" else 1
    limit = int(MAX_PULL / (config.rate * BLOCK * pairs))
    return min(max(1, limit), BLOCKS_A_STEP[config.model])
