"""The exercises of "Counting words": right answers pass, and each usual slip is named."""

import math
from collections import Counter
from itertools import pairwise
from typing import Any

from bertgpt.check import counting as check

# ------------------------------------------------------------------------ right answers


def markov(text):
    kinds = [letter in "aeiou" for letter in text]
    n = Counter(pairwise(kinds))
    return tuple(n[k, True] / (n[k, True] + n[k, False]) for k in (True, False))


def add_k(words, context, word, k):
    n = Counter(pairwise(words))
    return (n[context, word] + k) / (words.count(context) + k * len(set(words)))


def bits_per_token(p):
    return math.inf if 0 in p else -sum(map(math.log2, p)) / len(p)


def continuation_count(words, word):
    return len({a for a, b in pairwise(words) if b == word})


def mixed(p, q, w):
    return bits_per_token([w * a + (1 - w) * b for a, b in zip(p, q, strict=True)])


def best_weight(p, q):
    return min((i / 100 for i in range(101)), key=lambda w: mixed(p, q, w))


def entropy(grammar, state):
    return sum(-p * math.log2(p) + p * entropy(grammar, after) for p, _, after in grammar[state])


RIGHT: dict[str, Any] = {
    "markov": markov,
    "add_k": add_k,
    "bits_per_token": bits_per_token,
    "continuation_count": continuation_count,
    "best_weight": best_weight,
    "entropy": entropy,
}


def test_a_list_for_a_tuple_will_do() -> None:
    assert check.markov(lambda text: list(markov(text))).passed


# ------------------------------------------------------------------------ usual slips


def kinds(text):
    return "".join("V" if letter in "aeiou" else "C" for letter in text)


def pairs(text):
    return Counter(pairwise(kinds(text)))


def geometric(p, q):
    def score(w):
        return -sum(
            w * math.log(a) + (1 - w) * math.log(b) for a, b in zip(p, q, strict=True)
        )  # fmt: skip

    return min((i / 100 for i in range(101)), key=score)


def seen(words, context, word):
    return Counter(pairwise(words))[context, word]


def unweighted(grammar, state):
    return sum(-p * math.log2(p) + unweighted(grammar, a) for p, _, a in grammar[state])


def zero_forgotten(p):
    return -sum(math.log2(x) for x in p if x) / len(p)


WRONG: list[tuple[str, Any, str]] = [
    ("markov", lambda t: (pairs(t)["V", "V"] / (len(t) - 1), pairs(t)["C", "V"] / (len(t) - 1)),
     "not by the number of all pairs"),
    ("markov", lambda t: tuple(pairs(t)[k, "V"] / (pairs(t)["V", "V"] + pairs(t)["C", "V"])
                                   for k in "VC"),
     "count of what comes second, not of the context"),
    ("markov", lambda t: tuple(pairs(t)[k, "V"] / kinds(t).count(k) for k in "VC"),
     "counted the last letter as a context"),
    ("markov", lambda t: markov(t)[::-1], "The two are swapped"),
    ("markov", lambda t: (markov(t)[0], 1 - markov(t)[0]), "yours is for consonants after"),
    ("markov", lambda t: kinds(t).count("VV") / len(t), "gave"),
    ("add_k", lambda ws, h, w, k: (seen(ws, h, w) + k) / (ws.count(w) + k * len(set(ws))),
     "divided by the count of the word, not of the context"),
    ("add_k", lambda ws, h, w, k: (seen(ws, h, w) + k) / (ws.count(h) + k),
     "k times the vocabulary's size"),
    ("add_k", lambda ws, h, w, k: seen(ws, h, w) / (ws.count(h) + k * len(set(ws))),
     "Above the line k is missing"),
    ("add_k", lambda ws, h, w, k: (seen(ws, h, w) + k) / (ws.count(h) + k * len(ws)),
     "the number of different words"),
    ("add_k", lambda ws, h, w, k: add_k(ws[::-1], h, w, k), "the context comes first"),
    ("add_k", lambda ws, h, w, k: seen(ws, h, w) / ws.count(h), "k was not added"),
    ("bits_per_token", lambda p: bits_per_token(p) * math.log(2), "logarithm to base 2"),
    ("bits_per_token", lambda p: bits_per_token(p) * len(p), "divide it by the number"),
    ("bits_per_token", lambda p: -bits_per_token(p), "never negative"),
    ("bits_per_token", lambda p: 2 ** bits_per_token(p), "That is the perplexity"),
    ("bits_per_token", lambda p: -math.log2(sum(p) / len(p)), "not the logarithm of the mean"),
    ("bits_per_token", lambda p: -sum(map(math.log2, p)) / len(p),
     "probability 0 costs math.inf bits. .* stopped with ValueError"),
    ("bits_per_token", zero_forgotten, r"costs math.inf bits. .* gave 0.5, expected inf"),
    ("continuation_count", lambda ws, w: len([1 for _, b in pairwise(ws) if b == w]),
     "twice counts once"),
    ("continuation_count", lambda ws, w: ws.count(w), "how often the word occurs"),
    ("continuation_count", lambda ws, w: len({b for a, b in pairwise(ws) if a == w}),
     "words after it; count those before"),
    ("best_weight", lambda p, q: 1 - best_weight(p, q), "weight of q; give that of p"),
    ("best_weight", lambda p, q: max((0.0, 1.0), key=lambda w: mixed(p, q, w)),
     "the most bits"),
    ("best_weight", lambda p, q: mixed(p, q, best_weight(p, q)), "return the weight"),
    ("best_weight", geometric, "Mix the probabilities and then"),
    ("entropy", lambda g, s: entropy(g, s) * math.log(2), "logarithm to base 2"),
    ("entropy", lambda g, s: sum(-p * math.log2(p) for p, _, _ in g[s]),
     "only the next choice; add what is still to come"),
    ("entropy", unweighted, "Weight what comes after"),
    ("entropy", lambda g, s: -entropy(g, s), "never negative"),
]  # fmt: skip
