"""Checkers for the exercises of the page "Counting words"."""

import math
from collections import Counter
from itertools import pairwise

from bertgpt.check.feedback import Attempt, Wrong, checker, expect_or_explain


@checker
def markov(attempt: Attempt) -> str:
    """P(vowel | vowel) and P(vowel | consonant) in a string of lower-case letters."""
    for text in ("onions", "bananatree", "engineeringdepartment"):
        kinds = ["V" if letter in "aeiou" else "C" for letter in text]
        n, one, pairs = Counter(pairwise(kinds)), Counter(kinds), len(kinds) - 1
        vv, vc, cv, cc = (n[a, b] for a in "VC" for b in "VC")
        v, c = vv / (vv + vc), cv / (cv + cc)
        slips = [
            ((vv / pairs, cv / pairs), "Divide by how often the first letter's kind occurs, not by"
             " the number of all pairs."),
            ((vv / (vv + cv), cv / (vv + cv)), "You divided by the count of what comes second, not"
             " of the context, the letter before."),
            ((vv / one["V"], cv / one["C"]), "You counted the last letter as a context, and nothing"
             " follows it."),
            ((c, v), "The two are swapped: first after a vowel, then after a consonant."),
            ((v, 1 - v), "The second number must be for vowels after a consonant; yours is for"
             " consonants after a vowel."),
        ]  # fmt: skip
        expect_or_explain(attempt, (text,), (v, c), slips)
    return "Markov did this by hand, for 20,000 letters."


@checker
def add_k(attempt: Attempt) -> str:
    """(c(h w) + k) / (c(h) + k V), from a list of words, a context, a word and k."""
    words = "the cat sat on the mat and the cat saw a dog near the mat".split()
    n, one = Counter(pairwise(words)), Counter(words)
    size = len(one)
    for context, word, k in (("the", "cat", 1.0), ("the", "dog", 0.5), ("cat", "the", 0.1)):
        c, h = n[context, word], one[context]
        below = h + k * size
        slips = [
            ((c + k) / (one[word] + k * size), "You divided by the count of the word, not of the"
             " context."),
            ((c + k) / (h + k), "Each word of the vocabulary was given k after this context: divide"
             " by the context's count plus k times the vocabulary's size."),
            (c / below, "Above the line k is missing: this pair was given k, too."),
            ((c + k) / (h + k * len(words)), "The vocabulary's size is the number of different"
             " words."),
            ((n[word, context] + k) / below, "You counted the pair the wrong way round: the"
             " context comes first."),
            (c / h, "That is the bare count; k was not added."),
        ]  # fmt: skip
        expect_or_explain(attempt, (words, context, word, k), (c + k) / below, slips)
    return "No pair is impossible any more, and the probabilities still sum to 1."


@checker
def bits_per_token(attempt: Attempt) -> str:
    """Mean surprise in bits of a list of probabilities; infinite if one is zero."""
    for p in ([0.5, 0.25], [0.9, 0.1, 0.02]):
        bits = -sum(map(math.log2, p)) / len(p)
        slips = [
            (bits * math.log(2), "Those are nats: take the logarithm to base 2."),
            (bits * len(p), "That is the sum; divide it by the number of tokens."),
            (-bits, "The sign is wrong: a surprise is never negative."),
            (2**bits, "That is the perplexity, two to the power of the answer."),
            (-math.log2(sum(p) / len(p)), "Take the mean of the logarithms, not the logarithm of"
             " the mean."),
        ]  # fmt: skip
        expect_or_explain(attempt, (p,), bits, slips)
    try:
        expect_or_explain(attempt, ([0.5, 0.0],), math.inf)
    except Wrong as wrong:
        raise Wrong(f"A token of probability 0 costs math.inf bits. {wrong}") from None
    return "The mean surprise, and one zero is enough to make it infinite."


@checker
def continuation_count(attempt: Attempt) -> str:
    """How many different words come just before a word."""
    words = "new york is near new york but new york has this old house and my house and our house"
    pairs = list(pairwise(words.split()))
    for word in ("new", "york", "house"):
        before, after = ([p[i] for p in pairs if p[1 - i] == word] for i in (0, 1))
        slips = [
            (len(before), "The same word before it twice counts once: count different words."),
            (words.split().count(word), "That is how often the word occurs."),
            (len(set(after)), "You counted the words after it; count those before."),
        ]
        expect_or_explain(attempt, (words.split(), word), len(set(before)), slips)
    return "A word that follows many others is a good guess after a new one."


@checker
def best_weight(attempt: Attempt) -> str:
    """The w in 0, 0.01, ... 1 for which w p + (1 - w) q needs the fewest bits."""
    grid = [i / 100 for i in range(101)]
    for p, q in (([0.6, 0.01, 0.3, 0.5], [0.1, 0.2, 0.1, 0.3]), ([0.02, 0.3], [0.2, 0.1])):
        pairs = list(zip(p, q, strict=True))
        bits = [-sum(math.log2(w * a + (1 - w) * b) for a, b in pairs) / len(p) for w in grid]
        best = grid[bits.index(min(bits))]
        slips = [
            (1 - best, "That is the weight of q; give that of p."),
            (grid[bits.index(max(bits))], "That weight needs the most bits; look for the fewest."),
            (min(bits), "Those are the bits at the best weight; return the weight."),
            (float(bits[0] > bits[-1]), "Mix the probabilities and then take the logarithm; the"
             " best of two mixed logarithms is always one of the two."),
        ]  # fmt: skip
        expect_or_explain(attempt, (p, q), best, slips)
    return "Two models together need fewer bits than one of them."


@checker
def entropy(attempt: Attempt) -> str:
    """Bits of a whole text of a small grammar: its choices, each weighted by its probability."""
    grammar = {
        "START": [(0.5, "anna", "VERB"), (0.25, "tom", "VERB"), (0.25, "nobody", "END")],
        "VERB": [(0.75, "sleeps", "END"), (0.25, "eats", "FOOD")],
        "FOOD": [(0.5, "cake", "END"), (0.5, "plums", "END")],
        "END": [],
    }

    def bits(state: str, then: Attempt) -> float:
        return sum(-p * math.log2(p) + then(p, after) for p, _, after in grammar[state])

    def total(state: str) -> float:
        return bits(state, lambda p, after: p * total(after))

    def unweighted(state: str) -> float:
        return bits(state, lambda p, after: unweighted(after))

    for state in ("END", "FOOD", "VERB", "START"):
        own = bits(state, lambda p, after: 0.0)
        slips = [
            (total(state) * math.log(2), "Those are nats: take the logarithm to base 2."),
            (own, "That is only the next choice; add what is still to come after it."),
            (unweighted(state), "Weight what comes after a choice by the choice's probability."),
            (-total(state), "The sign is wrong: an entropy is never negative."),
        ]
        expect_or_explain(attempt, (grammar, state), total(state), slips)
    return "That is how Toyland's floor was computed."
