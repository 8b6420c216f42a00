"""Checkers of the page "GPT": the right answer passes, each slip is named."""

import math

import pytest

from bertgpt.check import gpt


def scaled(d):
    return {k: v / sum(d.values()) for k, v in d.items()}


def nucleus(chances, top_p):
    kept, total = {}, 0
    for word in sorted(chances, key=chances.get, reverse=True):
        if total >= top_p:
            break
        kept[word], total = chances[word], total + chances[word]
    return scaled(kept)


def beam(tells, width, n):
    going = [([], 1.0)]
    for _ in range(n):
        longer = [([*t, w], p * q) for t, p in going for w, q in tells(t).items()]
        going = sorted(longer, key=lambda pair: -pair[1])[:width]
    return going[0][0]


RIGHT = [
    (gpt.positions, lambda m, n: [n * m + n * (n - 1) // 2, m + n - 1]),
    (gpt.temperature, lambda c, t: scaled({w: p ** (1 / t) for w, p in c.items()})),
    (gpt.nucleus, nucleus),
    (gpt.beam, beam),
]


@pytest.mark.parametrize(("check", "attempt"), RIGHT)
def test_the_right_answer_passes(check, attempt):
    assert check(attempt).passed


@pytest.mark.parametrize(
    ("check", "attempt", "says"),
    [
        (gpt.positions, lambda m, n: [n * (m + n - 1), m + n - 1], "text grows"),
        (gpt.positions, lambda m, n: [n * m + n * (n - 1) // 2, n], "read the prompt first"),
        (
            gpt.temperature,
            lambda c, t: {w: p ** (1 / t) for w, p in c.items()},
            "Divide by the sum",
        ),
        (gpt.temperature, lambda c, t: scaled({w: p**t for w, p in c.items()}), "1 / t"),
        (
            gpt.temperature,
            lambda c, t: scaled({w: math.exp(p / t) for w, p in c.items()}),
            "scores",
        ),
        (gpt.nucleus, lambda c, p: {w: q for w, q in nucleus(c, p).items() if q > 2}, "expected"),
        (gpt.nucleus, lambda c, p: gpt._kept(c, p), "Scale what is left"),
        (gpt.beam, lambda t, w, n: beam(t, 1, n), "greedy"),
        (gpt.beam, lambda t, w, n: [beam(t, w, n)], "one best text"),
    ],
)
def test_each_slip_is_named(check, attempt, says):
    verdict = check(attempt)
    assert not verdict.passed
    assert says in verdict.message
