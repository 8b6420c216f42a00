"""Checkers for the exercises of the page "One state, carried along"."""

import math

from bertgpt.check.arithmetic import Rows, times
from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain


def _transposed(rows: Rows) -> Rows:
    return [list(column) for column in zip(*rows, strict=True)]


@checker
def elman_step(attempt: Attempt) -> str:
    """One step of Elman's net, on lists: tanh(W_x x + W_h h + b)."""
    cases: tuple[tuple[list[float], list[float], Rows, Rows, list[float]], ...] = (
        ([1.0], [0.5, -0.5], [[0.2], [-0.4]], [[0.1, 0.7], [-0.3, 0.2]], [0.1, 0.3]),
        ([0.5, -1.0], [0.4, 0.9], [[1.0, 0.5], [0.3, -0.2]], [[0.0, 1.0], [-1.0, 0.5]], [0.2, 0]),
    )
    for x, h, W_x, W_h, b in cases:
        read, kept, turned = times(W_x, x), times(W_h, h), times(_transposed(W_h), h)
        sums = [sum(parts) for parts in zip(read, kept, b, strict=True)]

        def activated(*parts: list[float]) -> list[float]:
            return [math.tanh(sum(numbers)) for numbers in zip(*parts, strict=True)]

        slips: Slips = [
            (sums, "The tanh is missing: it keeps every number of the state between -1 and 1."),
            (activated(read, kept), "The bias b is missing."),
            (activated(read, b), "The old state is missing: without W_h h nothing is"
             " carried along."),
            (activated(kept, b), "What is read is missing: W_x x."),
            (activated(read, turned, b), "W_h is read the wrong way round: row i makes number i."),
            ([math.tanh(r) + k + c for r, k, c in zip(read, kept, b, strict=True)], "The tanh goes"
             " around the whole sum, not only around what is read."),
        ]  # fmt: skip
        expect_or_explain(attempt, (x, h, W_x, W_h, b), activated(read, kept, b), slips)
    return "The whole network is this line, once a step."


@checker
def slope_in_time(attempt: Attempt) -> str:
    """dh_T/dw of the net h_t = tanh(w h_{t-1} + x_t), h_0 = 0, through all steps."""
    for w, xs in ((0.5, [1.0]), (0.5, [1.0, 0.0, -0.5]), (-1.5, [0.2, 0.4, 0.1, 0.3])):
        h = whole = last = bare = unweighted = straight = 0.0
        for x in xs:
            before, h = h, math.tanh(w * h + x)
            slope = 1 - h * h  # of tanh
            whole, last = slope * (before + w * whole), slope * before
            bare, unweighted = before + w * bare, slope * (before + unweighted)
            straight = (1 - h) * (before + w * straight)
        slips: Slips = [
            (last, "That is the last step's own part. h_(t-1) depends on w, too: carry its slope"
             " along, times w."),
            (bare, "Each step goes through tanh: multiply by its slope, 1 - h_t^2."),
            (unweighted, "On its way through a step the old slope is multiplied by w."),
            (straight, "The slope of tanh is 1 - h^2, with the square."),
        ]  # fmt: skip
        expect_or_explain(attempt, (w, xs), whole, slips)
    return "One number carried forward, or backward as in the page: the sum is the same."


@checker
def clip_norm(attempt: Attempt) -> str:
    """Shorten a gradient to a length at most, direction unchanged (Pascanu et al. 2013)."""
    for g, longest in (([3.0, 4.0], 1.0), ([0.3, -0.4], 1.0), ([-6.0, 0.0, 8.0], 2.5)):
        norm = math.sqrt(sum(x * x for x in g))
        scale = min(1.0, longest / norm)
        slips: Slips = [
            ([max(-longest, min(longest, x)) for x in g], "You cut each number by itself: that"
             " turns the gradient. Multiply all of them by one factor."),
            ([x * longest / norm for x in g], "A gradient that is short enough stays as it is."),
            ([x * min(1.0, longest / sum(map(abs, g))) for x in g], "The length is the root of the"
             " sum of squares."),
            ([x * min(1.0, longest / norm**2) for x in g], "You divided by the sum of squares; the"
             " length is its root."),
            ([x / norm for x in g], "Its length must be `longest`, not 1."),
        ]  # fmt: skip
        expect_or_explain(attempt, (g, longest), [x * scale for x in g], slips)
    zeros = [0.0, 0.0]
    expect_or_explain(attempt, (zeros, 1.0), zeros, hint="Its length is 0, so it stays as it is.")
    return "Shorter, and pointing where it pointed."


