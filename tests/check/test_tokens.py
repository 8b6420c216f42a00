"""Checkers of the page "Tokens": the right answer passes, each slip is named."""

from collections import Counter
from itertools import pairwise
from typing import Any


def best(words: dict[str, int], weigh: bool = True) -> tuple[str, str]:
    pairs: Counter[tuple[str, str]] = Counter()
    for word, n in words.items():
        for pair in pairwise(word.split()):
            pairs[pair] += n if weigh else 1
    return pairs.most_common(1)[0][0]


def join(held: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    i = 0
    while i < len(held):
        if tuple(held[i : i + 2]) == pair:
            out.append(held[i] + held[i + 1])
            i += 2
        else:
            out.append(held[i])
            i += 1
    return out


def join_everywhere(held: list[str], pair: tuple[str, str]) -> list[str]:
    return ["".join(pair) if tuple(held[i : i + 2]) == pair else held[i] for i in range(len(held))]


def longest(word: str, pieces: set[str], shortest: bool = False, whole: bool = True) -> list[str]:
    found: list[str] = []
    start = 0
    while start < len(word):
        ends = range(start + 1, len(word) + 1)
        for end in ends if shortest else reversed(ends):
            piece = ("##" if start else "") + word[start:end]
            if piece in pieces:
                break
        else:
            return ["[UNK]"] if whole else [*found, "[UNK]"]
        found.append(piece)
        start = end
    return found


RIGHT = {
    "best_pair": best,
    "merge": join,
    "longest_match": longest,
    "bits_per_byte": lambda bits, n, text: bits * n / len(text.encode()),
}
WRONG: list[tuple[str, Any, str]] = [
    ("best_pair", lambda words: best(words, weigh=False), "as often as its word occurs"),
    ("best_pair", lambda words: "".join(best(words)), "as a tuple"),
    ("best_pair", lambda words: best(words)[::-1], "left one first"),
    ("merge", join_everywhere, "used up"),
    ("merge", lambda held, pair: join(held, pair)[:-1], "last token is lost"),
    ("merge", lambda held, pair: join(held[::-1], pair[::-1])[::-1], "from left to right|expected"),
    ("longest_match", lambda w, p: longest(w, p, shortest=True), "longest piece"),
    (
        "longest_match",
        lambda w, p: [x.removeprefix("##") for x in longest(w, p)],
        "inside the word",
    ),
    ("longest_match", lambda w, p: longest(w, p, whole=False), "whole word is unknown"),
    ("bits_per_byte", lambda bits, n, text: bits * n / len(text), "Characters are not bytes"),
    ("bits_per_byte", lambda bits, n, text: bits / len(text.encode()), "for one token"),
    ("bits_per_byte", lambda bits, n, text: bits * len(text.encode()) / n, "Upside down"),
    ("bits_per_byte", lambda bits, n, text: bits, "for each token"),
]
