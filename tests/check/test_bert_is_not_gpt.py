"""Checkers of the page "BERT is not GPT"."""

import math
from typing import Any


def words_alone(joint: Any) -> tuple[dict[str, float], dict[str, float]]:
    first: dict[str, float] = {}
    second: dict[str, float] = {}
    for (a, b), p in joint.items():
        first[a] = first.get(a, 0) + p
        second[b] = second.get(b, 0) + p
    return first, second


def at_once(joint: Any) -> list[float]:
    """By the mutual information, where the checker adds up entropies."""
    first, second = words_alone(joint)
    exists = sum(first[a] * second[b] for a, b in joint)
    lost = sum(p * math.log2(p / (first[a] * second[b])) for (a, b), p in joint.items())
    return [exists, lost]


def entropy(chances: Any) -> float:
    return -sum(p * math.log2(p) for p in chances.values())


def rescored(log_p: Any, words: Any, vocabulary: Any) -> dict[str, float]:
    gap, scores = words.index(None), {}
    for word in vocabulary:
        text = list(words)
        text[gap] = word
        scores[word] = log_p(text)
    most = max(scores.values())
    total = sum(math.exp(score - most) for score in scores.values())
    return {word: math.exp(score - most) / total for word, score in scores.items()}


def unnormalised(log_p: Any, words: Any, vocabulary: Any) -> dict[str, float]:
    gap = words.index(None)
    return {w: math.exp(log_p([*words[:gap], w, *words[gap + 1 :]])) for w in vocabulary}


def from_the_left(log_p: Any, words: Any, vocabulary: Any) -> dict[str, float]:
    """Ranks by the texts of the table that begin so, whatever comes after the gap."""
    gap = words.index(None)
    scores = {
        w: sum(p for text, p in log_p.chances.items() if text[: gap + 1] == (*words[:gap], w))
        for w in vocabulary
    }
    return {w: p / sum(scores.values()) for w, p in scores.items()}


def paired(
    one: Any, two: Any, t: float, *, less: int = 1, root: bool = True, turned: int = 1
) -> list[float]:
    each = [turned * (b - a) for a, b in zip(one, two, strict=True)]
    n, mean = len(each), sum(each) / len(each)
    half = t * math.sqrt(sum((x - mean) ** 2 for x in each) / (n - less) / (n if root else 1))
    return [mean, mean - half, mean + half]


def unpaired(one: Any, two: Any, t: float) -> list[float]:
    n = len(one)
    means = [sum(x) / n for x in (one, two)]
    variances = [
        sum((v - m) ** 2 for v in x) / (n - 1) for x, m in zip((one, two), means, strict=True)
    ]
    half = t * math.sqrt(sum(variances) / n)
    difference = means[1] - means[0]
    return [difference, difference - half, difference + half]


def which_mask(states: Any, ids: Any, *, position: int = 0) -> int:
    before, felt = states(ids), 1
    for place in range(1, len(ids)):
        changed = list(ids)
        changed[place] += 1
        if states(changed)[position] != before[position]:
            felt = place + 1
    return felt


RIGHT = {
    "at_once": at_once,
    "rescored": rescored,
    "paired": paired,
    "which_mask": which_mask,
}
WRONG: list[tuple[str, Any, str]] = [
    ("at_once", lambda j: at_once(j)[::-1], "First the probability"),
    ("at_once", lambda j: [1 - at_once(j)[0], at_once(j)[1]], "a pair that does not exist"),
    ("at_once", lambda j: [at_once(j)[0], at_once(j)[1] * math.log(2)], "Those are nats"),
    ("at_once", lambda j: [at_once(j)[0], sum(map(entropy, words_alone(j)))], "take off that of"),
    ("at_once", lambda j: [at_once(j)[0], entropy(j)], "That is the entropy of the pair"),
    ("at_once", lambda j: [at_once(j)[0], -at_once(j)[1]], "The other way round"),
    ("at_once", lambda j: [1.0, at_once(j)[1]], "The words are drawn apart"),
    ("rescored", unnormalised, "divide by their sum"),
    ("rescored", from_the_left, "Put each word in, score the text"),
    ("rescored", lambda *g: {w: p for w, p in rescored(*g).items() if p}, "Give every word"),
    (
        "rescored",
        lambda p, words, v: {w: p([w if x is None else x for x in words]) for w in v},
        "Those are logarithms",
    ),
    ("rescored", lambda *g: max(rescored(*g), key=rescored(*g).__getitem__), "the likeliest word"),
    ("paired", lambda *g: paired(*g, turned=-1), "That is one - two"),
    ("paired", unpaired, "as if their seeds had nothing in common"),
    ("paired", lambda *g: paired(*g, less=0), "divides by n - 1"),
    ("paired", lambda *g: paired(*g, root=False), "the spread of single seeds"),
    ("paired", lambda a, b, t: paired(a, b, 1.0), "Take t standard errors"),
    ("paired", lambda *g: sorted(paired(*g)), "First the mean"),
    ("which_mask", lambda states, ids: which_mask(states, ids) - 1, "One too few"),
    ("which_mask", lambda states, ids: len(ids), "Ask the first position only"),
    ("which_mask", lambda *g: which_mask(*g, position=-1), "Ask the first position only"),
    ("which_mask", lambda states, ids: 2, r"expected 3\. Change one token|One too few"),
]


def test_seed_by_seed_is_narrower_where_the_seeds_have_much_in_common() -> None:
    one, two = [0.5, 0.6, 0.4], [0.55, 0.64, 0.46]
    assert paired(one, two, 4.303)[1] > 0 > unpaired(one, two, 4.303)[1]
