"""Checkers for the exercises of the page "Self-attention"."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bertgpt.check.answers import shown
from bertgpt.check.arithmetic import Row, softmax
from bertgpt.check.feedback import Attempt, Slips, Wrong, ask, checker, expect_or_explain


def _band(n: int, low: int, high: int) -> list[list[bool]]:
    """True where s lies at least `low` and less than `high` positions before t."""
    return [[low <= t - s < high for s in range(n)] for t in range(n)]


@dataclass(frozen=True)
class _Model:
    """A model to be tested for leaks, called like a function and shown by its name."""

    reads: Callable[[int, int], bool]
    name: str

    def __call__(self, tokens: list[int]) -> list[float]:
        n = range(len(tokens))
        return [sum(tokens[s] / (1 + s) for s in n if self.reads(t, s)) for t in n]

    def __repr__(self) -> str:
        return self.name


@checker
def attend(attempt: Attempt) -> str:
    """The mixture that one query takes from some keys and values, as a list."""
    cases: list[tuple[list[float], list[list[float]], list[list[float]]]] = [
        ([1.0, 0.0, 0.0, 0.0], [[3.0, 5, 0, 0], [0.0, 1, 0, 0]], [[1.0, 0.0], [0.0, 1.0]]),
        ([1.0, -1.0], [[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]], [[4.0], [0.0], [-2.0]]),
    ]
    for query, keys, values in cases:
        dots = [sum(a * b for a, b in zip(query, key, strict=True)) for key in keys]
        K = len(query)

        def mix(
            weights: Row, values: Sequence[Row] = values, rows: int = len(values[0])
        ) -> list[float]:
            pairs = list(zip(weights, values, strict=True))
            return [sum(w * v[i] for w, v in pairs) for i in range(rows)]

        weights = softmax([d / math.sqrt(K) for d in dots])
        slips: Slips = [
            (mix(softmax(dots)), "The scale is missing: divide each dot product by sqrt(K)."),
            (mix(softmax([d / K for d in dots])), "Divide by the square root of K, not by K."),
            (mix([d / math.sqrt(K) for d in dots]), "The softmax is missing: these are raw"
             " scores, not shares."),
            (weights, "These are the weights; the answer is the mixture of the values."),
            (max(zip(weights, values, strict=True))[1], "That is the value with the highest weight;"
             " take all of them, each by its weight."),
        ]  # fmt: skip
        expect_or_explain(attempt, (query, keys, values), mix(weights), slips)
    return "That is all that a head computes, for each position and with numbers that it learnt."


@checker
def causal_softmax(attempt: Attempt) -> str:
    """Square scores to weights, where row t may read the columns up to t."""
    for scores in ([[1.0, 9.0], [0.0, 0.0]], [[0.0, 1.0, 5.0], [2.0, 1.0, 0.0], [1.0, 1.0, 3.0]]):
        n = len(scores)
        right = [[*softmax(row[: t + 1]), *[0.0] * (n - t - 1)] for t, row in enumerate(scores)]
        whole = [softmax(row) for row in scores]
        cut = [[w * (s <= t) for s, w in enumerate(row)] for t, row in enumerate(whole)]
        zeros = [softmax([x * (s <= t) for s, x in enumerate(r)]) for t, r in enumerate(scores)]
        future = [[*[0.0] * t, *softmax(row[t:])] for t, row in enumerate(scores)]
        slips: Slips = [
            (whole, "Nothing is masked: row 0 still reads what comes later."),
            (cut, "The rows no longer sum to 1: mask the scores before the softmax, not after."),
            (zeros, "A score of 0 is no mask: exp(0) is 1. Put minus infinity there."),
            (future, "The mask is the wrong way round: row t reads the columns up to t."),
        ]
        expect_or_explain(attempt, (scores,), right, slips)
    return "Every row sums to 1, and what comes later weighs exactly nothing."


@checker
def window_mask(attempt: Attempt) -> str:
    """Position t reads itself and the width - 1 positions before it: rows of booleans."""
    for n, width in ((5, 2), (4, 3), (6, 1), (3, 9)):
        right = _band(n, 0, width)
        slips: Slips = [
            (
                _band(n, 0, width + 1),
                "One position too many: the width counts the position itself.",
            ),
            (_band(n, 1 - width, width), "Your window also looks ahead."),
            (_band(n, 1, width + 1), "The position may read itself, too."),
            (_band(n, 0, n), "That is the whole causal mask; cut off the far past."),
            (_band(n, 1 - width, 1), "Rows read, columns are read: yours is the wrong way round."),
            ([[not x for x in row] for row in right], "True means may read, not forbidden."),
        ]
        expect_or_explain(attempt, (n, width), right, slips)
    return "With such a mask the price grows with the length, no longer with its square."


@checker
def leaks(attempt: Attempt) -> str:
    """Does a later token reach an earlier output?  Given a model and a text."""

    text = [3, 1, 4, 1, 5, 9]
    models: list[tuple[Callable[[int, int], bool], str, bool]] = [
        (lambda t, s: s <= t, "causal", False),
        (lambda t, s: True, "reads_everything", True),
        (lambda t, s: s < t, "reads_only_the_past", False),
        (lambda t, s: s <= t + 1, "reads_one_ahead", True),
        (lambda t, s: s <= t or (t, s) == (1, 3), "one_hole", True),
        (lambda t, s: s <= t or (t, s) == (0, 1), "hole_at_the_start", True),
    ]
    for reads, what, leaky in models:
        answer = ask(attempt, _Model(reads, what), list(text))
        if not isinstance(answer, bool | int | float) or answer not in (0, 1):
            raise Wrong(
                f"For the model {what!r} your function gave {shown(answer)}: give one True or"
                " False for the whole text."
            )
        if answer != leaky:
            why = {
                "causal": "each output moves only with its own token and earlier ones.",
                "reads_only_the_past": "an output need not read its own token, and may be later"
                " than the token that moved it.",
                "reads_one_ahead": "output t moves with token t + 1.",
            }.get(what, "some output moves with a later token; change each token in turn, and"
                  " look at all outputs before it.")  # fmt: skip
            raise Wrong(
                f"For the model {what!r} your function says {shown(answer)}, expected "
                f"{leaky}: {why}"
            )
    return "This is how the page tested the stack, and how a leak in anybody's GPT is found."


@checker
def attention_parameters(attempt: Attempt) -> str:
    """Numbers learnt by one attention layer: four projections with biases, for any heads."""
    for width, heads in ((8, 2), (768, 12), (768, 1)):
        K, right = width // heads, 4 * width * width + 4 * width
        slips: Slips = [
            (right - 4 * width, "The biases are missing: each projection adds a vector."),
            (right - width * width - width, "That is three projections; the heads' outputs go"
             " through a fourth."),
            (heads * right, "More heads do not cost more: each has width / heads numbers."),
            (4 * K * K + 4 * K, "That is only one head, and it reads vectors of the full width."),
            (4 * K * (width + 1), "That is one head; a layer has all of them."),
        ]  # fmt: skip
        expect_or_explain(attempt, (width, heads), right, slips)
    return "Heads divide the width among them, and cost nothing."
