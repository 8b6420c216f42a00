"""Checkers for the exercises of the page "Words as vectors"."""

import math
from collections import Counter
from typing import Any

from bertgpt.check.answers import shown
from bertgpt.check.feedback import Attempt, Slips, Wrong, ask, checker, expect_or_explain


@checker
def pairs(attempt: Attempt) -> str:
    """All (centre, context) pairs of a list of words with a window of fixed width."""
    for text, window in (("the cat sat on the mat", 2), ("a b", 3), ("to be or not to be", 1)):
        words = text.split()
        far = [(i, j) for i in range(len(words)) for j in range(len(words)) if abs(i - j) <= window]
        near = [(words[i], words[j]) for i, j in far if i != j]
        found = ask(attempt, words, window, unroll=True)
        try:
            answer = Counter((str(a), str(b)) for a, b in found)
        except (TypeError, ValueError):
            raise Wrong(f"Return a list of pairs (centre, context), not {shown(found)}.") from None
        for slip, hint in (
            ([(words[i], words[j]) for i, j in far], "A word is paired with itself: leave it out."),
            ([(words[i], words[j]) for i, j in far if j > i], "Look to the left as well."),
            ([(words[i], words[j]) for i, j in far if j < i], "Look to the right as well."),
            (set(near), "A pair that occurs twice belongs in the list twice."),
        ):  # fmt: skip
            if answer == Counter(slip) != Counter(near):
                raise Wrong(f"{hint} Tried: {shown(text)} with window {window}.")
        missing, extra = Counter(near) - answer, answer - Counter(near)
        if missing or extra:
            kind, odd = ("missing", missing) if missing else ("too many", extra)
            raise Wrong(
                f"For {shown(text)} with window {window}, {odd.total()} pairs are {kind}, such as "
                f"{shown(next(iter(odd)))}."
            )
    return "Skip-gram makes one prediction of each of these pairs."


@checker
def keep(attempt: Attempt) -> str:
    """min(1, sqrt(t / f) + t / f) from a count, the length of the text and t."""
    for count, total, t in ((900, 1000, 0.1), (10, 1000, 0.1), (60, 1000, 0.001)):
        ratio = t * total / count
        right, free = min(1.0, math.sqrt(ratio) + ratio), math.sqrt(ratio) + ratio
        slips: Slips = [
            (1 - right, "That is how likely the word is dropped; return how likely it is kept."),
            (free, "A probability is at most 1: take the smaller of the formula and 1."),
            (min(1.0, math.sqrt(ratio)), "The second term, t / f, is missing."),
            (
                min(1.0, math.sqrt(t / count) + t / count),
                "f is a fraction: count divided by total.",
            ),
        ]
        expect_or_explain(attempt, (count, total, t), right, slips)
    return "A word that makes up 6 % of a text is kept about once in seven times for t = 0.001."


@checker
def pmi(attempt: Attempt) -> str:
    """log p(a, b) / (p(a) p(b)), natural logarithm, from three counts and the number of pairs."""
    for both, a, b, total in ((20, 100, 50, 1000), (1, 100, 50, 1000), (5, 100, 50, 1000)):
        right = math.log(both * total / (a * b))
        slips: Slips = [
            (right / math.log(2), "That is in bits. Take the natural logarithm, `math.log`."),
            (-right, "The sign is turned: together above, chance below the line."),
            (both * total / (a * b), "That is the ratio; its logarithm is asked for."),
            (math.log(both / (a * b)), "Counts are not probabilities: divide each by the total."),
        ]
        expect_or_explain(attempt, (both, a, b, total), right, slips)
    return "Above 0: more often together than by chance. 0: as often. Below 0: less often."


@checker
def neighbours(attempt: Attempt) -> str:
    """The n nearest words by cosine, the word itself left out, from a dict of vectors."""
    vectors = {"king": [2.0, 1.0], "queen": [6.0, 2.5], "car": [-1.0, 3.0], "road": [1.0, 9.0],
               "cat": [1.0, -0.2], "shy": [0.2, 0.1001]}  # fmt: skip

    def dot(u: list[float], v: list[float]) -> float:
        return sum(a * b for a, b in zip(u, v, strict=True))

    for word, n in (("king", 2), ("car", 3), ("cat", 1)):
        x = vectors[word]

        def ranked(score: Any, word: str = word, n: int = n) -> list[str]:
            return sorted((w for w in vectors if w != word), key=score, reverse=True)[:n]

        def cosine(w: str, x: list[float] = x) -> float:
            return dot(x, vectors[w]) / math.hypot(*vectors[w])

        slips: Slips = [
            ([word, *ranked(cosine)][:n], "The word is its own nearest neighbour: leave it out."),
            (ranked(lambda w, x=x: dot(x, vectors[w])), "Long vectors win with a plain dot product:"
             " divide it by both lengths."),
            (ranked(lambda w, x=x: -math.dist(x, vectors[w])), "That is by distance. The cosine"
             " looks only at the angle."),
            (ranked(lambda w: -cosine(w)), "These are the farthest: sort the other way."),
        ]  # fmt: skip
        expect_or_explain(attempt, (vectors, word, n), ranked(cosine), slips)
    return "Length does not count, only direction."


@checker
def step(attempt: Attempt) -> str:
    """New x and y after one step down the gradient of the loss of one pair."""
    for x, y, label, rate in (([1.0, 2.0], [0.5, -1.0], 1, 0.1), ([1.0, 0.0], [2.0, 3.0], 0, 0.5)):
        s = 1 / (1 + math.exp(-sum(a * b for a, b in zip(x, y, strict=True))))

        def moved(u: list[float], v: list[float], g: float) -> list[float]:
            return [a + g * b for a, b in zip(u, v, strict=True)]

        g = rate * (label - s)
        right = (moved(x, y, g), moved(y, x, g))
        slips: Slips = [
            ((moved(x, y, -g), moved(y, x, -g)), "You went up: the loss grows. Turn the sign."),
            ((right[0], moved(y, right[0], g)), "y learned from the new x. Keep the old x until"
             " both are computed."),
            ((moved(x, y, g / rate), moved(y, x, g / rate)), "The learning rate is missing."),
            ((moved(x, x, g), moved(y, y, g)), "Each vector moves along the other one."),
            ((right[0], y), "y has to move, too."),
        ]  # fmt: skip
        expect_or_explain(attempt, (x, y, label, rate), right, slips)
    return "That is all of skip-gram's training, a few million times over."
