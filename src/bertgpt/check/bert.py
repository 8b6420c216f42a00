"""Checkers for the exercises of the page "BERT"."""

import math
from typing import Any, Literal

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain

Text = tuple[str, ...]
Joint = dict[Text, float]


@checker
def guesses(attempt: Attempt) -> str:
    """Updates of BERT that ask as often as those of a GPT."""
    for n, r, u in ((32, 0.15, 8000), (10, 0.4, 100), (1, 0.5, 6)):
        slips: Slips = [
            (u / r, "GPT is asked for the end as well: n + 1 times a story."),
            (u * r * n / (n + 1), "The wrong way round: BERT is asked less often, so it needs more"
             " updates."),
            (u * (n + 1) / n, "BERT is asked for a share r of the words only."),
            (u * (n + 1) / (r * (n + 1)), "BERT is not asked for the end: it hides words only."),
        ]  # fmt: skip
        expect_or_explain(attempt, (n, r, u), u * (n + 1) / (r * n), slips)
    return "At 15 % some seven times as many."


def _hidden(
    given: tuple[list[int], list[float], list[float], list[float], list[int], int, float],
    bounds: tuple[float, float] = (0.8, 0.9),
    chosen_by: Literal["rank", "coin", "all ids"] = "rank",
    least: int = 1,
) -> list[list[Any]]:
    ids, chosen, fate, other, words, mask, rate = given
    ordinary = [t for t, i in enumerate(ids) if chosen_by == "all ids" or i in words]
    asked_for = sorted(ordinary, key=lambda t: chosen[t])[: max(least, round(rate * len(ordinary)))]
    if chosen_by == "coin":
        asked_for = [t for t in ordinary if chosen[t] < rate]
    seen, asked = list(ids), [None] * len(ids)  # type: list[Any], list[Any]
    for t in asked_for:
        asked[t] = ids[t]
        if fate[t] < bounds[0]:
            seen[t] = mask
        elif fate[t] < bounds[1]:
            seen[t] = words[int(other[t] * len(words))]
    return [seen, asked]


@checker
def hide(attempt: Attempt) -> str:
    """The masking step with a fixed number of words, as BERT's own code has it.

    `create_masked_lm_predictions` of google-research/bert: the first of the shuffled words.
    """
    words = [5, 6, 7, 8, 9]
    ids = [2, 7, 9, 5, 8, 6, 3]
    for given in (
        (ids, [0.05, 0.1, 0.6, 0.3, 0.2, 0.4, 0.01], [0.5, 0.1, 0.3, 0.85, 0.95, 0.9, 0.2],
         [0.5, 0.1, 0.3, 0.9, 0.99, 0.0, 0.6], words, 4, 0.6),
        (ids, [0.0, 0.9, 0.1, 0.4, 0.39, 0.7, 0.2], [0.3] * 7, [0.2] * 7, words, 4, 0.05),
    ):  # fmt: skip
        right = _hidden(given)
        kept = [[s if a is None else given[5] for s, a in zip(*right, strict=True)], right[1]]
        unasked = [right[0], [a if s == given[5] else None for s, a in zip(*right, strict=True)]]
        slips: Slips = [
            (_hidden(given, least=0), "One word at least is asked for."),
            (_hidden(given, chosen_by="coin"), "That tosses a coin for each word; here the number"
             " is fixed, and those with the smallest draws are asked for."),
            (_hidden(given, chosen_by="all ids"), "Special tokens, those that are not in `words`,"
             " are never asked for, and do not count."),
            (kept, "Only those with `fate` below 0.8 become [MASK]; of the others half are replaced"
             " by a word, and half stay."),
            (unasked, "Also a word that stays, or that is replaced by another, is asked for."),
            ([right[0], list(ids)], "Nothing is asked where no word was chosen: `None` there."),
            (_hidden(given, bounds=(0.1, 0.2)), "80 % become [MASK], 10 % a word, 10 % stay."),
            (right[::-1], "First what is seen, then what is asked for."),
        ]  # fmt: skip
        expect_or_explain(attempt, given, right, slips)
    return "So does the code that BERT's authors released, with words in a random order."


JOINTS: tuple[Joint, ...] = (
    {("ruby", "she"): 0.5, ("rob", "he"): 0.3, ("ruby", "it"): 0.1, ("rob", "it"): 0.1},
    {("a", "a", "b"): 0.4, ("a", "b", "b"): 0.2, ("b", "b", "b"): 0.3, ("b", "a", "a"): 0.1},
)


def _conditional(joint: Joint, text: Text, place: int, shown: list[int]) -> float:
    """Probability of the word at a place given the words at the places shown."""
    agree = {t: p for t, p in joint.items() if all(t[i] == text[i] for i in shown)}
    return sum(p for t, p in agree.items() if t[place] == text[place]) / sum(agree.values())


