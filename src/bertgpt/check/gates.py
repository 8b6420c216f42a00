"""Checkers for the exercises of the page "Gates"."""

import math
from collections.abc import Callable
from itertools import accumulate

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


@checker
def lstm_step(attempt: Attempt) -> str:
    """One step of an LSTM of width 1, from the four sums a and the cell before it: h and c."""
    for i, f, o, g, c in ((0.0, 1.0, -1.0, 0.5, 2.0), (2.0, -1.0, 0.5, -0.3, -1.5)):

        def step(
            i: float, f: float, o: float, g: float, c: float, activation: Callable[[float], float]
        ) -> tuple[float, float]:
            new = _sigmoid(f) * c + _sigmoid(i) * activation(g)
            return _sigmoid(o) * math.tanh(new), new

        right = step(i, f, o, g, c, math.tanh)
        new, show = right[1], _sigmoid(o)
        slips: Slips = [
            (right[::-1], "The two are swapped: first what is shown, h, then what is kept, c."),
            (step(i, f, o, g, c, _sigmoid), "The candidate g goes through tanh: it may be negative;"
             " only the gates go through the sigmoid."),
            ((show * new, new), "What is shown is o * tanh(c): the cell goes through tanh first."),
            ((show * math.tanh(c), new), "You showed the old cell; the new one is shown."),
            (step(f, i, o, g, c, math.tanh), "Input and forget gate are swapped: f is before"
             " the old cell, i before the candidate."),
            (step(i, 1e9, o, g, c, math.tanh), "That is the cell of 1997: nothing is forgotten."
             " Multiply the old cell by the forget gate."),
            ((show * math.tanh(f * c + i * math.tanh(g)), f * c + i * math.tanh(g)), "The sums go"
             " through the sigmoid before they are gates."),
        ]  # fmt: skip
        expect_or_explain(attempt, (i, f, o, g, c), right, slips)
    return "The same in every cell, at every step, in every LSTM since 2000."


@checker
def bias_for(attempt: Attempt) -> str:
    """The bias of a forget gate with which a cell keeps `share` of itself after `steps` steps."""
    for share, steps in ((0.5, 10), (0.9, 1), (0.01, 200)):
        f = share ** (1 / steps)
        slips: Slips = [
            (f, "That is the gate f, in (0, 1). Its bias is what the sigmoid makes f of:"
             " log(f / (1 - f))."),
            (math.log(share / (1 - share)), "That holds for one step. After n steps the cell is"
             " multiplied by f n times: f to the power n is the share."),
            (math.log(1 / f - 1), "The sign is turned: a large bias keeps, a small one forgets."),
            (math.log(f), "log(f) undoes exp, and the gate is a sigmoid: log(f / (1 - f))."),
            (1 - (1 - share) / steps, "The loss is not shared out evenly: at each step the same"
             " fraction of what is left is kept."),
        ]  # fmt: skip
        expect_or_explain(attempt, (share, steps), math.log(f / (1 - f)), slips)
    return "With a bias of 1, half a cell is gone after little more than two steps."


@checker
def to_pytorch(attempt: Attempt) -> str:
    """Our rows (input, output, forget, candidate) in PyTorch's order (i, f, g, o)."""
    for rows, width in (
        (["i1", "i2", "o1", "o2", "f1", "f2", "g1", "g2"], 2),
        (["i1", "o1", "f1", "g1"], 1),
        ([10, 11, 12, 30, 31, 32, 20, 21, 22, 40, 41, 42], 3),
    ):
        i, o, f, g = (rows[k * width : (k + 1) * width] for k in range(4))
        mixed = [rows[4 * k + j] for k in range(width) for j in (0, 2, 3, 1)]
        slips: Slips = [
            ([*i, *g, *o, *f], "You read the order backwards: from PyTorch to ours. Ours comes in,"
             " PyTorch's goes out."),
            (rows, "Nothing moved: PyTorch has output and forget gate in other places."),
            ([*i, *f, *o, *g], "Candidate and output gate are swapped: PyTorch has i, f, g, o."),
            ([i, f, g, o], "The blocks are right; join them into one list of rows."),
            (mixed, "A gate's rows stay together: first all rows of one gate, `width` of them,"
             " then all of the next."),
        ]  # fmt: skip
        expect_or_explain(attempt, (rows, width), [*i, *f, *g, *o], slips)
    return "A wrong order raises no error. It gives another network, which is why parity is tested."


@checker
def baseline(attempt: Attempt) -> str:
    """Error of the best constant answer to the sum of n values, evenly drawn from 0 to `top`."""
    for n, top in ((2, 1.0), (3, 1.0), (2, 4.0)):
        slips: Slips = [
            (top**2 / 12, "That is the variance of one value; the variances of n of them add up."),
            (n**2 * top**2 / 12, "Variances add up: n of them, not n squared."),
            (n * top / 12, "A range of `top` stretches the values, and the variance with its"
             " square."),
            (n / 12, "That is for a range of 1; here it is `top`."),
            (n * top / 2, "That is the best constant answer itself; asked for is its mean squared"
             " error."),
            (n * top**2 / 3, "That is the error of the answer 0; the mean is a better one."),
            (math.sqrt(n / 12) * top, "That is the spread; the mean squared error is its square."),
        ]  # fmt: skip
        expect_or_explain(attempt, (n, top), n * top**2 / 12, slips)
    return "For two values of 0 to 1 that is 1/6, the line in the figures of this page."


@checker
def count_since(attempt: Attempt) -> str:
    """Cells of 1997 and of 2000 that add 1 a step; the second empties at a mark."""
    for marks in ([0, 0, 1, 0, 0, 0, 1, 0], [1, 0, 0], [0, 0, 0, 0], [1, 1, 0]):
        never = [float(t) for t in range(1, len(marks) + 1)]
        reset = list(accumulate(marks, lambda c, m: c * (1 - m) + 1, initial=0.0))[1:]
        empty = list(accumulate(marks, lambda c, m: (c + 1) * (1 - m), initial=0.0))[1:]
        slips: Slips = [
            ((reset, never), "The two are swapped: first the cell of 1997, then that of 2000."),
            ((never, never), "The second cell has a forget gate: 0 at a mark, 1 elsewhere."),
            ((reset, reset), "The cell of 1997 has no way to empty itself: it only adds up."),
            ((never, empty), "The old cell is forgotten, then the candidate is added: at a mark c ="
             " 0 * c + 1."),
            (([t - 1 for t in never], [c - 1 for c in reset]), "Write the cell down after each"
             " step, not before it."),
        ]  # fmt: skip
        expect_or_explain(attempt, (marks,), (never, reset), slips)
    return "So the stream of this page is counted: one gate, at 1 between marks and 0 at them."
