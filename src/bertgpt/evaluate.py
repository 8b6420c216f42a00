"""Scores, and how far to trust them."""

import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from scipy import stats

Item = TypeVar("Item")


class Interval(NamedTuple):
    """A number with the ends of its interval."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Similarity:
    """How well a model's similarities follow people's judgements."""

    rho: float  # Spearman's rank correlation over the pairs covered, -1 to 1
    interval: Interval  # bootstrap over pairs
    covered: int
    missing: int  # pairs with a word that the model does not know


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation of two lists, ties sharing their mean rank (Spearman 1904).

    >>> spearman([1, 2, 3, 4], [10, 20, 40, 30])
    0.8
    """
    if len(x) != len(y) or len(x) < 2:
        raise ValueError(
            f"got {len(x)} and {len(y)} values; give two lists of one length, 2 or more"
        )
    if len(set(x)) == 1 or len(set(y)) == 1:
        raise ValueError("all values of one list are equal, so ranks say nothing; give others")
    return round(float(stats.spearmanr(x, y).statistic), 12)


def bootstrap_interval(
    values: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    *,
    generator: torch.Generator,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Percentile interval of a statistic when the items are drawn again with replacement."""
    _check_level(level)
    if not values:
        raise ValueError("no values to draw from; give at least one")
    draws = torch.randint(len(values), (n, len(values)), generator=generator).tolist()
    found = torch.tensor([statistic([values[i] for i in row]) for row in draws]).double()
    ends = torch.nanquantile(found, torch.tensor([(1 - level) / 2, (1 + level) / 2]).double())
    return Interval(float(ends[0]), float(statistic(values)), float(ends[1]))


def bits_per_token(log_probs: Iterable[float]) -> float:
    """Mean surprise, in bits, of tokens whose probabilities' natural logarithms are given."""
    log_probs = list(log_probs)
    if not log_probs:
        raise ValueError("no token to score; give at least one log-probability")
    return -math.fsum(log_probs) / len(log_probs) / math.log(2)


def perplexity(bits: float) -> float:
    """The number of equally likely tokens that would surprise as much: 2 to the power of bits."""
    return 2.0**bits


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Mean over seeds with Student's t interval."""
    _check_level(level)
    if len(values) < 2:
        raise ValueError(f"got {len(values)} values; a spread needs 2 or more seeds")
    mean = math.fsum(values) / len(values)
    variance = math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1)) * math.sqrt(variance / len(values))
    return Interval(mean - half, mean, mean + half)


def accuracy(right: int, total: int, level: float = 0.95) -> Interval:
    """Share of right answers with Wilson's score interval (Wilson 1927)."""
    _check_level(level)
    if not 0 <= right <= total or total < 1:
        raise ValueError(
            f"{right} right of {total} cannot be; give 0 <= right <= total, total >= 1"
        )
    z = float(stats.norm.ppf((1 + level) / 2))
    share, shrink = right / total, 1 + z**2 / total
    centre = (share + z**2 / (2 * total)) / shrink
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)) / shrink
    return Interval(max(0.0, centre - half), share, min(1.0, centre + half))


def similarity_benchmark(
    pairs: Sequence[tuple[str, str, float]],
    similarity: Callable[[str, str], float],
    vocabulary: Container[str],
    *,
    generator: torch.Generator,
    n: int = 1000,
    level: float = 0.95,
) -> Similarity:
    """Correlate a model's similarities with people's judgements over the pairs it knows."""
    known = [(a, b, human) for a, b, human in pairs if a in vocabulary and b in vocabulary]
    if len(known) < 3:
        raise ValueError(
            f"only {len(known)} of {len(pairs)} pairs are in the vocabulary; "
            "3 or more are needed: train on more text or keep rarer words"
        )
    scores = [(similarity(a, b), human) for a, b, human in known]

    def rho(rows: Sequence[tuple[float, float]]) -> float:
        return float(stats.spearmanr(*zip(*rows, strict=True)).statistic)

    interval = bootstrap_interval(scores, rho, generator=generator, n=n, level=level)
    return Similarity(interval.mid, interval, len(known), len(pairs) - len(known))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level={level} must be between 0 and 1, such as 0.95")
