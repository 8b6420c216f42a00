"""Word vectors learned from neighbours: skip-gram and CBOW with negative sampling.

Models: Mikolov, Chen, Corrado and Dean (2013a).  Negative sampling, thinning of frequent words:
Mikolov, Sutskever, Chen, Corrado and Dean (2013b).

Shapes: V words, D dimension, B blocks a step, T centres a block, S = T + 2C words that the centres
of a block can see, N negatives a block.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.tokens.vocab import Vocab
from bertgpt.words import training_pairs

BLOCK = 16  # centres, T
BLOCKS_A_STEP = {"skip-gram": 16, "cbow": 64}  # at most
NEGATIVES_A_BLOCK = 16  # of skip-gram, whose centres have many pairs each; CBOW takes k
MAX_PULL = 3.5  # the most that one step may pull at one vector, in learning rates times pairs


@dataclass(frozen=True, kw_only=True)
class Word2VecConfig:
    """What can be chosen; the defaults suit a text of half a million words."""

    model: Literal["skip-gram", "cbow"] = "skip-gram"
    dimension: int = 100  # D, at least 1
    window: int = 5  # C, words to each side, at least 1
    negatives: int = 5  # k, at least 1
    epochs: int = 20  # passes over the text, at least 1
    min_count: int = 5  # rarer words are left out, at least 1
    threshold: float = 1e-3  # of the thinning of frequent words, above 0
    rate: float = 0.025  # learning rate at the start, above 0; falls in a line to rate_end
    rate_end: float = 1e-4

    def __post_init__(self) -> None:
        if self.model not in ("skip-gram", "cbow"):
            raise ValueError(f'model={self.model!r} is unknown; take "skip-gram" or "cbow"')
        for name in ("dimension", "window", "negatives", "epochs", "min_count"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        if not 0 <= self.rate_end <= self.rate or not 0 < self.rate <= 1:
            raise ValueError(
                f"rate={self.rate} and rate_end={self.rate_end} must satisfy "
                "0 <= rate_end <= rate <= 1 and rate > 0; 0.025 and 1e-4 are usual"
            )


class Progress(NamedTuple):
    """How far training has come."""

    words: int  # words read so far, thinned ones included
    total: int  # words to read in all epochs
    loss: float  # nats for one true pair and its k negatives, in the last step
    rate: float  # learning rate of the last step

    def __str__(self) -> str:
        share = self.words / self.total
        return f"{share:6.1%} of {self.total:,} words   loss {self.loss:.3f}   rate {self.rate:.4f}"


def update(
    inputs: Tensor,
    outputs: Tensor,
    in_ids: Tensor,
    out_ids: Tensor,
    weight: Tensor,
    label: Tensor,
    rate: float,
    near: Tensor | None = None,
) -> Tensor:
    """Change the vectors by one step of stochastic gradient descent, in place.

    The loss of one score s = h . y is -log sigmoid(s) for a true pair and -log sigmoid(-s) for a
    negative (Mikolov et al. 2013b, eq. 4); its derivative by s is sigmoid(s) - label.

    Args:
        inputs, outputs: (V, D) the two vectors of each word.
        in_ids: (B, T) centres; (B, S) for CBOW.
        out_ids: (B, K) words to be told from negatives, then the negatives.  For CBOW (B, T + N):
            the word in the middle of each window, scored with this window alone, so that K is
            1 + N, then negatives for all windows.
        weight: (B, T, K) how often each pair counts; 0 where the two do not meet.
        label: (T, K) 1 for true pairs, 0 for negatives.
        rate: learning rate.
        near: (B, T, S) for CBOW, 1 where an input row belongs to the window of a centre.  A window
            is the mean of its words; each word takes the window's whole change, not its share
            of it, as the authors' program and gensim do.
    Returns:
        (B, T, K) label - sigmoid(score), before the change.
    """
    x = F.embedding(in_ids, inputs)  # (B, T, D); (B, S, D) for CBOW
    y = F.embedding(out_ids, outputs)  # (B, K, D); (B, T + N, D) for CBOW
    if near is None:
        scores = torch.bmm(x, y.transpose(1, 2))  # (B, T, K)
    else:
        T = near.shape[1]
        middle, negative = y[:, :T], y[:, T:]  # (B, T, D), (B, N, D)
        h = torch.bmm(near, x).div_(near.sum(-1, keepdim=True).clamp_(min=1))  # (B, T, D)
        true, false = (h * middle).sum(-1, keepdim=True), torch.bmm(h, negative.transpose(1, 2))
        scores = torch.cat((true, false), dim=-1)  # (B, T, K), K = 1 + N
    error = scores.sigmoid_().neg_().add_(label)  # (B, T, K)
    step = (error * weight).mul_(rate)  # (B, T, K)
    if near is None:
        dx, dy = torch.bmm(step, y), torch.bmm(step.transpose(1, 2), x)  # as x and y
    else:
        one, rest = step[..., :1], step[..., 1:]  # (B, T, 1), (B, T, N)
        dh = torch.bmm(rest, negative).addcmul_(one, middle)  # (B, T, D)
        dx = torch.bmm(near.transpose(1, 2), dh)  # (B, S, D)
        dy = torch.cat((h * one, torch.bmm(rest.transpose(1, 2), h)), dim=1)  # (B, T + N, D)
    D = inputs.shape[1]
    inputs.index_add_(0, in_ids.flatten(), dx.view(-1, D))
    outputs.index_add_(0, out_ids.flatten(), dy.view(-1, D))
    return error


class Word2Vec:
    """Two vectors for each word of a text, and the training that makes them useful.

    `vectors` (V, D) are the word vectors; `contexts` (V, D) the vectors of words as neighbours.
    Training may stop at any report and go on later, with the same result as in one go.

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
        sentences: Iterable[Iterable[str]],
        config: Word2VecConfig | None = None,
        *,
        generator: torch.Generator,
    ) -> None:
        """Count the words and give each a random vector.

        Args:
            sentences: words; no window reaches from one sentence into another.
            config: what can be chosen.
            generator: source of all randomness, now and in training.
        Raises:
            ValueError: if the text is empty, no word is frequent enough, or the window is larger
                than the longest sentence.
        """
        self.config = config = config or Word2VecConfig()
        words = [list(sentence) for sentence in sentences]
        training_pairs.flatten(
            [range(len(sentence)) for sentence in words]
        )  # an empty text ends here
        self.vocab = Vocab.from_sentences(words, min_count=config.min_count, specials=())
        self._ids, self._sentence = training_pairs.flatten(
            [self.vocab.encode(w for w in sentence if w in self.vocab) for sentence in words]
        )
        training_pairs.check_window(config.window, self._sentence)
        counts = torch.tensor(self.vocab.counts)
        self._keep = training_pairs.keep_probability(counts, config.threshold)[self._ids]  # (n,)
        self._noise = training_pairs.noise_distribution(counts)
        # A step adds up what all its centres want. A word so frequent that it meets many of them
        # would overshoot, so a small vocabulary gets small steps.  Skip-gram adds up all the pairs
        # of a window; in CBOW a word is in as many windows, but only a part of each one's mean.
        share = torch.bincount(self._ids, self._keep) / self._keep.sum()
        k = config.negatives
        pairs = torch.maximum((1 + k) * share, share + k * self._noise).max().item()
        pairs *= config.window + 1 if config.model == "skip-gram" else 1
        limit = int(MAX_PULL / (config.rate * BLOCK * pairs))
        self._step_size = min(max(1, limit), BLOCKS_A_STEP[config.model])  # in blocks
        self._shared = NEGATIVES_A_BLOCK if config.model == "skip-gram" else k  # N
        V, D = len(self.vocab), config.dimension
        self.vectors = (torch.rand(V, D, generator=generator) - 0.5) / D
        self.contexts = torch.zeros(V, D)
        self._seeds = torch.randint(2**62, (config.epochs,), generator=generator).tolist()
        self._epoch = self._step = 0
        self._near, self._weight, self._label = self._tables()

    def train(self, reports: int = 100) -> Iterator[Progress]:
        """Train to the end of the last epoch, from wherever training stopped before.

        A second thread draws the blocks of the next epoch meanwhile; it ends when training ends, or
        when the iterator is closed.  Each epoch has its own seed, so this changes no result.

        Args:
            reports: how many times to report in all epochs, at least 1.
        Yields:
            how far training has come.
        """
        config, total = self.config, len(self._ids) * self.config.epochs
        with ThreadPoolExecutor(1) as pool:  # draws the next pass while this one trains
            passes = (pool.submit(self._blocks, e) for e in range(self._epoch, config.epochs))
            ahead = next(passes, None)
            while ahead:
                in_ids, out_ids, code = ahead.result()
                ahead = next(passes, None)
                steps = len(code) // self._step_size
                every = max(1, config.epochs * steps // max(1, reports))
                while self._step < steps:
                    now = slice(self._step * self._step_size, (self._step + 1) * self._step_size)
                    done = (self._epoch + self._step / steps) / config.epochs
                    rate = config.rate + (config.rate_end - config.rate) * done
                    weight = F.embedding(code[now], self._weight)  # (B, T, K)
                    near = F.embedding(code[now], self._near) if config.model == "cbow" else None
                    given = (in_ids[now], out_ids[now], weight, self._label, rate, near)
                    error = update(self.vectors, self.contexts, *given)
                    self._step += 1
                    number = self._epoch * steps + self._step
                    if number % every == 0 or number == config.epochs * steps:
                        surprise = -(weight * torch.log1p(-error.abs().clamp(max=1 - 1e-7))).sum()
                        loss = surprise / (weight * self._label).sum().clamp(min=1)
                        words = round((self._epoch + self._step / steps) * len(self._ids))
                        yield Progress(words, total, loss.item(), rate)
                self._epoch, self._step = self._epoch + 1, 0

    def _blocks(self, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        """One pass over the text: thin it, draw windows and negatives, cut it, shuffle the pieces.

        Returns input ids and output ids of each block, as `update` wants them, and a code (T) for
        each centre: its place in the block and how far it sees to the left and to the right.
        """
        generator = torch.Generator().manual_seed(self._seeds[epoch])
        C, T = self.config.window, BLOCK
        kept = torch.rand(len(self._ids), generator=generator) < self._keep
        ids, sentence = self._ids[kept], self._sentence[kept]
        n, place = len(ids), torch.arange(len(ids))
        radii = training_pairs.dynamic_windows(n, C, generator=generator)
        left = torch.minimum(radii, place - torch.searchsorted(sentence, sentence))
        right = torch.minimum(radii, torch.searchsorted(sentence, sentence, right=True) - 1 - place)
        code = (place % T * (C + 1) + left) * (C + 1) + right
        whole = T * self._step_size
        tail = max(1, -(-n // whole)) * whole - n  # code 0 pairs with nothing
        seen = F.pad(ids, (C, tail + C)).unfold(0, T + 2 * C, T)
        centres = F.pad(ids, (0, tail)).view(-1, T)
        shape = (len(centres), self._shared)
        negatives = training_pairs.draw_negatives(self._noise, shape, generator=generator)
        # A text repeats its words in bursts; shuffled, one step does not meet a burst all at once.
        order = torch.randperm(len(centres), generator=generator)
        if self.config.model == "cbow":
            seen, centres = centres, seen
        out_ids = torch.cat((seen, negatives), dim=1)
        return centres[order], out_ids[order], F.pad(code, (0, tail)).view(-1, T)[order]

    def _tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """For each code: which of the S words are near, weights of its pairs; labels of a block."""
        C, T, N = self.config.window, BLOCK, self._shared
        far = torch.arange(C + 1)
        place, left, right = torch.meshgrid(torch.arange(T), far, far, indexing="ij")
        gap = torch.arange(T + 2 * C) - C - place.reshape(-1, 1)  # (codes, S)
        near = (gap >= -left.reshape(-1, 1)) & (gap <= right.reshape(-1, 1)) & (gap != 0)
        pairs = near.sum(1, keepdim=True).float()
        true, scored = near.float(), torch.ones(T, T + 2 * C)
        if self.config.model == "cbow":  # one score a window: the mean of its words with the centre
            true = pairs = pairs.clamp(max=1)
            scored = torch.ones(T, 1)
        # The N negatives of a block are shared by its centres; weighted, they count as k a pair.
        negative = (pairs * self.config.negatives / N).expand(-1, N)
        label = torch.cat((scored, torch.zeros(T, N)), dim=1)
        return near.float(), torch.cat((true, negative), dim=1), label

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the angle between two words' vectors, -1 to 1."""
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
            ValueError: for an unknown word (close matches are named) or an impossible `n`.
        """
        given = self.vocab.encode([words] if isinstance(words, str) else words)
        target = F.normalize(self.vectors[given]).sum(0)
        return self._nearest(target, n, given if discard_query else [])

    def analogy(
        self, a: str, b: str, c: str, n: int = 1, *, discard_query: bool = True
    ) -> list[tuple[str, float]]:
        """What is to `c` as `b` is to `a`: words nearest to b - a + c (Mikolov et al. 2013a, 4).

        Arguments, result and errors as in `most_similar`.
        """
        given = self.vocab.encode([a, b, c])
        u, v, w = F.normalize(self.vectors[given])
        return self._nearest(v - u + w, n, given if discard_query else [])

    def rank(self, a: str, b: str) -> int:
        """The place of `b` among the neighbours of `a`, 1 for the nearest."""
        i, j = self.vocab.encode([a, b])
        cosines = self._cosines(self.vectors[i], [i])
        return 1 + int((cosines > cosines[j]).sum())

    def _cosines(self, target: Tensor, without: Sequence[int]) -> Tensor:
        cosines = F.normalize(self.vectors) @ F.normalize(target, dim=0)  # (V,)
        cosines[list(without)] = -2.0
        return cosines

    def _nearest(self, target: Tensor, n: int, without: list[int]) -> list[tuple[str, float]]:
        left = len(self.vocab) - len(set(without))
        if not 1 <= n <= left:
            raise ValueError(f"n={n} must be 1 to {left}, the number of words to choose from")
        best = self._cosines(target, without).topk(n)
        words = self.vocab.decode(best.indices.tolist())
        return list(zip(words, best.values.tolist(), strict=True))
