"""The exercises of "Words as vectors": right answers pass, and each usual slip is named."""

import math
from typing import Any

# ------------------------------------------------------------------------ right answers


def pairs(words, window):
    return [
        (centre, words[j])
        for i, centre in enumerate(words)
        for j in range(max(0, i - window), min(len(words), i + window + 1))
        if j != i
    ]


def keep(count, total, threshold):
    ratio = threshold * total / count
    return min(1.0, math.sqrt(ratio) + ratio)


def pmi(both, a, b, total):
    return math.log(both * total / (a * b))


def dot(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True))


def cosine(u, v):
    return dot(u, v) / math.hypot(*u) / math.hypot(*v)


def ranked(score):
    def answer(vectors, word, n):
        others = [w for w in vectors if w != word]
        return sorted(others, key=lambda w: -score(vectors[word], vectors[w]))[:n]

    return answer


def moved(u, v, g):
    return [a + g * b for a, b in zip(u, v, strict=True)]


def step(x, y, label, rate):
    g = rate * (label - 1 / (1 + math.exp(-dot(x, y))))
    return moved(x, y, g), moved(y, x, g)


RIGHT = {"pairs": pairs, "keep": keep, "pmi": pmi, "neighbours": ranked(cosine), "step": step}


# ------------------------------------------------------------------------ slips


def late_step(x, y, label, rate):
    new_x, _ = step(x, y, label, rate)
    g = rate * (label - 1 / (1 + math.exp(-dot(x, y))))
    return new_x, moved(y, new_x, g)


def with_itself(words, window):
    return pairs(words, window) + [(word, word) for word in words]


def right_side(words, window):
    return [(a, b) for i, a in enumerate(words) for b in words[i + 1 : i + 1 + window]]


def left_side(words, window):
    return [(b, a) for a, b in right_side(words, window)]


def self_first(vectors, word, n):
    return [word, *ranked(cosine)(vectors, word, n)][:n]


WRONG: list[tuple[str, Any, str]] = [
    ("pairs", with_itself, "A word is paired with itself"),
    ("pairs", right_side, "Look to the left as well"),
    ("pairs", left_side, "Look to the right as well"),
    ("pairs", lambda w, c: set(pairs(w, c)), "occurs twice belongs in the list twice"),
    ("pairs", lambda w, c: pairs(w, c + 1), "pairs are too many, such as"),
    ("pairs", lambda w, c: pairs(w, c - 1), "pairs are missing, such as"),
    ("pairs", lambda w, c: 7, "Return a list of pairs .*, not 7"),
    ("pairs", lambda w, c: w, "Return a list of pairs"),
    ("keep", lambda c, n, t: 1 - keep(c, n, t), "how likely the word is dropped"),
    ("keep", lambda c, n, t: math.sqrt(t * n / c) + t * n / c, "A probability is at most 1"),
    ("keep", lambda c, n, t: min(1.0, math.sqrt(t * n / c)), "second term, t / f, is missing"),
    ("keep", lambda c, n, t: keep(c, 1, t), "f is a fraction: count divided by total"),
    ("pmi", lambda *n: pmi(*n) / math.log(2), "That is in bits"),
    ("pmi", lambda *n: -pmi(*n), "The sign is turned"),
    ("pmi", lambda *n: math.exp(pmi(*n)), "That is the ratio"),
    ("pmi", lambda both, a, b, n: math.log(both / a / b), "Counts are not probabilities"),
    ("neighbours", self_first, "its own nearest neighbour: leave it out"),
    ("neighbours", ranked(dot), "Long vectors win with a plain dot product"),
    ("neighbours", ranked(lambda u, v: -math.dist(u, v)), "That is by distance"),
    ("neighbours", ranked(lambda u, v: -cosine(u, v)), "These are the farthest"),
    ("step", lambda x, y, z, r: step(x, y, z, -r), "You went up"),
    ("step", lambda x, y, z, r: step(x, y, z, 1), "The learning rate is missing"),
    ("step", late_step, "y learned from the new x"),
    ("step", lambda x, y, z, r: (step(x, y, z, r)[0], y), "y has to move, too"),
]
