"""Checkers of the page "GPT"."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from bertgpt.check.gpt import GARDEN, Tells

Chances = dict[str, float]


def beam(
    tells: Callable[[list[str]], Chances], width: int, n: int, *, keeps: bool = True
) -> list[str]:
    """The likeliest of the texts that `width` hypotheses lead to; those that ended stay."""
    going: list[tuple[list[str], float]] = [([], 1.0)]
    for _ in range(n):
        longer = []
        for text, p in going:
            if text and text[-1] == "end":
                longer += [(text, p)] if keeps else []
            else:
                longer += [([*text, word], p * q) for word, q in tells(text).items()]
        going = sorted(longer, key=lambda pair: -pair[1])[:width]
    return going[0][0]


def cases(k: int, top_p: float) -> list[list[float]]:
    """One word that reaches top-p, and twice k words alike."""
    return [[top_p, *[(1 - top_p) / k] * k], [1 / (2 * k)] * (2 * k)]


RIGHT = {
    "positions": lambda m, n: [n * m + n * (n - 1) // 2, m + n - 1],
    "which_temperature": lambda p, q, r: math.log(p / q) / math.log(r),
    "where_top_k_errs": cases,
    "beam": beam,
}
WRONG: list[tuple[str, Any, str]] = [
    ("positions", lambda m, n: [n * (m + n - 1), m + n - 1], "text grows"),
    ("positions", lambda m, n: [n * m + n * (n - 1) // 2, n], "read the prompt first"),
    ("positions", lambda m, n: [m + n - 1, n * m + n * (n - 1) // 2], "other way round"),
    ("which_temperature", lambda p, q, r: math.log(r) / math.log(p / q), "other way round"),
    ("which_temperature", lambda p, q, r: p / q / r, "not the probabilities"),
    ("which_temperature", lambda p, q, r: (p - q) / math.log(r), "not p and q"),
    ("which_temperature", lambda p, q, r: math.log(p / q) / r, "differ by log r"),
    ("where_top_k_errs", lambda k, p: cases(k, p)[0], "a list of two lists"),
    ("where_top_k_errs", lambda k, p: [{"a": 1}, {"b": 1}], "a list of numbers"),
    ("where_top_k_errs", lambda k, p: [[0.5] * 9, [0.5] * 9], "not to 1"),
    ("where_top_k_errs", lambda k, p: [[1.0], [1.0]], "cuts nothing"),
    ("where_top_k_errs", lambda k, p: cases(k, p)[::-1], "nearly certain"),
    ("where_top_k_errs", lambda k, p: [cases(k, p)[0]] * 2, "spread"),
    ("beam", lambda tells, width, n: beam(tells, 1, n), "greedy"),
    ("beam", lambda tells, width, n: beam(tells, width, n, keeps=False), "got lost"),
    ("beam", lambda tells, width, n: [beam(tells, width, n)], "one best text"),
]


def test_wider_beams_find_likelier_and_here_shorter_texts() -> None:
    tells = Tells(GARDEN)
    found = [beam(tells, width, 4) for width in (1, 2, 3)]
    assert [len(text) for text in found] == [3, 3, 2]
    chances = [math.prod(tells(text[:i])[text[i]] for i in range(len(text))) for text in found]
    assert chances == sorted(chances)
    assert chances == pytest.approx([0.135, 0.162, 0.175])
