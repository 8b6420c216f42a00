"""Checkers of the page on recurrence: the right answer passes, each slip is named."""

import math
from typing import Any


def times(rows: Any, x: Any) -> list[float]:
    return [sum(a * b for a, b in zip(row, x, strict=True)) for row in rows]


def turned(rows: Any) -> list[list[float]]:
    return [list(column) for column in zip(*rows, strict=True)]


def bent(*parts: list[float]) -> list[float]:
    return [math.tanh(sum(p)) for p in zip(*parts, strict=True)]


def next_state(x: Any, h: Any, W_x: Any, W_h: Any, b: Any) -> list[float]:
    return bent(times(W_x, x), times(W_h, h), b)


def slope(
    w: float, xs: Any, bend: Any = lambda h: 1 - h * h, carried: float = 1, weight: Any = None
) -> float:
    h = g = 0.0
    for x in xs:
        before, h = h, math.tanh(w * h + x)
        g = bend(h) * (before + (w if weight is None else weight) * carried * g)
    return g


def scaled(g: Any, factor: float) -> list[float]:
    return [factor * x for x in g]


def clip(g: Any, longest: float) -> list[float]:
    length = math.hypot(*g)
    return g if length <= longest else scaled(g, longest / length)


def energy(W: Any, s: Any) -> float:
    return -sum(W[i][j] * s[i] * s[j] for i in range(len(s)) for j in range(i))


def weights(patterns: Any, last: bool = True, by: float | None = None, turn: int = 1) -> Any:
    n = len(patterns[0])
    pairs = [
        (p, patterns[(k + turn) % len(patterns)])
        for k, p in enumerate(patterns)
        if last or k + 1 < len(patterns)
    ]
    return [[sum(b[i] * a[j] for a, b in pairs) / (by or n) for j in range(n)] for i in range(n)]


RIGHT: dict[str, Any] = {
    "elman_step": next_state,
    "slope_in_time": slope,
    "clip_norm": clip,
    "radius_for": lambda T, share: share ** (1 / T),
    "hopfield_energy": energy,
    "sequence_weights": weights,
}
WRONG: list[tuple[str, Any, str]] = [
    (
        "elman_step",
        lambda x, h, W, U, b: [math.atanh(y) for y in next_state(x, h, W, U, b)],
        "tanh",
    ),
    ("elman_step", lambda x, h, W, U, b: bent(times(W, x), times(U, h)), "bias"),
    ("elman_step", lambda x, h, W, U, b: bent(times(W, x), b), "old state"),
    ("elman_step", lambda x, h, W, U, b: bent(times(U, h), b), "What is read"),
    ("elman_step", lambda x, h, W, U, b: next_state(x, h, W, turned(U), b), "wrong way round"),
    (
        "elman_step",
        lambda x, h, W, U, b: [
            math.tanh(r) + k + c for r, k, c in zip(times(W, x), times(U, h), b, strict=True)
        ],
        "whole sum",
    ),
    ("slope_in_time", lambda w, xs: slope(w, xs, carried=0), "last step's own part"),
    ("slope_in_time", lambda w, xs: slope(w, xs, bend=lambda h: 1), "Each step goes through tanh"),
    ("slope_in_time", lambda w, xs: slope(w, xs, weight=1), "multiplied by w"),
    ("slope_in_time", lambda w, xs: slope(w, xs, bend=lambda h: 1 - h), "with the square"),
    ("clip_norm", lambda g, n: [max(-n, min(n, x)) for x in g], "each number by itself"),
    ("clip_norm", lambda g, n: scaled(g, n / math.hypot(*g)), "stays as it is"),
    ("clip_norm", lambda g, n: scaled(g, min(1, n / sum(map(abs, g)))), "sum of squares"),
    ("clip_norm", lambda g, n: scaled(g, min(1, n / math.hypot(*g) ** 2)), "its root"),
    ("clip_norm", lambda g, n: scaled(g, min(1, 1 / math.hypot(*g))), "not 1"),
    ("clip_norm", lambda g, n: scaled(g, min(1, n / math.hypot(*g))), "division by zero"),
    ("radius_for", lambda T, share: share / T, "power T"),
    ("radius_for", lambda T, share: share**T, "the one step"),
    ("radius_for", lambda T, share: share ** (-1 / T), "Upside down"),
    ("radius_for", lambda T, share: math.log(share) / T, "logarithm"),
    ("radius_for", lambda T, share: 1 - (1 - share) / T, "straight line"),
    ("hopfield_energy", lambda W, s: 2 * energy(W, s), "halved"),
    ("hopfield_energy", lambda W, s: -energy(W, s), "The sign"),
    ("hopfield_energy", lambda W, s: -2 * energy(W, s), "Halve it"),
    ("hopfield_energy", lambda W, s: energy(W, [1] * len(s)), "state is missing"),
    ("hopfield_energy", lambda W, s: -sum(times(W, s)) / 2, "only s_j"),
    ("sequence_weights", lambda p: weights(p, turn=0), "to itself"),
    ("sequence_weights", lambda p: turned(weights(p)), "backwards"),
    ("sequence_weights", lambda p: weights(p, last=False), "go on to the first"),
    ("sequence_weights", lambda p: weights(p, by=1), "number of units"),
    ("sequence_weights", lambda p: weights(p, by=len(p)), "not of patterns"),
]
