"""A word as its pieces: character n-grams, their hash, and skip-gram on top of them.

Model: Bojanowski, Grave, Joulin and Mikolov (2017), fastText.

Shapes: V words, G rows of n-grams, D dimension, M centres a step, C words to each side,
N negatives a step.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.tokens.vocab import Vocab
from bertgpt.words import training_pairs

Sentences = Iterable[Iterable[str]]
NEGATIVES_A_STEP = 256


def char_ngrams(word: str, shortest: int = 3, longest: int = 6) -> list[str]:
    """The character n-grams of a word between boundary marks.

    Bojanowski et al. (2017), section 3.2: the word is written ``<word>``, so that a prefix and a
    suffix differ from the same letters inside a word. The paper speaks of a set; fastText and
    gensim count an n-gram that occurs twice ("ana" in "banana") twice, and so do we. The whole
    word, which the definition adds, is no n-gram here: `SubwordVectors` gives it a row of its own.

    Args:
        word: one word, at least one character.
        shortest, longest: characters of an n-gram, marks counted; 1 <= shortest <= longest.
    Returns:
        The n-grams by where they start, then by length. A mark alone is none.
    Raises:
        ValueError: if the word is empty or the range holds no length.

    >>> char_ngrams("ant", shortest=3, longest=4)
    ['<an', '<ant', 'ant', 'ant>', 'nt>']
    """
    if not word:
        raise ValueError("the word is empty; give at least one character")
    if not 1 <= shortest <= longest:
        raise ValueError(f"n-grams of {shortest} to {longest} characters: need 1 <= from <= to")
    marked = f"<{word}>"
    starts, lengths = range(len(marked)), range(shortest, longest + 1)
    spans = ((i, i + n) for i in starts for n in lengths if i + n <= len(marked))
    return [marked[i:j] for i, j in spans if j - i > 1 or 0 < i < len(marked) - 1]


def fnv1a(text: str) -> int:
    """The 32-bit hash of a text that fastText uses: FNV-1a over its UTF-8 bytes, taken as signed.

    FNV-1a proper takes bytes from 0 to 255. In fastText's program a byte above 127 is negative and
    flips the upper 24 bits too: the same hash for plain ASCII, another one for "é".

    >>> fnv1a("a") == (2166136261 ^ ord("a")) * 16777619 % 2**32
    True
    """
    state = 2166136261
    for byte in text.encode():
        state = (state ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619 & 0xFFFFFFFF
    return state


@dataclass(frozen=True, kw_only=True)
class SubwordConfig:
    """What can be chosen; the defaults suit a text of half a million words."""

    lengths: tuple[int, int] | None = (3, 6)  # of n-grams, marks counted; None: plain skip-gram
    buckets: int | None = 2**17  # rows that n-grams are hashed into; None: one row each, no hash
    dimension: int = 100  # D, at least 1
    window: int = 5  # C, at least 1
    negatives: int = 5  # k, how many a true pair is weighed against
    epochs: int = 6
    min_count: int = 3  # rarer words have no row of their own
    threshold: float = 1e-3  # of the thinning of frequent words, above 0
    rate: float = 0.05  # learning rate at the start; falls in a line to 0
    centres: int = 512  # M, words trained on in one step; fewer for a small vocabulary


class SubwordVectors:
    """Vectors of words, seen or not: the mean of the word's own vector and its n-grams' vectors.

    The definition (Bojanowski et al. 2017, section 3.2) scores a word and a context by the *sum* of
    the products of each piece's vector with the context's. The programs, fastText and gensim,
    divide by the number of pieces, and so do we: the direction stays, the length no longer grows
    with the word.

    `inputs` (V + G, D) holds the words' own rows, then the n-grams'; `contexts` (V, D) holds the
    vectors of words as neighbours.

    >>> config = SubwordConfig(dimension=4, window=1, min_count=1, buckets=None)
    >>> model = SubwordVectors([["red", "ant"]], config, generator=torch.Generator().manual_seed(0))
    >>> model.vocab.words, model.rows("ants")
    (('ant', 'red'), [2, 3, 5])
    """

    def __init__(
        self, text: Sentences, config: SubwordConfig | None = None, *, generator: torch.Generator
    ) -> None:
        """Count the words, find their pieces, and give each piece a random vector.

        Args:
            text: sentences of words; no window reaches from one sentence into another.
            config: what can be chosen.
            generator: source of all randomness, now and in training.
        Raises:
            ValueError: if the text is empty, no word is frequent enough, the window is larger than
                the longest sentence, or there is no bucket to hash into.
        """
        self.config, self._generator = config or SubwordConfig(), generator
        C, D, buckets = self.config.window, self.config.dimension, self.config.buckets
        if buckets is not None and buckets < 1:
            raise ValueError(f"buckets={buckets} must be 1 or more, or None: no hash, one row each")
        words = [list(sentence) for sentence in text]
        training_pairs.flatten(
            [range(len(sentence)) for sentence in words]
        )  # an empty text ends here
        self.vocab = Vocab.from_sentences(words, min_count=self.config.min_count, specials=())
        known = [self.vocab.encode(w for w in sentence if w in self.vocab) for sentence in words]
        self._ids, self._sentence = training_pairs.flatten(known)
        training_pairs.check_window(C, self._sentence)
        V, grams = len(self.vocab), (g for word in self.vocab.words for g in self.ngrams(word))
        self._row = {} if buckets else {g: V + i for i, g in enumerate(dict.fromkeys(grams))}
        self._pieces = [torch.tensor(self.rows(word)) for word in self.vocab.words]
        self._lengths = torch.tensor([len(rows) for rows in self._pieces])  # (V,)
        self.inputs = torch.rand(V + (buckets or len(self._row)), D, generator=generator)
        self.inputs.sub_(0.5).div_(D)
        self.contexts = torch.zeros(V, D)

    def ngrams(self, word: str) -> list[str]:
        """The n-grams of a word that the model looks at; none in plain skip-gram."""
        return [] if self.config.lengths is None else char_ngrams(word, *self.config.lengths)

    def rows(self, word: str) -> list[int]:
        """Where in `inputs` the pieces of a word are: its own row, if it has one, and its n-grams'.

        Raises:
            ValueError: if no piece of the word has a row.
        """
        V, grams, buckets = len(self.vocab), self.ngrams(word), self.config.buckets
        own = self.vocab.encode([word]) if word in self.vocab else []
        hashed = [V + fnv1a(gram) % buckets for gram in grams] if buckets else []
        rows = own + hashed + [self._row[gram] for gram in grams if gram in self._row]
        if not rows:
            raise ValueError(
                f"{word!r} is not among the {V} words of the vocabulary and none of its "
                f"{len(grams)} n-grams has a row; give a word that shares n-grams with the text"
            )
        return rows

    def vector(self, word: str) -> Tensor:
        """(D,) the vector of a word, in the vocabulary or not."""
        return self.inputs[self.rows(word)].mean(0)

    @property
    def vectors(self) -> Tensor:
        """(V, D) the vectors of the vocabulary."""
        return self._compose(torch.arange(len(self.vocab)))[0]

    def nearest(self, word: str, n: int = 10) -> list[tuple[str, float]]:
        """The n words of the vocabulary that have the highest cosine to a word, seen or not."""
        best, ids = F.cosine_similarity(self.vectors, self.vector(word)[None]).sort(descending=True)
        found = zip(self.vocab.decode(ids[: n + 1]), best.tolist(), strict=False)
        return [(other, cosine) for other, cosine in found if other != word][:n]

    def train(self) -> Iterator[tuple[float, float]]:
        """Train for all epochs by stochastic gradient descent.

        Yields:
            after each step, the share of all epochs that is done, and nats for a true pair and its
            k negatives.
        Raises:
            ValueError: if the steps were too large and the vectors left all bounds.
        """
        config, counts, draw = self.config, torch.tensor(self.vocab.counts), self._generator
        keep = training_pairs.keep_probability(counts, config.threshold)[self._ids]  # (n,)
        noise = training_pairs.noise_distribution(counts)
        for epoch in range(config.epochs):
            kept = torch.rand(len(keep), generator=draw) < keep
            ids, sentence = self._ids[kept], self._sentence[kept]
            radii = training_pairs.dynamic_windows(len(ids), config.window, generator=draw)
            near, mask = training_pairs.window_mask(radii, sentence, config.window)
            steps = torch.randperm(len(ids), generator=draw).split(config.centres)
            for number, now in enumerate(steps):
                done = (epoch + number / len(steps)) / config.epochs
                negatives = training_pairs.draw_negatives(
                    noise, (NEGATIVES_A_STEP,), generator=draw
                )
                rate = config.rate * (1 - done)
                loss = self.step(ids[now], ids[near[now]], mask[now], negatives, rate)
                if not math.isfinite(loss):
                    raise ValueError(
                        f"loss={loss}: rate={rate:g} or centres={len(now)} is too high"
                    )
                yield done, loss

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
        h, near, far = composed[place], self.contexts[contexts], self.contexts[negatives]
        weight = mask.sum(1, keepdim=True) * self.config.negatives / len(negatives)  # (M, 1)
        true, false = (near @ h[:, :, None])[..., 0], h @ far.T  # (M, 2C), (M, N)
        loss = (F.softplus(-true) * mask).sum() + (F.softplus(false) * weight).sum()
        true, false = (true.sigmoid() - 1) * mask, false.sigmoid() * weight
        dh = (true[:, None] @ near)[:, 0] + false @ far  # (M, D)
        dwords = torch.zeros_like(composed).index_add_(0, place, dh)  # (U, D)
        dpieces = dwords.repeat_interleave(self._lengths[words], 0)  # (P, D)
        dnear = (true[:, :, None] * h[:, None]).flatten(0, 1)  # (2CM, D)
        self.inputs.index_add_(0, pieces, dpieces, alpha=-rate)
        self.contexts.index_add_(0, contexts.flatten(), dnear, alpha=-rate)
        self.contexts.index_add_(0, negatives, false.T @ h, alpha=-rate)
        return loss.item() / max(1, int(mask.sum()))

    def _compose(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors of words (U, D), and the rows (P,) of all their pieces, end to end."""
        pieces = torch.cat([self._pieces[word] for word in words.tolist()])
        starts = self._lengths[words].cumsum(0) - self._lengths[words]
        return F.embedding_bag(pieces, self.inputs, starts, mode="mean"), pieces
