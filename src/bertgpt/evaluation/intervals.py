"""How far to trust a number: intervals over seeds, over test items, and for counts."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import torch
from scipy import stats

Item = TypeVar("Item")


class Interval(NamedTuple):
    """A number, and the ends of the interval around it."""

    low: float
    mid: float
    high: float

    def text(
        self,
        digits: int = 2,
        within: tuple[float, float] = (-math.inf, math.inf),
        signed: bool = False,
    ) -> str:
        """The one form in which the book prints an interval: ``0.61 (0.58 to 0.64)``.

        Args:
            digits: after the decimal point.
            within: the values that are possible, such as (0, 1) for an accuracy; a t interval
                can reach beyond them, and is cut off there.
            signed: write the plus of positive numbers, for a difference.

        >>> Interval(0.918, 0.97, 1.022).text(within=(0, 1))
        '0.97 (0.92 to 1.00)'
        >>> Interval(-0.012, 0.02, 0.052).text(3, signed=True)
        '+0.020 (-0.012 to +0.052)'
        """
        form = f"{'+' if signed else ''}.{digits}f"
        low, high = max(self.low, within[0]), min(self.high, within[1])
        return f"{self.mid:{form}} ({low:{form}} to {high:{form}})"


def bootstrap_interval(
    values: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    *,
    generator: torch.Generator,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Percentile interval of a statistic over items drawn again with replacement (Efron 1979).

    Args:
        values: the items: numbers, or pairs of numbers, ...
        statistic: the number to compute from items; nan where it has no value is passed over.
        generator: a source of randomness on the CPU.
        n: how many times to draw, 1 or more.
        level: fraction of the draws inside the interval, between 0 and 1.
    Returns:
        low, the statistic of `values` itself, high.
    Raises:
        ValueError: without items, without draws, or for another level.
    """
    _check_level(level)
    if not values or n < 1:
        raise ValueError(f"{len(values)} values drawn n={n} times; give at least one of each")
    rows = torch.randint(len(values), (n, len(values)), generator=generator).tolist()
    drawn = torch.tensor([statistic([values[i] for i in row]) for row in rows], dtype=torch.double)
    low, high = torch.nanquantile(drawn, drawn.new_tensor([0.5 - level / 2, 0.5 + level / 2]))
    return Interval(low.item(), statistic(values), high.item())


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Mean over seeds, with Student's t interval (Student 1908).

    Raises:
        ValueError: for fewer than two values, or a level outside 0 to 1.
    """
    _check_level(level)
    if len(values) < 2:
        raise ValueError(f"got {len(values)} values; a spread needs 2 or more, one for each seed")
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    half = stats.t.ppf(0.5 + level / 2, len(values) - 1) * deviation / math.sqrt(len(values))
    return Interval(float(mean - half), mean, float(mean + half))


def accuracy(right: int, total: int, level: float = 0.95) -> Interval:
    """Fraction of correct answers, with Wilson's score interval (Wilson 1927).

    Raises:
        ValueError: if these counts cannot be, or for a level outside 0 to 1.
    """
    _check_level(level)
    if not 0 <= right <= total or total < 1:
        raise ValueError(f"{right} right of {total} cannot be; give 0 <= right <= total, 1 or more")
    share = right / total
    interval = stats.binomtest(right, total).proportion_ci(level, method="wilson")
    return Interval(float(interval.low), share, float(interval.high))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level={level} must be between 0 and 1; 0.95 is usual")