@checker
def radius_for(attempt: Attempt) -> str:
    """The spectral radius at which a linear net keeps a given share of a push after T steps."""
    for T, share in ((10, 0.5), (100, 0.01), (3, 8.0)):
        slips: Slips = [
            (share / T, "Each step multiplies: T steps make rho to the power T, not T times rho."),
            (share**T, "That is what T steps leave of it; you are asked for the one step."),
            (share ** (-1 / T), "Upside down: that grows where it should shrink."),
            (math.log(share) / T, "That is the logarithm of it: raise e to it."),
            (1 - (1 - share) / T, "A straight line loses the same amount each step; this loses the"
             " same share."),
        ]  # fmt: skip
        expect_or_explain(attempt, (T, share), share ** (1 / T), slips)
    return "To keep half over 1,000 steps it must be 0.9993: there is little room."


@checker
def hopfield_energy(attempt: Attempt) -> str:
    """E = -1/2 sum of W_ij s_i s_j, on lists (Hopfield 1982)."""
    cases: tuple[tuple[Rows, list[float]], ...] = (
        ([[0.0, 1.0], [1.0, 0.0]], [1.0, 1.0]),
        ([[0.0, 2.0, -1.0], [2.0, 0.0, 0.5], [-1.0, 0.5, 0.0]], [1.0, -1.0, 1.0]),
        ([[0.0, 0.5, 1.0], [0.5, 0.0, -3.0], [1.0, -3.0, 0.0]], [-1.0, -1.0, 1.0]),
    )
    for W, s in cases:
        total = sum(a * b for a, b in zip(s, times(W, s), strict=True))
        slips: Slips = [
            (-total, "Each pair appears in W twice, so the sum is halved."),
            (total / 2, "The sign: agreement lowers the energy."),
            (total, "Halve it and turn its sign."),
            (-sum(map(sum, W)) / 2, "The state is missing: each weight is times s_i and s_j."),
            (-sum(times(W, s)) / 2, "That has only s_j; multiply by s_i as well."),
        ]  # fmt: skip
        expect_or_explain(attempt, (W, s), -total / 2, slips)
    return "Flip one unit to the sign of what it gets, and this cannot rise."


@checker
def sequence_weights(attempt: Attempt) -> str:
    """Weights that lead from each pattern to the next, and from the last to the first."""
    cases = (
        [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1]],
        [[1, 1, -1, -1, 1, 1], [-1, 1, 1, -1, 1, -1], [1, 1, 1, 1, -1, -1], [-1, 1, -1, 1, 1, 1]],
    )
    for patterns in cases:
        N, after = len(patterns[0]), patterns[1:] + patterns[:1]

        def made(pairs: list[tuple[list[int], list[int]]], n: float) -> Rows:
            return [[sum(b[i] * a[j] for a, b in pairs) / n for j in range(N)] for i in range(N)]  # noqa: B023

        pairs = list(zip(patterns, after, strict=True))
        slips: Slips = [
            (made(list(zip(patterns, patterns, strict=True)), N), "That leads from each pattern to"
             " itself: symmetric weights, and the net stays where it is."),
            (_transposed(made(pairs, N)), "That leads backwards: number (i, j) is what unit j sends"
             " to unit i, so i belongs to the pattern that comes next."),
            (made(pairs[:-1], N), "From the last pattern it must go on to the first."),
            (made(pairs, 1), "Divide by the number of units."),
            (made(pairs, len(patterns)), "Divide by the number of units, not of patterns."),
        ]  # fmt: skip
        expect_or_explain(attempt, (patterns,), made(pairs, N), slips)
    return "Update all units at once, and it steps through the patterns in a ring."
