"""Sums on plain lists that several checkers need."""

import math
from collections.abc import Sequence

Row = Sequence[float]
Rows = list[list[float]]


def softmax(scores: Row) -> list[float]:
    """Positive numbers that sum to 1, in proportion to the exponentials of the scores.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    raised = [math.exp(score - max(scores)) for score in scores]
    return [x / sum(raised) for x in raised]


def times(rows: Rows, x: list[float]) -> list[float]:
    """A matrix, given by its rows, times a vector.

    >>> times([[1.0, 2.0], [0.0, 3.0]], [10.0, 1.0])
    [12.0, 3.0]
    """
    return [sum(a * b for a, b in zip(row, x, strict=True)) for row in rows]
