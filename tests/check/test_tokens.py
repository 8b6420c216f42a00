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


def encode(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """By marks between letters: each merge takes away those that it joins, from left to right."""
    cut = set(range(len(word) + 1))
    for a, b in merges:
        ends = sorted(cut)
        for start in ends:
            mid, end = start + len(a), start + len(a + b)
            here = {start, mid, end} <= cut and word[start:end] == a + b
            if here and not cut & ({*range(start + 1, end)} - {mid}):
                cut.discard(mid)
    ends = sorted(cut)
    return [word[i:j] for i, j in pairwise(ends)]


def leftmost(word: str, merges: list[tuple[str, str]]) -> list[str]:
    held = list(word)
    i = 0
    while i < len(held) - 1:
        if (held[i], held[i + 1]) in merges:
            held[i : i + 2] = [held[i] + held[i + 1]]
            i = 0
        else:
            i += 1
    return held


def overlapping(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """Every pair is joined, even one that shares a token with the pair before it."""
    held = list(word)
    for merge in merges:
        here = [pair == merge for pair in pairwise(held)]
        begins, ends = [*here, False], [False, *here]
        held = [
            a + held[i + 1] if begins[i] else a
            for i, a in enumerate(held)
            if begins[i] or not ends[i]
        ]
    return held


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
    "encode_word": encode,
    "longest_match": longest,
    "bits_per_byte": lambda bits, n, text: bits * n / len(text.encode()),
}
WRONG: list[tuple[str, Any, str]] = [
    ("best_pair", lambda words: best(words, weigh=False), "as often as its word occurs"),
    ("best_pair", lambda words: "".join(best(words)), "as a tuple"),
    ("best_pair", lambda words: best(words)[::-1], "left one first"),
    ("encode_word", leftmost, "in the order in which they were learned"),
    ("encode_word", lambda word, merges: encode(word, merges[::-1]), "learned first is applied"),
    ("encode_word", lambda word, merges: encode(word, merges[:1]), "the other merges, too"),
    ("encode_word", lambda word, merges: list(word), "No merge"),
    ("encode_word", overlapping, r"gave \['aa', 'aa', 'aa'\]"),
    ("encode_word", lambda word, merges: "".join(encode(word, merges)), "as a list"),
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
