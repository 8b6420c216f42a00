"""Checkers for the exercises of the page "Attention before Transformers"."""

import math

from bertgpt.check.answers import shown
from bertgpt.check.arithmetic import softmax, times
from bertgpt.check.feedback import Attempt, Slips, Wrong, ask, checker, expect_or_explain


@checker
def additive_score(attempt: Attempt) -> str:
    """v . tanh(W q + U k), from lists."""
    W, U = [[1.0, 0.0], [0.5, -1.0]], [[0.0, 2.0], [1.0, 0.5]]
    for q, k, v in (([1.0, 0.0], [0.0, 0.5], [1.0, 2.0]), ([0.2, -0.4], [0.3, 0.1], [-1.0, 0.5])):
        a, b = times(W, q), times(U, k)
        sums = [m + n for m, n in zip(a, b, strict=True)]
        swapped = [m + n for m, n in zip(times(W, k), times(U, q), strict=True)]
        slips: Slips = [
            (math.fsum(x * s for x, s in zip(v, sums, strict=True)), "The tanh is missing: without"
             " it the query adds the same to each key's score, and softmax does not see it."),
            (math.fsum(x * math.tanh(s) for x, s in zip(v, swapped, strict=True)), "W is for the"
             " query, U for the key; yours are swapped."),
            (math.tanh(math.fsum(x * s for x, s in zip(v, sums, strict=True))), "The tanh is"
             " applied to the sum W q + U k, number by number, before v."),
            (math.fsum(x * (math.tanh(m) + math.tanh(n)) for x, m, n in zip(v, a, b, strict=True)),
             "Add first, then apply tanh: tanh(W q + U k), not tanh(W q) + tanh(U k)."),
            ([x * math.tanh(s) for x, s in zip(v, sums, strict=True)], "A score is one number: sum"
             " over the products with v."),
        ]  # fmt: skip
        right = math.fsum(x * math.tanh(s) for x, s in zip(v, sums, strict=True))
        expect_or_explain(attempt, (q, k, W, U, v), right, slips)
    return "One number for each pair of query and key; W, U and v are learned."


@checker
def padded_softmax(attempt: Attempt) -> str:
    """Softmax over the first `length` scores; what is padding gets the weight 0."""
    for scores, length in (([1.0, 2.0, 0.0, 0.0], 2), ([0.5, -1.0, 3.0], 3), ([-4.0, 5.0], 1)):
        weights, rest = softmax(scores[:length]), [0.0] * (len(scores) - length)
        everywhere = softmax(scores)
        zeroed = [w if i < length else 0.0 for i, w in enumerate(everywhere)]
        as_zero = softmax([s if i < length else 0.0 for i, s in enumerate(scores)])
        slips: Slips = [
            (everywhere, "Padding is read, too: its weights must be exactly 0."),
            (zeroed, "You set weights to 0 after the softmax; what is left sums to less than 1."),
            (as_zero, "A score of 0 is not a weight of 0: e^0 = 1. Leave padding out, or give it"
             " minus infinity."),
            (weights, "Give back one weight for each score, 0 for padding."),
        ]  # fmt: skip
        expect_or_explain(attempt, (scores, length), [*weights, *rest], slips)
    return "So a short source in a batch of long ones is read as if it were alone."


@checker
def exact_match(attempt: Attempt) -> str:
    """Share of strings without a slip, if each token is right by itself with the same chance."""
    for accuracy, n in ((0.98, 20), (0.5, 3), (1.0, 26)):
        slips: Slips = [
            (accuracy, "That is for one token; all n must be right."),
            (1 - (1 - accuracy) ** n, "That is the chance that at least one token is right."),
            (accuracy * n, "Chances of independent events multiply; they do not add up."),
            (1 - accuracy**n, "That is the chance of at least one slip."),
            (max(0.0, 1 - n * (1 - accuracy)), "Close, and too low: that adds up the slips'"
             " chances, and two slips in one string are counted twice."),
        ]  # fmt: skip
        expect_or_explain(attempt, (accuracy, n), accuracy**n, slips)
    return "0.98 per token sounds like a good mark; a third of the strings are wrong."


@checker
def backward_query(attempt: Attempt) -> str:
    """A query that reads place S - 1 - t, where key s is 1 at place s and 0 elsewhere."""
    for S, t in ((4, 1), (4, 3), (7, 0)):
        query = ask(attempt, S, t)
        if not isinstance(query, list | tuple) or len(query) != S:
            raise Wrong(f"For S = {S} a query is a list of {S} numbers; got {shown(query)}.")
        if not all(isinstance(x, int | float) and math.isfinite(x) for x in query):
            raise Wrong(f"A query holds finite numbers; got {shown(query)}.")
        weights, place = softmax([float(x) for x in query]), S - 1 - t
        if weights[place] >= 0.99:
            continue
        read = max(range(S), key=weights.__getitem__)
        if weights[read] - weights[place] < 1e-9 or read == place:
            hint = "The right place is not ahead by enough: make its score larger."
        elif read == t:
            hint = "That reads forwards: the first token to write is the last one read."
        elif read == place + 1:
            hint = "One off: places are counted from 0, so the last one is S - 1."
        else:
            hint = "Its largest number must be at place S - 1 - t."
        raise Wrong(
            f"With S = {S} and t = {t}, place {place} gets the weight {weights[place]:.3f}, and "
            f"0.99 or more is asked for. {hint}"
        )
    return "A trained decoder has to find such queries by itself, and keys that tell places apart."


@checker
def bits_a_number(attempt: Attempt) -> str:
    """Bits that each of D numbers must hold, for `length` symbols out of `n_symbols`."""
    for n_symbols, length, D in ((12, 20, 32), (2, 64, 64), (26, 10, 5)):
        right = length * math.log2(n_symbols) / D
        slips: Slips = [
            (length * n_symbols / D, "A symbol out of n costs log2(n) bits, not n."),
            (length * math.log(n_symbols) / D, "Those are nats: take the logarithm to base 2."),
            (right * D, "That is the whole string; divide it by the D numbers that share it."),
            (math.log2(n_symbols) / D, "That is for one symbol; there are `length` of them."),
            (right / length * D, "That is what one symbol costs; there are `length` of them, and D"
             " numbers to hold them."),
        ]  # fmt: skip
        expect_or_explain(attempt, (n_symbols, length, D), right, slips)
    return "A 32-bit number has far more room. Capacity is not the fixed vector's problem."
