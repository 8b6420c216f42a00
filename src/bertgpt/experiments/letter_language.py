"""A language of three letters and at most five places, in which each text can be listed."""

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.config import SPECIAL_IDS, TransformerConfig

LETTERS, LONGEST = 3, 5
FIRST = 1 + max(SPECIAL_IDS)  # id of the first letter
SCALE = 0.9  # spread of the scores of pairs, in nats


class LetterLanguage(NamedTuple):
    """All texts by length, each with its exact probability given the length.

    A length of 1 to n has the probability 1 / n each. Given it, each pair of places adds a score
    that depends on its two letters, and log p is their sum, up to a constant. So each text has some
    probability, and each letter depends on all others.
    """

    texts: tuple[Tensor, ...]  # of length n at n - 1: (K^n, n), letters from 0
    probabilities: tuple[Tensor, ...]  # (K^n,) each, float64

    def joint(self, length: int) -> Tensor:
        """The probabilities of the texts of a length, one axis per place: (K, ..., K)."""
        n_letters = round(len(self.texts[length - 1]) ** (1 / length))
        return self.probabilities[length - 1].view([n_letters] * length)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Texts as ids with [CLS] and [SEP], padded on the right: (n, T + 2) int64."""
        chances = torch.cat(self.probabilities) / len(self.texts)
        drawn = torch.multinomial(chances, n, replacement=True, generator=generator)
        return self.padded()[drawn]

    def padded(self) -> Tensor:
        """All texts as ids, the shortest first, padded on the right: (N, T + 2) int64."""
        longest = len(self.texts) + 2
        rows = [as_ids(texts) for texts in self.texts]
        pad = SPECIAL_IDS.pad
        return torch.cat([F.pad(ids, (0, longest - ids.shape[1]), value=pad) for ids in rows])


def letter_language(
    seed: int, n_letters: int = LETTERS, longest: int = LONGEST, scale: float = SCALE
) -> LetterLanguage:
    """A language whose scores of pairs are drawn from a normal distribution."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(
        longest, longest, n_letters, n_letters, generator=generator, dtype=torch.float64
    )
    texts, probabilities = [], []
    for length in range(1, longest + 1):
        every = torch.tensor(list(product(range(n_letters), repeat=length)))  # (K^n, n)
        log_p = torch.zeros(len(every), dtype=torch.float64)
        for b in range(length):
            for a in range(b):
                log_p += scale * scores[a, b, every[:, a], every[:, b]]
        texts.append(every)
        probabilities.append(log_p.softmax(0))
    return LetterLanguage(tuple(texts), tuple(probabilities))


def as_ids(texts: Tensor) -> Tensor:
    """Texts of one length, (N, n) letters, as ids with [CLS] and [SEP]: (N, n + 2).

    >>> as_ids(torch.tensor([[0, 2]])).tolist()
    [[2, 5, 7, 3]]
    """
    ends = [torch.full((len(texts), 1), end) for end in (SPECIAL_IDS.cls, SPECIAL_IDS.sep)]
    return torch.cat([ends[0], FIRST + texts, ends[1]], dim=1)


def letter_config() -> TransformerConfig:
    """The config of both models of the language: 2 layers of width 32."""
    return TransformerConfig(
        vocab_size=FIRST + LETTERS, max_positions=LONGEST + 2, width=32, n_layers=2, n_heads=2
    )


# ---------------------------------------------------------------- exact answers from a joint


def entropy(p: Tensor) -> float:
    """Entropy of a distribution in nats, whatever its axes."""
    return -float(torch.xlogy(p, p).sum())


def one_gap_log_probs(joint: Tensor) -> Tensor:
    """Exact log p(x_t | all others), summed over the places t, of each text: (K, ..., K)."""
    found = torch.zeros_like(joint)
    for place in range(joint.ndim):
        found = found + (joint / joint.sum(place, keepdim=True)).log()
    return found


def total_correlation(joint: Tensor) -> float:
    """Sum of the entropies of the places minus the entropy of the text, in nats (Watanabe 1960).

    It is the divergence of the joint distribution from the product of its marginals, so it is the
    least that filling all places at once, each by itself, can be off.

    >>> total_correlation(torch.tensor([[0.5, 0.0], [0.0, 0.5]]))  # log 2: one bit
    0.6931...
    """
    alone = 0.0
    for place in range(joint.ndim):
        others = [axis for axis in range(joint.ndim) if axis != place]
        alone += entropy(joint.sum(others))
    return alone - entropy(joint)
