"""Checkers of the page "GPT"."""

import math
from collections.abc import Callable
from typing import Any

Chances = dict[str, float]


def scaled(chances: Chances) -> Chances:
    """So that they sum to 1."""
    return {word: p / sum(chances.values()) for word, p in chances.items()}


def kept(chances: Chances, top_p: float) -> Chances:
    """The likeliest words, until they reach p."""
    found: Chances = {}
    for word in sorted(chances, key=lambda w: chances[w], reverse=True):
        if sum(found.values()) >= top_p - 1e-9:
            break
        found[word] = chances[word]
    return found


def beam(tells: Callable[[list[str]], Chances], width: int, n: int) -> list[str]:
    """The likeliest of the texts that `width` hypotheses lead to."""
    going: list[tuple[list[str], float]] = [([], 1.0)]
    for _ in range(n):
        longer = [([*t, w], p * q) for t, p in going for w, q in tells(t).items()]
        going = sorted(longer, key=lambda pair: -pair[1])[:width]
    return going[0][0]


RIGHT = {
    "positions": lambda m, n: [n * m + n * (n - 1) // 2, m + n - 1],
    "temperature": lambda c, t: scaled({w: p ** (1 / t) for w, p in c.items()}),
    "nucleus": lambda c, p: scaled(kept(c, p)),
    "beam": beam,
}
WRONG: list[tuple[str, Any, str]] = [
    ("positions", lambda m, n: [n * (m + n - 1), m + n - 1], "text grows"),
    ("positions", lambda m, n: [n * m + n * (n - 1) // 2, n], "read the prompt first"),
    ("positions", lambda m, n: [m + n - 1, n * m + n * (n - 1) // 2], "other way round"),
    ("temperature", lambda c, t: {w: p ** (1 / t) for w, p in c.items()}, "Divide by the sum"),
    ("temperature", lambda c, t: scaled({w: p**t for w, p in c.items()}), "1 / t"),
    ("temperature", lambda c, t: scaled({w: math.exp(p / t) for w, p in c.items()}), "scores"),
    ("nucleus", lambda c, p: kept(c, p), "Scale what is left"),
    ("nucleus", lambda c, p: scaled(dict(list(kept(c, p).items())[:-1] or [("a", 1)])), "reach"),
    ("beam", lambda tells, width, n: beam(tells, 1, n), "greedy"),
    ("beam", lambda tells, width, n: [beam(tells, width, n)], "one best text"),
]


def test_the_beam_finds_what_greedy_decoding_misses() -> None:
    table: dict[tuple[str, ...], Chances] = {
        (): {"a": 0.6, "b": 0.4},
        ("a",): {"x": 0.5, "y": 0.5},
        ("b",): {"x": 1.0},
    }
    assert beam(lambda t: table[tuple(t)], 1, 2) == ["a", "x"]
    assert beam(lambda t: table[tuple(t)], 2, 2) == ["b", "x"]
