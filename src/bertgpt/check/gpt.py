"""Checkers for the exercises of the page "GPT"."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from bertgpt.check.answers import shown
from bertgpt.check.feedback import (
    Attempt,
    Slips,
    Wrong,
    ask,
    call_text,
    checker,
    expect_or_explain,
)

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
def which_temperature(attempt: Attempt) -> str:
    """The temperature at which one word is r times as likely as another, from p and q at 1."""
    for p, q, r in ((0.6, 0.4, 9), (0.5, 0.2, 2.5), (0.3, 0.1, 1.5)):
        right = math.log(p / q) / math.log(r)
        slips: Slips = [
            (1 / right, "The other way round: a low temperature sets the scores further apart."),
            (p / q / r, "It is the scores, log p, that t divides, and not the probabilities."),
            ((p - q) / math.log(r), "The scores are log p and log q, not p and q."),
            ((math.log(p) - math.log(q)) / r, "r is the ratio that is wanted of two probabilities;"
             " the scores then differ by log r."),
        ]  # fmt: skip
        expect_or_explain(attempt, (p, q, r), right, slips)
    return "At r = p / q nothing changes: t is 1. Twice as low a t squares each ratio."


def _n_kept(chances: Sequence[float], top_p: float) -> int:
    """How many words top-p keeps (Holtzman et al. 2020): the fewest likeliest that reach p."""
    total = 0.0
    for n, p in enumerate(sorted(chances, reverse=True), start=1):
        total += p
        if total >= top_p - 1e-9:
            return n
    return len(chances)


@checker
def where_top_k_errs(attempt: Attempt) -> str:
    """Two distributions: top-k keeps more words than top-p in the first, fewer in the second."""
    for k, top_p in ((3, 0.9), (2, 0.8), (5, 0.95)):
        call, pair = call_text(attempt, (k, top_p)), ask(attempt, k, top_p)
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise Wrong(f"{call} gave {shown(pair)}; return a list of two lists of probabilities.")
        for which, chances in zip(("first", "second"), pair, strict=True):
            if not isinstance(chances, list | tuple) or not all(
                isinstance(p, int | float) and p >= 0 for p in chances
            ):
                raise Wrong(f"The {which} of {call} is {shown(chances)}; give a list of numbers, 0"
                            " or above.")  # fmt: skip
            if abs(sum(chances) - 1) > 1e-6:
                raise Wrong(f"The {which} of {call} sums to {sum(chances):g}, not to 1.")
            if len(chances) <= k:
                raise Wrong(f"The {which} of {call} has {len(chances)} words: top-k {k} cuts"
                            " nothing. Give more words.")  # fmt: skip
        sure, unsure = (_n_kept(chances, top_p) for chances in pair)
        if sure >= k:
            raise Wrong(f"In the first of {call} top-p keeps {sure} words, and should keep fewer"
                        f" than {k}: let one word be nearly certain.")  # fmt: skip
        if unsure <= k:
            raise Wrong(f"In the second of {call} top-p keeps {unsure} words, and should keep more"
                        f" than {k}: spread the probability.")  # fmt: skip
    return "Where a reader is sure few words should be kept, and many where not; top-k keeps k."


END = "end"


class Tells:
    """A model of short texts, shown by a name: after each text the chances of the next word."""

    def __init__(self, table: dict[tuple[str, ...], Chances]) -> None:
        self.table = table

    def __call__(self, words: Sequence[str]) -> Chances:
        return dict(self.table.get(tuple(words), {}))

    def __repr__(self) -> str:
        return "tells"


# One beam ends at 0.5 * 0.45 * 0.6, two find 0.4 * 0.9 * 0.45, and three the shortest, 0.5 * 0.35.
GARDEN = {
    (): {"a": 0.5, "the": 0.4, "one": 0.1},
    ("a",): {"dog": 0.45, END: 0.35, "cat": 0.2},
    ("a", "dog"): {END: 0.6, "ran": 0.4},
    ("a", "dog", "ran"): {END: 1.0},
    ("a", "cat"): {END: 1.0},
    ("the",): {"moon": 0.9, "sun": 0.1},
    ("the", "moon"): {"rose": 0.55, END: 0.45},
    ("the", "moon", "rose"): {END: 0.8, "again": 0.2},
    ("the", "sun"): {END: 1.0},
    ("one",): {"day": 1.0},
    ("one", "day"): {END: 1.0},
}


def _beam(
    tells: Callable[[Sequence[str]], Chances], width: int, n: int, *, keeps: bool = True
) -> list[str]:
    """The likeliest text of n rounds; `keeps`: a text that has ended stays in the contest."""
    going: list[tuple[list[str], float]] = [([], 1.0)]
    for _ in range(n):
        longer = [([*t, w], p * q) for t, p in going for w, q in tells(t).items()]
        longer += [(t, p) for t, p in going if keeps and t[-1:] == [END]]
        going = sorted(longer, key=lambda pair: -pair[1])[:width]
    return going[0][0]


@checker
def beam(attempt: Attempt) -> str:
    """Beam search over texts that may end early, with a function that tells the next word."""
    tells = Tells(GARDEN)
    for width, n in ((1, 3), (2, 4), (3, 4), (2, 1)):
        right: Any = _beam(tells, width, n)
        slips: Slips = [
            (_beam(tells, 1, n), "That is greedy: one text goes on. Keep `width` of them."),
            (_beam(tells, width, n, keeps=False), "A text that has ended got lost: it has no next"
             " word, but it stays in the contest with the probability it has."),
            ([*right[:-1]], "Each round makes every text one word longer; there are n rounds."),
            ([_beam(tells, width, n)], "Return the one best text, a list of words."),
        ]  # fmt: skip
        expect_or_explain(attempt, (tells, width, n), right, slips)
    return "Two beams beat one, and three find the likeliest text here, which is the shortest."
