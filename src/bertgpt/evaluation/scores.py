"""Scores: rank correlation, bits per token, perplexity, agreement with human judgements."""

import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from scipy import stats

from bertgpt.evaluation.intervals import Interval, bootstrap_interval

Item = TypeVar("Item")


@dataclass(frozen=True)
class Similarity:
    """How well a model's similarities follow people's judgements."""

    rho: float  # Spearman's rank correlation over the pairs covered, -1 to 1
    interval: Interval  # from drawing the pairs again
    covered: int  # pairs
    missing: int  # pairs with a word that the model does not know


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation of two lists (Spearman 1904); equal values share their mean rank.

    Returns:
        -1 (opposite order) to 1 (same order).
    Raises:
        ValueError: if the lists differ in length, or one holds fewer than two different values, or
            nan.

    >>> round(spearman([1, 2, 3, 4], [10, 20, 40, 30]), 6)
    0.8
    """
    x, y = [float(value) for value in x], [float(value) for value in y]
    if n_nan := sum(map(math.isnan, [*x, *y])):
        raise ValueError(
            f"{n_nan} of {len(x) + len(y)} values are nan, which has no rank; leave out the pairs "
            "they are in"
        )
    if len(x) != len(y) or min(len(set(x)), len(set(y))) < 2:
        raise ValueError(
            f"got {len(x)} and {len(y)} values, {len(set(x))} and {len(set(y))} of them different; "
            "ranks need two lists of one length, each with 2 different values or more"
        )
    return float(stats.spearmanr(x, y).statistic)


def bits_per_token(log_probs: Iterable[float]) -> float:
    """Mean surprise of tokens, in bits.

    Args:
        log_probs: natural logarithm of each token's probability, at most 0; -inf for what a model
            holds impossible, and then the mean is infinite.
    Raises:
        ValueError: without tokens, or for a logarithm above 0 or nan.

    >>> bits_per_token([math.log(1 / 8), math.log(1 / 2)])
    2.0
    """
    log_probs = [float(value) for value in log_probs]
    wrong = [value for value in log_probs if not value <= 1e-9]
    if wrong or not log_probs:
        raise ValueError(
            f"{len(log_probs)} log-probabilities, {len(wrong)} of them above 0 or nan "
            f"{wrong[:1]}; give one or more natural logarithms of probabilities"
        )
    return -sum(log_probs) / len(log_probs) / math.log(2)


def perplexity(bits: float) -> float:
    """How many equally likely tokens surprise as much: 2 to the power of the bits per token."""
    return 2.0**bits


def similarity_benchmark(
    pairs: Sequence[tuple[str, str, float]],
    similarity: Callable[[str, str], float],
    vocabulary: Container[str],
    *,
    generator: torch.Generator,
    n: int = 1000,
    level: float = 0.95,
) -> Similarity:
    """Rank correlation of a model's similarities with people's, over the pairs that it knows.

    Args:
        pairs: (word, word, judgement), as `corpora.word_similarity` gives them.
        similarity: the model's similarity of two words.
        vocabulary: the words that the model knows; anything that answers `word in vocabulary`.
        generator, n, level: as for `bootstrap_interval`; the pairs are drawn.
    Raises:
        ValueError: if fewer than three pairs are known, or either side never differs or holds nan.
    """
    known = [pair for pair in pairs if pair[0] in vocabulary and pair[1] in vocabulary]
    if len(known) < 3:
        raise ValueError(
            f"the model knows both words of {len(known)} among {len(pairs)} pairs; 3 or more are "
            "needed: train on more text, or keep rarer words"
        )
    scores = [(float(similarity(a, b)), human) for a, b, human in known]

    def rho(rows: Sequence[tuple[float, float]]) -> float:
        x, y = zip(*rows, strict=True)
        return spearman(x, y) if len(set(x)) > 1 and len(set(y)) > 1 else math.nan

    spearman(*zip(*scores, strict=True))  # its message, if nothing differs
    interval = bootstrap_interval(scores, rho, generator=generator, n=n, level=level)
    return Similarity(interval.mid, interval, len(known), len(pairs) - len(known))
