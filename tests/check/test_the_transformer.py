"""Checkers of the page "The Transformer": the right answer passes, each slip is named."""

import math
from typing import Any

from bertgpt.check import the_transformer


def parameters(D: int, F: int) -> int:
    return 4 * D * D + 6 * D + (2 * D * F + F + 3 * D if F else 0)


def pre(x: float, attend: Any, feed: Any, norm: Any) -> float:
    x = x + attend(norm(x))
    return x + feed(norm(x))


def post(x: float, attend: Any, feed: Any, norm: Any) -> float:
    x = norm(x + attend(x))
    return norm(x + feed(x))


def on_the_stream(x: float, attend: Any, feed: Any, norm: Any) -> float:
    x = norm(x)
    x = norm(x + attend(x))
    return x + feed(x)


def waves(place: int, D: int) -> list[float]:
    return [f(place / 10000 ** (2 * i / D)) for i in range(D // 2) for f in (math.sin, math.cos)]


def after(words: list[str], near: int = 1) -> str:
    """What followed the last token before; the last `near` places are not searched."""
    last = max(i for i, word in enumerate(words[:-near]) if word == words[-1])
    return words[last + 1]


RIGHT = {
    "block_parameters": parameters,
    "crossing": lambda D, F: 2 * D + F,
    "pre_norm": pre,
    "rounds": lambda n, L: n + L - 1,
    "sinusoids": waves,
    "induction": after,
}
WRONG: list[tuple[str, Any, str]] = [
    ("block_parameters", lambda D, F: 4 * D * D + 2 * D * F + (4 if F else 2) * D, "biases"),
    ("block_parameters", lambda D, F: parameters(D, F) - (4 if F else 2) * D, "norms learn"),
    ("block_parameters", lambda D, F: parameters(D, F) - D * D - D, "four matrices"),
    ("block_parameters", lambda D, F: 4 * D * D + 9 * D + 2 * D * F + F, "With F = 0"),
    ("crossing", lambda D, F: D, "without their factors"),
    ("crossing", lambda D, F: 2 * D, "feed-forward part out"),
    ("crossing", lambda D, F: 2 * D + 2 * F, "two products"),
    ("crossing", lambda D, F: F, "projections out"),
    ("crossing", lambda D, F: 6 * D, "only for F = 4 D"),
    ("pre_norm", post, "post-norm"),
    ("pre_norm", on_the_stream, "the stream itself"),
    ("pre_norm", lambda x, a, f, n: f(n(a(n(x)))), "Nothing is added"),
    ("pre_norm", lambda x, a, f, n: x + a(n(x)) + f(n(x)), "the old x"),
    ("pre_norm", lambda x, a, f, n: x + a(n(x)) + f(x + a(n(x))), "its norm, too"),
    ("pre_norm", lambda x, a, f, n: n(pre(x, a, f, n)), "bare sum"),
    ("rounds", lambda n, L: n * L, "one cell at a time"),
    ("rounds", lambda n, L: n + L, "One too many"),
    ("rounds", lambda n, L: n, "draw the grid"),
    ("rounds", lambda n, L: L, "a Transformer's"),
    ("sinusoids", lambda p, D: waves(p, D)[::2] + waves(p, D)[1::2], "in turn"),
    ("sinusoids", lambda p, D: waves(p + 1, D), "number 0"),
    (
        "sinusoids",
        lambda p, D: [x for i in range(D // 2) for x in _pair(p / 1e4 ** (i / D))],
        "2 i",
    ),
    ("sinusoids", lambda p, D: [math.sin(p / 1e4 ** (k // 2 * 2 / D)) for k in range(D)], "cosine"),
    ("sinusoids", lambda p, D: [_pair(p / 1e4 ** (k / D))[k % 2] for k in range(D)], "one angle"),
    ("induction", lambda w: w[w.index(w[-1]) + 1], "first time"),
    ("induction", lambda w: after(w, near=2), "first time"),
    ("induction", lambda w: w[-1], "the token itself"),
    ("induction", lambda w: w[len(w) - 2 - w[-2::-1].index(w[-1]) - 1], "came before"),
]


def _pair(angle: float) -> tuple[float, float]:
    return math.sin(angle), math.cos(angle)


def test_what_a_block_is_given_is_shown_by_name() -> None:
    assert (
        "<lambda>(2, attend, feed, norm)" in the_transformer.pre_norm(lambda *given: "cat").message
    )


def test_the_count_is_that_of_the_model() -> None:
    from bertgpt.config import TransformerConfig
    from bertgpt.transformer import Block

    for F in (24, 0):
        cfg = TransformerConfig(vocab_size=1, max_positions=1, width=10, n_heads=2, ff_width=F)
        assert sum(p.numel() for p in Block(cfg).parameters()) == parameters(10, F)
