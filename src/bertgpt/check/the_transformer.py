"""Checkers for the exercises of the page "The Transformer"."""

import math
from collections.abc import Callable
from typing import Any

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
            (attention + 2 * D * F + F + D + 2 * norm, "With F = 0 there is no feed-forward"
             " part: neither its biases nor its norm are there."),
        ]  # fmt: skip
        expect_or_explain(attempt, (D, F), right, slips)
    return "Twelve times the first answer are in BERT and in GPT-2."


class Named:
    """A function that is shown by its name, without an address in memory."""

    def __init__(self, name: str, compute: Callable[[Any], Any]) -> None:
        self.name, self.compute = name, compute

    def __call__(self, x: Any) -> Any:
        return self.compute(x)

    def __repr__(self) -> str:
        return self.name


@checker
def pre_norm(attempt: Attempt) -> str:
    """A pre-norm block from its parts, on a plain number."""
    attend, feed = Named("attend", lambda x: 3 * x + 1), Named("feed", lambda x: x * x)
    norm = Named("norm", lambda x: x / 2 - 1)
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
            (a + feed(norm(x)), "The feed-forward part reads the old x. It comes"
             " after attention and reads the sum."),
            (a + feed(a), "The feed-forward part needs its norm, too."),
            (norm(right), "The block ends with a bare sum. The one last norm comes after all"
             " blocks."),
        ]  # fmt: skip
        expect_or_explain(attempt, (x, attend, feed, norm), right, slips)
    return "GPT-2's block does the same."


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
def layer_norm(attempt: Attempt) -> str:
    """Layer normalisation of Ba et al. 2016, without the tiny number in the root."""

    def normal(x: list[float], spread: float) -> list[float]:
        return [(number - sum(x) / len(x)) / spread for number in x]

    for x, scale, shift in (
        ([1.0, 3.0, 5.0, 7.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]),
        ([2.0, -1.0, 5.0], [1.0, 2.0, -1.0], [0.5, 0.0, 3.0]),
    ):
        n = len(x)
        squares = sum((number - sum(x) / n) ** 2 for number in x)
        right = _scaled(normal(x, math.sqrt(squares / n)), scale, shift)
        length = math.sqrt(sum(number**2 for number in x) / n)
        slips: Slips = [
            (_scaled(normal(x, math.sqrt(squares / (n - 1))), scale, shift), "You divided the"
             " squares by n - 1. That is for samples; here the variance is their plain mean."),
            (_scaled(normal(x, squares / n), scale, shift), "Divide by the root of the variance."),
            (_scaled(normal(x, math.sqrt(squares)), scale, shift), "The variance is the mean of"
             " the squares, not their sum."),
            (_scaled(normal(x, 1), scale, shift), "The mean is gone, but the variance is not 1."),
            (_scaled([number / length for number in x], scale, shift), "That is RMSNorm: it divides"
             " by the length. Subtract the mean first."),
            (normal(x, math.sqrt(squares / n)), "Now the scale and the shift, each number its"
             " own."),
        ]  # fmt: skip
        expect_or_explain(attempt, (x, scale, shift), right, slips)
    return "PyTorch's LayerNorm gives the same."


def _scaled(x: list[float], scale: list[float], shift: list[float]) -> list[float]:
    return [a * number + b for number, a, b in zip(x, scale, shift, strict=True)]


TOKENS = [[1.0, 0.0], [0.0, 2.0], [3.0, -1.0], [-2.0, 1.0]]
POSITIONS = [[0.5, 0.0], [0.0, 1.0], [-1.0, 0.5], [2.0, 2.0]]
SUMS = Named("sums", lambda x: [[sum(v[0] for v in x[: t + 1]), x[t][1]] for t in range(len(x))])
TURNS = Named("turns", lambda x: [[v[1] + 1, v[0] * v[1]] for v in x])
HALVES = Named("halves", lambda v: [v[0] / 2 - 1, v[1] / 2 + 1])


def _stack(
    places: list[int], ids: list[int], blocks: list[Named], norm: Callable[[Any], Any]
) -> list[float]:
    """Scores after the last word; `places` are the rows of the table of positions."""
    pairs = zip(ids, places, strict=True)
    x = [[a + b for a, b in zip(TOKENS[i], POSITIONS[p], strict=True)] for i, p in pairs]
    for block in blocks:
        x = block(x)
    return _scores(norm(x[-1]))


def _scores(last: list[float], table: list[list[float]] = TOKENS) -> list[float]:
    return [sum(a * b for a, b in zip(last, row, strict=True)) for row in table]


@checker
def mend(attempt: Attempt) -> str:
    """A GPT from its parts: tables, blocks, the last norm, the token table used backwards."""
    for ids, blocks in (([2, 0, 2], [SUMS, TURNS]), ([3, 1], [TURNS, SUMS]), ([1], [SUMS])):
        places = list(range(len(ids)))
        right = _stack(places, ids, blocks, HALVES)
        slips: Slips = [
            (_stack(ids, ids, blocks, HALVES), "The line is still there: a word's position is its"
             " place in the text. Which row of `positions` does the third word get?"),
            (_stack([p + 1 for p in places], ids, blocks, HALVES), "Places count from 0."),
            (_stack(places, ids, blocks, lambda v: v), "The last norm was right; put it back."),
            (_stack(places, ids, blocks[::-1], HALVES), "The order of the blocks was right."),
            (_stack([0] * len(ids), ids, blocks, HALVES), "All words have the same position now."),
        ]  # fmt: skip
        expect_or_explain(attempt, (ids, TOKENS, POSITIONS, blocks, HALVES), right, slips)
    return "With the token's id in its place, a word would be told nothing of where it is."


def _chances(words: list[str]) -> dict[str, float]:
    """A model that counts: after n words it wants the name of n, and it ends after four."""
    names = {1: "one", 2: "two", 3: "three"}
    likely = names.get(len(words), ".")
    return {word: 0.6 if word == likely else 0.1 for word in ("one", "two", "three", ".", "go")}


COUNTS = Named("counts", _chances)


@checker
def write(attempt: Attempt) -> str:
    """Greedy writing: the most likely word, again and again, from all words so far."""
    for words, longest in ((["go"], 10), (["go", "one"], 10), (["go"], 2)):
        right = [*words]
        while len(right) < longest and len(right) < 4:
            right.append(("one", "two", "three")[len(right) - 1])
        from_last = [*words]  # as a model that is given only the last word
        while len(from_last) < longest:
            from_last.append("one")
        slips: Slips = [
            ([*right, "."], "`end` is left out: it is a sign to stop, and no word of the text."),
            (right[len(words) :], "Return the given words as well."),
            (from_last, "The model gets all the words so far, each time."),
            ([*words, *(["."] * (longest - len(words)))], "Stop at `end`."),
        ]
        expect_or_explain(attempt, (COUNTS, words, ".", longest), right, slips)
    return "Always the most likely word is called greedy; the page on GPT draws instead."
