"""Checkers of the page "Attention before Transformers": right answers pass, slips are named."""

import math
from typing import Any

import pytest
import torch

from bertgpt.attention import dot_scores, masked_softmax
from bertgpt.check import attention
from bertgpt.recurrent.seq2seq import AdditiveScores


def times(M: Any, x: Any) -> list[float]:
    return [sum(m * n for m, n in zip(row, x, strict=True)) for row in M]


def score(q: Any, k: Any, W: Any, U: Any, v: Any) -> float:
    return sum(x * math.tanh(a + b) for x, a, b in zip(v, times(W, q), times(U, k), strict=True))


def dot(v: Any, x: Any) -> float:
    return times([v], x)[0]


def plus(a: Any, b: Any) -> list[float]:
    return [m + n for m, n in zip(a, b, strict=True)]


def soft(scores: Any) -> list[float]:
    return torch.tensor(scores, dtype=torch.double).softmax(0).tolist()


def padded(scores: Any, length: int) -> list[float]:
    return soft(scores[:length]) + [0.0] * (len(scores) - length)


def peak(S: int, place: int, height: float = 20.0) -> list[float]:
    return [height * (s == place) for s in range(S)]


RIGHT = {
    "additive_score": score,
    "padded_softmax": padded,
    "exact_match": lambda p, n: p**n,
    "backward_query": lambda S, t: peak(S, S - 1 - t),
    "bits_a_number": lambda n, length, D: length * math.log2(n) / D,
}
WRONG: list[tuple[str, Any, str]] = [
    ("additive_score", lambda q, k, W, U, v: dot(v, plus(times(W, q), times(U, k))), "is missing"),
    ("additive_score", lambda q, k, W, U, v: score(k, q, W, U, v), "swapped"),
    (
        "additive_score",
        lambda q, k, W, U, v: math.tanh(dot(v, plus(times(W, q), times(U, k)))),
        "number by number",
    ),
    (
        "additive_score",
        lambda q, k, W, U, v: dot(
            v, plus(map(math.tanh, times(W, q)), map(math.tanh, times(U, k)))
        ),
        "Add first",
    ),
    (
        "additive_score",
        lambda q, k, W, U, v: [
            x * math.tanh(s) for x, s in zip(v, plus(times(W, q), times(U, k)), strict=True)
        ],
        "one number",
    ),
    ("padded_softmax", lambda s, n: soft(s), "Padding is read"),
    ("padded_softmax", lambda s, n: soft(s)[:n] + [0.0] * (len(s) - n), "less than 1"),
    ("padded_softmax", lambda s, n: soft(s[:n] + [0.0] * (len(s) - n)), ""),
    ("padded_softmax", lambda s, n: soft(s[:n]), "one weight for each"),
    ("exact_match", lambda p, n: p, "all n"),
    ("exact_match", lambda p, n: 1 - (1 - p) ** n, "at least one token"),
    ("exact_match", lambda p, n: p * n, "multiply"),
    ("exact_match", lambda p, n: 1 - p**n, "at least one slip"),
    ("exact_match", lambda p, n: max(0.0, 1 - n * (1 - p)), "counted twice"),
    ("backward_query", lambda S, t: peak(S, t), "forwards"),
    ("backward_query", lambda S, t: peak(S, (S - t) % S), "One off"),
    ("backward_query", lambda S, t: peak(S, S - 1 - t, 1.0), "make its score larger"),
    ("backward_query", lambda S, t: [0.0] * S, "make its score larger"),
    ("backward_query", lambda S, t: peak(S, 0), "largest number"),
    ("backward_query", lambda S, t: peak(S, t + 1), "make its score larger"),
    ("backward_query", lambda S, t: peak(S, S - 2), "largest number"),
    ("backward_query", lambda S, t: peak(S, 3 - t), "With S = 7"),
    ("backward_query", lambda S, t: peak(S, max(S - 1 - t, 1)), "With S = 4 and t = 3"),
    ("backward_query", lambda S, t: S - 1 - t, "a list of 4 numbers"),
    ("backward_query", lambda S, t: [math.inf] * S, "finite"),
    ("bits_a_number", lambda n, length, D: length * n / D, "log2"),
    ("bits_a_number", lambda n, length, D: length * math.log(n) / D, "nats"),
    ("bits_a_number", lambda n, length, D: length * math.log2(n), "share it"),
    ("bits_a_number", lambda n, length, D: math.log2(n) / D, "for one symbol"),
    ("bits_a_number", lambda n, length, D: math.log2(n), "what one symbol costs"),
]


def test_a_score_of_zero_is_told_from_a_weight_of_zero() -> None:
    """The first input has zeros as padding's scores; the last one tells the two slips apart."""

    def zeros(scores: list[float], length: int) -> list[float]:
        if scores[-1] == 0:
            return padded(scores, length)
        return soft(scores[:length] + [0.0] * (len(scores) - length))

    assert "minus infinity" in attention.padded_softmax(zeros).message


def test_the_score_is_that_of_the_package() -> None:
    torch.manual_seed(0)
    layer = AdditiveScores(3)
    torch.nn.init.zeros_(layer.query.bias)
    q, k = torch.randn(1, 2, 3), torch.randn(1, 4, 3)
    weights = [p.tolist() for p in (layer.query.weight, layer.key.weight, layer.value.weight[0])]
    for t in range(2):
        for s in range(4):
            by_hand = score(q[0, t].tolist(), k[0, s].tolist(), *weights)
            assert layer(q, k)[0, t, s].item() == pytest.approx(by_hand, abs=1e-6)


def test_a_query_reads_backwards_in_the_package() -> None:
    S = 7
    queries = torch.tensor([peak(S, S - 1 - t) for t in range(S)])
    scores = dot_scores(queries, torch.eye(S))
    weights = masked_softmax(scores, torch.ones(S, S, dtype=torch.bool))
    assert (weights.flip(1) - torch.eye(S)).abs().max() < 0.01