@checker
def any_order(attempt: Attempt) -> str:
    """The chain rule in any order, on a joint distribution that is written down."""
    for joint, text, order in (
        (JOINTS[0], ("ruby", "she"), [1, 0]),
        (JOINTS[1], ("a", "b", "b"), [2, 0, 1]),
        (JOINTS[1], ("b", "b", "b"), [1, 2, 0]),
    ):
        n = len(text)
        right = [_conditional(joint, text, i, order[:k]) for k, i in enumerate(order)]
        slips: Slips = [
            ([_conditional(joint, text, i, list(range(i))) for i in range(n)], "That is from left"
             " to right; follow `order`."),
            ([_conditional(joint, text, i, [j for j in range(n) if j != i]) for i in order], "Only"
             " the words revealed before are known, not all the others."),
            ([_conditional(joint, text, i, []) for i in order], "A word may use those that were"
             " revealed before it."),
            (list(math.prod(right[: k + 1]) for k in range(n)), "Those are the products so far;"
             " give each guess by itself."),
            ([right[order.index(i)] for i in range(n)], "List them in the order of revealing."),
        ]  # fmt: skip
        expect_or_explain(attempt, (joint, text, order), right, slips)
    return "Each order multiplies to joint[text]: a perfect BERT is surprised as much as a GPT."


@checker
def pseudo(attempt: Attempt) -> str:
    """The sum of pseudo-likelihoods over all texts of a joint distribution."""
    independent: Joint = {(a, b): 0.25 for a in "xy" for b in "xy"}
    for joint in (*JOINTS, independent):
        n = len(next(iter(joint)))
        rest = {i: [j for j in range(n) if j != i] for i in range(n)}
        products = [math.prod(_conditional(joint, t, i, rest[i]) for i in range(n)) for t in joint]
        slips: Slips = [
            (sum(joint.values()), "That is the sum of the texts' own probabilities. Guess each word"
             " from all the others, and multiply these guesses."),
            (sum(p * q for p, q in zip(joint.values(), products, strict=True)), "Do not weigh the"
             " texts by their probability: sum the products as they are."),
            (math.prod(products), "Sum over the texts."),
            (sum(math.prod(_conditional(joint, t, i, []) for i in range(n)) for t in joint),
             "Each word is guessed with the others in view, not by itself."),
        ]  # fmt: skip
        expect_or_explain(attempt, (joint,), sum(products), slips)
    return "Above 1 as soon as words tell of each other: no probability of texts."


def _chances(words: list[str | None], i: int) -> dict[str, float]:
    """A model of four words that agree in pairs: 0 with 2, 1 with 3."""
    partner = words[(i + 2) % 4]
    if partner is not None:
        sure = 0.9 if i % 2 == 0 else 0.8
        return {partner: sure, "other": 1 - sure}
    first = (0.3, 0.6, 0.4, 0.5)[i]
    return {"left" if i % 2 else "up": first, "right" if i % 2 else "down": 1 - first}


class Guess:
    """A function that is shown by its name, without an address in memory."""

    def __call__(self, words: list[str | None], i: int) -> dict[str, float]:
        return _chances(words, i)

    def __repr__(self) -> str:
        return "guess"


@checker
def surest_first(attempt: Attempt) -> str:
    """Gaps filled in the order of certainty, each with its likeliest word."""
    givens: list[list[str | None]] = [
        [None] * 4, [None, "left", None, None], ["down", None, None, "right"],
    ]  # fmt: skip
    for given in givens:
        right = _filled(given)
        slips: Slips = [
            (_filled(given, order="left"), "That is from left to right. Take the surest gap."),
            (_filled(given, order="once"), "Ask again after each word: the guesses change."),
            (_filled(given, order="least"), "The surest first, not the least sure."),
            (right[::-1], "First the words, then the positions."),
            (right[0], "Return the positions, too."),
        ]
        expect_or_explain(attempt, (Guess(), list(given)), right, slips)
    return "Ghazvininejad et al. (2019) let a masked model translate so, several words a step."


def _filled(given: list[str | None], order: str = "surest") -> list[Any]:
    words, places = list(given), []
    first = {i: _chances(words, i) for i, word in enumerate(words) if word is None}
    while None in words:
        gaps = [i for i, word in enumerate(words) if word is None]
        now = first if order == "once" else {i: _chances(words, i) for i in gaps}
        sure = {i: max(now[i].values()) for i in gaps}
        place = gaps[0]
        if order == "least":
            place = min(gaps, key=lambda i: sure[i])
        elif order != "left":
            place = max(gaps, key=lambda i: sure[i])
        words[place] = max(now[place], key=lambda word: now[place][word])
        places.append(place)
    return [words, places]
