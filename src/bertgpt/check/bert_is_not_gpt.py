"""Checkers for the exercises of the page "BERT is not GPT"."""

import math
from collections.abc import Sequence
from typing import Any

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain

Joint = dict[tuple[str, str], float]
JOINTS: tuple[Joint, ...] = (
    {("tom", "he"): 0.5, ("anna", "she"): 0.4, ("anna", "he"): 0.1},
    {("x", "1"): 0.25, ("y", "2"): 0.25, ("z", "3"): 0.5},
)


def _alone(joint: Joint, place: int) -> dict[str, float]:
    """The probabilities of one word of the pair by itself."""
    found: dict[str, float] = {}
    for pair, p in joint.items():
        found[pair[place]] = found.get(pair[place], 0.0) + p
    return found


def _entropy(chances: dict[Any, float]) -> float:
    return -sum(p * math.log2(p) for p in chances.values() if p > 0)


@checker
def at_once(attempt: Attempt) -> str:
    """Probability that two words drawn apart make a pair that exists, and the bits lost."""
    for joint in JOINTS:
        first, second = _alone(joint, 0), _alone(joint, 1)
        possible = sum(first[a] * second[b] for (a, b), p in joint.items() if p > 0)
        apart = _entropy(first) + _entropy(second)
        lost = apart - _entropy(joint)
        slips: Slips = [
            ([lost, possible], "First the probability, then the bits."),
            ([1 - possible, lost], "That is the probability of a pair that does not exist."),
            ([possible, lost * math.log(2)], "Those are nats: take the logarithm to base 2."),
            ([possible, apart], "Those are the entropies of the two words; take off that of the"
             " pair."),
            ([possible, _entropy(joint)], "That is the entropy of the pair; what is lost is by how"
             " much the two words' entropies exceed it."),
            ([possible, -lost], "The other way round: the words by themselves have more entropy"
             " than the pair."),
            ([sum(joint.values()), lost], "The words are drawn apart: a pair has the product of"
             " its words' probabilities."),
        ]  # fmt: skip
        expect_or_explain(attempt, (joint,), [possible, lost], slips)
    return "What the words tell each other, the mutual information, is what filling at once loses."


class LogP:
    """Log-probabilities of whole texts, shown by a name."""

    def __init__(self, chances: dict[tuple[str, ...], float]) -> None:
        self.chances = chances

    def __call__(self, words: Sequence[str | None]) -> float:
        p = self.chances.get(tuple(words), 0.0)  # type: ignore[arg-type]
        return math.log(p) if p > 0 else -math.inf

    def __repr__(self) -> str:
        return "log_p"


TEXTS = (
    LogP({
        ("ruby", "said", "she"): 0.02, ("rob", "said", "he"): 0.03, ("ruby", "said", "he"): 0.01,
        ("rob", "said", "she"): 0.005, ("zoe", "said", "she"): 0.01,
    }),
    LogP({("a", "b"): 1e-200, ("a", "c"): 3e-200, ("b", "b"): 0.5}),
)  # fmt: skip
GAPS: tuple[tuple[list[str | None], list[str]], ...] = (
    ([None, "said", "she"], ["ruby", "rob", "zoe", "he"]),
    (["a", None], ["b", "c"]),
)


@checker
def rescored(attempt: Attempt) -> str:
    """The probability of each filling of a gap, from the log-probabilities of whole texts."""
    for log_p, (words, vocabulary) in zip(TEXTS, GAPS, strict=True):
        gap = words.index(None)
        scores = {w: log_p([*words[:gap], w, *words[gap + 1 :]]) for w in vocabulary}
        chances = {w: math.exp(score) for w, score in scores.items()}
        total = sum(chances.values())
        right = {w: p / total for w, p in chances.items()}
        slips: Slips = [
            (chances, "Those are probabilities of whole texts: divide by their sum."),
            (scores, "Those are logarithms: take exp, and divide by the sum."),
            (max(right, key=lambda w: right[w]), "That is the likeliest word; give them all, each"
             " with its probability."),
            ({w: p for w, p in right.items() if p > 0}, "Give every word of the vocabulary, those"
             " with probability 0 as well."),
        ]  # fmt: skip
        hint = "Put each word in, score the text, and divide exp(score) by the sum over all words."
        expect_or_explain(attempt, (log_p, words, vocabulary), right, slips, hint)
    return "A reading for each word of the vocabulary: exact, and expensive."


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _half(numbers: Sequence[float], t: float, less: int = 1) -> float:
    """Half the width of an interval of the mean."""
    squares = sum((x - _mean(numbers)) ** 2 for x in numbers)
    return t * math.sqrt(squares / (len(numbers) - less) / len(numbers))


@checker
def paired(attempt: Attempt) -> str:
    """Mean difference of two arms over the same seeds, with its t interval."""
    for one, two, t in (
        ([0.50, 0.61, 0.45, 0.58, 0.52], [0.55, 0.65, 0.51, 0.62, 0.58], 2.776),
        ([3.0, 1.0, 2.0], [2.5, 1.5, 1.0], 4.303),
    ):
        each = [b - a for a, b in zip(one, two, strict=True)]
        mean, half = _mean(each), _half(each, t)
        wide = math.hypot(_half(one, t), _half(two, t))
        population, single = _half(each, t, less=0), half * math.sqrt(len(each))
        slips: Slips = [
            ([-mean, -mean - half, -mean + half], "That is one - two."),
            ([mean, mean - wide, mean + wide], "Those are the arms taken as if their seeds had"
             " nothing in common: take the differences first, seed by seed."),
            ([mean, mean - population, mean + population], "The deviation divides by n - 1, not by"
             " n."),
            ([mean, mean - single, mean + single], "That is the spread of single seeds: the"
             " standard error of the mean is smaller by the root of n."),
            ([mean, mean - half / t, mean + half / t], "Take t standard errors to each side."),
            ([mean - half, mean, mean + half], "First the mean, then the two ends."),
        ]  # fmt: skip
        expect_or_explain(attempt, (one, two, t), [mean, mean - half, mean + half], slips)
    return "Differences of a seed are far steadier than the arms themselves."


class Box:
    """A model in a box, shown by a name: each state adds up what its position may read.

    Args:
        prefix: tokens at the beginning that read each other both ways.
    """

    def __init__(self, prefix: int) -> None:
        self.prefix = prefix

    def __call__(self, ids: Sequence[int]) -> list[float]:
        states = []
        for t in range(len(ids)):
            readable = range(max(t + 1, self.prefix))
            states.append(sum(ids[s] * 0.37 * (s + 1) for s in readable if s < len(ids)) / (t + 1))
        return states

    def __repr__(self) -> str:
        return "states"


@checker
def which_mask(attempt: Attempt) -> str:
    """The prefix of a model's mask, found by changing tokens."""
    for prefix, ids in ((3, [7, 9, 8, 5, 6]), (1, [6, 6, 5, 7]), (4, [5, 8, 9, 6]), (2, [9, 7, 5])):
        slips: Slips = [
            (prefix - 1, "One too few: the last place that the first position feels is part of the"
             " prefix, and the first token reads itself."),
            (len(ids), "Ask the first position only: later ones always feel what came before."),
        ]  # fmt: skip
        hint = "Change one token after the other: up to which place does the first state change?"
        expect_or_explain(attempt, (Box(prefix), ids), prefix, slips, hint)
    return "Change one word and look who feels it: page 08 found its masks in this way."
