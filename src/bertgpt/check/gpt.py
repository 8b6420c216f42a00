"""Checkers for the exercises of the page "GPT"."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain

Chances = dict[str, float]


@checker
def positions(attempt: Attempt) -> str:
    """Positions that are computed to write n tokens after a prompt of m: without and with cache."""
    for m, n in ((1, 70), (4, 3), (10, 1)):
        right = [sum(m + i for i in range(n)), m + n - 1]
        slips: Slips = [
            ([right[0] + m + n, right[1] + 1], "The last token is written, but not read any more."),
            ([right[0] + m + n, right[1]], "Without a cache, too, the last token is not read."),
            ([right[0], right[1] + 1], "With a cache, too, the last token is not read."),
            (right[::-1], "The other way round: first without a cache, then with one."),
            ([(m + n - 1) * n, right[1]], "The text grows: only the last step reads all of it."),
            ([right[0], n], "The cache has to read the prompt first, and the last token is never"
             " read."),
        ]  # fmt: skip
        expect_or_explain(attempt, (m, n), right, slips)
    return "The first number grows with the square of n, the second with n."


@checker
def temperature(attempt: Attempt) -> str:
    """Probabilities at another temperature: each to the power 1 / t, scaled to sum to 1."""
    chances = {"ruby": 0.5, "ivy": 0.3, "leo": 0.2}
    for t in (0.5, 1.0, 2.0):
        right = _scaled({w: p ** (1 / t) for w, p in chances.items()})
        slips: Slips = [
            ({w: p ** (1 / t) for w, p in chances.items()}, "Divide by the sum: a distribution sums"
             " to 1."),
            (_scaled({w: p**t for w, p in chances.items()}), "The power is 1 / t. A low temperature"
             " makes the likely words likelier."),
            (_scaled({w: math.exp(p / t) for w, p in chances.items()}), "Softmax takes scores, and"
             " these are probabilities: their scores are log p."),
            (_scaled({w: p / t for w, p in chances.items()}), "Dividing each probability by t"
             " changes nothing once they are scaled; it is the *scores*, log p, that t divides."),
        ]  # fmt: skip
        expect_or_explain(attempt, (chances, t), right, slips)
    return "At t = 1 nothing changes; towards 0 only the likeliest word is left."


def _scaled(weights: Chances) -> Chances:
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


def _kept(chances: Chances, top_p: float, *, goes_over: bool = True) -> Chances:
    """The likeliest words until they reach `top_p`; the word that crosses it is in, or not."""
    kept, total = {}, 0.0
    for word, p in sorted(chances.items(), key=lambda item: -item[1]):
        if total >= top_p - 1e-9 or (not goes_over and total + p > top_p + 1e-9):
            break
        kept[word] = p
        total += p
    return kept


@checker
def nucleus(attempt: Attempt) -> str:
    """Top-p (Holtzman et al. 2020): the smallest set of likeliest words that reaches p."""
    chances = {"the": 0.1, "a": 0.45, "one": 0.05, "there": 0.25, "nora": 0.15}
    for top_p in (0.6, 0.9, 0.3, 1.0):
        kept = _kept(chances, top_p)
        right = _scaled(kept)
        below = _kept(chances, top_p, goes_over=False)
        as_given: Chances = {}
        for word, p in chances.items():
            if sum(as_given.values()) >= top_p - 1e-9:
                break
            as_given[word] = p
        slips: Slips = [
            (kept, "The right words. Scale what is left, so that it sums to 1."),
            (_scaled(below) if below else {}, "The word that takes the sum past p is kept as well:"
             " the kept words must *reach* p."),
            (_scaled(as_given), "The likeliest words come first, in whatever order they come."),
            (_scaled({w: p for w, p in chances.items() if p >= 1 - top_p}), "p is compared with the"
             " sum of the kept words, not with each word."),
        ]  # fmt: skip
        expect_or_explain(attempt, (chances, top_p), right, slips)
    return "Where the model is sure, few words are kept; where it is not, many."


class Tells:
    """A model of two-word texts, shown by a name: after each text the chances of the next word."""

    def __init__(self, table: dict[tuple[str, ...], Chances]) -> None:
        self.table = table

    def __call__(self, words: Sequence[str]) -> Chances:
        return dict(self.table[tuple(words)])

    def __repr__(self) -> str:
        return "tells"


# The likeliest first word leads to no likely text: greedy ends at 0.5 * 0.4, a beam at 0.4 * 0.9.
GARDEN = {
    (): {"a": 0.5, "the": 0.4, "one": 0.1},
    ("a",): {"dog": 0.4, "cat": 0.35, "bird": 0.25},
    ("the",): {"moon": 0.9, "sun": 0.1},
    ("one",): {"day": 1.0},
}


def _beam(tells: Callable[[Sequence[str]], Chances], width: int, n: int) -> list[str]:
    going: list[tuple[list[str], float]] = [([], 1.0)]
    for _ in range(n):
        longer = [([*t, w], p * q) for t, p in going for w, q in tells(t).items()]
        going = sorted(longer, key=lambda pair: -pair[1])[:width]
    return going[0][0]


@checker
def beam(attempt: Attempt) -> str:
    """Beam search with a function that tells the chances of the next word."""
    tells = Tells(GARDEN)
    for width, n in ((1, 2), (2, 2), (3, 2), (2, 1)):
        right: Any = _beam(tells, width, n)
        slips: Slips = [
            (_beam(tells, 1, n), "That is greedy: one text goes on. Keep `width` of them."),
            ([*right[:-1]], "Each round makes every text one word longer; there are n rounds."),
            ([_beam(tells, width, n)], "Return the one best text, a list of words."),
        ]
        expect_or_explain(attempt, (tells, width, n), right, slips)
    return "Here two beams find a text that greedy decoding misses."
