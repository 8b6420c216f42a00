"""Checkers for the exercises of the page "The Transformer"."""

import math
from collections.abc import Callable

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain


@checker
def block_parameters(attempt: Attempt) -> str:
    """Numbers that one block learns: attention, feed-forward, two norms, all with biases."""
    for D, F in ((768, 3072), (10, 24), (4, 0)):
        attention, norm = 4 * D * D + 4 * D, 2 * D
        feed = 2 * D * F + F + D if F else 0
        right = attention + feed + (2 if F else 1) * norm
        slips: Slips = [
            (right - 4 * D - (F + D if F else 0), "The biases are missing: one for each output."),
            (attention + feed, "The norms learn, too: a scale and a shift for each of D numbers."),
            (right - D * D - D, "Attention has four matrices: queries, keys, values and output."),
            (4 * D * D + 4 * D + 2 * D * F + F + D + 4 * D, "With F = 0 there is no feed-forward"
             " part: neither its biases nor its norm are there."),
        ]  # fmt: skip
        expect_or_explain(attempt, (D, F), right, slips)
    return "Twelve times the first answer are in BERT and in GPT-2."


@checker
def crossing(attempt: Attempt) -> str:
    """The length at which scores and mixture cost as much as all else in a block: 2 D + F."""
    for D, F in ((64, 256), (768, 3072), (100, 50)):
        slips: Slips = [
            (D, "That is where n^2 D meets n D^2, without their factors: 4 n^2 D; 8 n D^2 + 4 n D"
             " F."),
            (2 * D, "That leaves the feed-forward part out: 4 n D F."),
            (2 * D + 2 * F, "Scores and mixture are two products: 4 n^2 D together."),
            (F, "That leaves the four projections out: 8 n D^2."),
            (6 * D, "6 D holds only for F = 4 D; F is given."),
        ]  # fmt: skip
        expect_or_explain(attempt, (D, F), 2 * D + F, slips)
    return "Below that length a block's price grows almost like n, far above it like n squared."


class Part:
    """A function of a number that is shown by its name, without an address in memory."""

    def __init__(self, name: str, compute: Callable[[float], float]) -> None:
        self.name, self.compute = name, compute

    def __call__(self, x: float) -> float:
        return self.compute(x)

    def __repr__(self) -> str:
        return self.name


@checker
def pre_norm(attempt: Attempt) -> str:
    """A pre-norm block from its parts, on a plain number."""
    attend, feed = Part("attend", lambda x: 3 * x + 1), Part("feed", lambda x: x * x)
    norm = Part("norm", lambda x: x / 2 - 1)
    for x in (2.0, -3.0, 7.0):
        a = x + attend(norm(x))
        right = a + feed(norm(a))
        post = norm(x + attend(x))
        inside = norm(x) + attend(norm(x))
        slips: Slips = [
            (norm(post + feed(post)), "That is post-norm: the sum is normalised. Normalise what a"
             " part reads, and leave the sum as it is."),
            (norm(inside) + feed(norm(inside)), "You normalised the stream itself. What is added to"
             " is x, not norm(x)."),
            (feed(norm(attend(norm(x)))), "Nothing is added: each part adds to what passes by."),
            (x + attend(norm(x)) + feed(norm(x)), "The feed-forward part reads the old x. It comes"
             " after attention and reads the sum."),
            (a + feed(a), "The feed-forward part needs its norm, too."),
            (norm(right), "The block ends with a bare sum. The one last norm comes after all"
             " blocks."),
        ]  # fmt: skip
        expect_or_explain(attempt, (x, attend, feed, norm), right, slips)
    return "GPT-2's block does the same."


@checker
def rounds(attempt: Attempt) -> str:
    """Rounds that a recurrent stack needs with as many hands as it can use: n + L - 1."""
    for n, L in ((5, 1), (5, 3), (1000, 12), (1, 4)):
        slips: Slips = [
            (n * L, "That is one cell at a time. A cell of layer 2 can start while layer 1 goes on:"
             " it needs the cell below it and the one before it, and no other."),
            (n + L, "One too many: in the first round the first cell is already done."),
            (n, "The last cell of the top layer needs the last one below it: draw the grid."),
            (L, "That would be a Transformer's: here a cell also waits for the cell before it."),
        ]  # fmt: skip
        expect_or_explain(attempt, (n, L), n + L - 1, slips)
    return "A Transformer needs a number of rounds that grows only with L."


@checker
def sinusoids(attempt: Attempt) -> str:
    """The position vector of Vaswani et al. 2017, 3.5: sines and cosines in turn."""
    for place, D in ((0, 4), (3, 4), (10, 6)):

        def made(place: int, D: int, base: float = 1e4, step: int = 2) -> list[float]:
            angles = [place / base ** (step * (k // 2) / D) for k in range(D)]
            return [math.cos(a) if k % 2 else math.sin(a) for k, a in enumerate(angles)]

        right = made(place, D)
        slips: Slips = [
            ([*right[::2], *right[1::2]], "First sine, then cosine, in turn, not in two halves."),
            (made(place + 1, D), "The first position has the number 0."),
            (made(place, D, step=1), "The exponent is 2 i / D, where i counts pairs."),
            ([math.sin(place / 1e4 ** (2 * (k // 2) / D)) for k in range(D)], "Every second number"
             " is a cosine."),
            ([math.cos(place / 1e4 ** (k / D)) if k % 2 else math.sin(place / 1e4 ** (k / D))
              for k in range(D)], "A sine and its cosine share one angle."),
        ]  # fmt: skip
        expect_or_explain(attempt, (place, D), right, slips)
    return "The same vectors as in the paper of 2017. BERT and GPT learn a table instead."


@checker
def induction(attempt: Attempt) -> str:
    """The token that followed the last token at its previous occurrence."""
    for text in ("a b c a d e a", "the cat sat on the", "b a b b", "x y x z x"):
        words = text.split()
        places = [i for i, word in enumerate(words[:-1]) if word == words[-1]]
        slips: Slips = [
            (words[places[0] + 1], "That followed the first time; take the last time before now."),
            (words[places[-1]], "That is the token itself; what came after it is asked for."),
            (words[places[-1] - 1], "That came before it; what came after it is asked for."),
        ]
        expect_or_explain(attempt, (words,), words[places[-1] + 1], slips)
    return "Two look-ups: where was this token before, and what came next. One layer has but one."
