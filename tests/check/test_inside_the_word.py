"""Checkers of the page "Inside the word": the right answer passes, each slip is named."""

from typing import Any


def unseen_share(train: list[str], test: list[str]) -> tuple[float, float]:
    types = set(test)
    return sum(w not in train for w in test) / len(test), len(types - set(train)) / len(types)


def ngrams(word: str, n: int) -> list[str]:
    marked = f"<{word}>"
    return [marked[i : i + n] for i in range(len(marked) - n + 1)]


def bucket(text: str, buckets: int) -> int:
    state = 2166136261
    for byte in text.encode():
        state = (state ^ byte) * 16777619 % 2**32
    return state % buckets


def fnv1(text: str, buckets: int) -> int:
    state = 2166136261
    for byte in text.encode():
        state = state * 16777619 % 2**32 ^ byte
    return state % buckets


def no_limit(text: str, buckets: int) -> int:
    state = 2166136261
    for byte in text.encode():
        state = (state ^ byte) * 16777619
    return state % buckets


def shared(n: int, buckets: int) -> float:
    return 1 - (1 - 1 / buckets) ** (n - 1)


def vector(word: str, table: dict[str, list[float]], divide: bool = True) -> list[float]:
    found = [table[p] for p in ngrams(word, 3) if p in table]
    return [sum(x) / (len(found) if divide else 1) for x in zip(*found, strict=True)]


def no_marks(word: str, table: dict[str, list[float]]) -> list[float]:
    found = [table[word[i : i + 3]] for i in range(len(word) - 2) if word[i : i + 3] in table]
    return [sum(x) / len(found) for x in zip(*found, strict=True)]


RIGHT = {
    "unseen_share": unseen_share,
    "boundary_ngrams": ngrams,
    "hash_bucket": bucket,
    "shared_buckets": shared,
    "unseen_vector": vector,
}
WRONG: list[tuple[str, Any, str]] = [
    ("unseen_share", lambda a, b: unseen_share(a, b)[::-1], "swapped"),
    ("unseen_share", lambda a, b: tuple(1 - x for x in unseen_share(a, b)), "that were seen"),
    ("unseen_share", lambda a, b: (unseen_share(a, b)[0],) * 2, "Both numbers are about tokens"),
    ("boundary_ngrams", lambda w, n: [w[i : i + n] for i in range(len(w) - n + 1)], "marks"),
    ("boundary_ngrams", lambda w, n: ngrams(w, n)[:-1], "last n-gram is missing"),
    ("boundary_ngrams", lambda w, n: list(dict.fromkeys(ngrams(w, n))), "twice"),
    ("hash_bucket", fnv1, "FNV-1, not FNV-1a"),
    ("hash_bucket", lambda t, b: bucket(t, 2**32), "whole hash"),
    ("hash_bucket", no_limit, "within 32 bits"),
    ("shared_buckets", lambda n, b: 1 - shared(n, b), "to itself"),
    ("shared_buckets", lambda n, b: shared(n + 1, b), "cannot meet itself"),
    ("shared_buckets", lambda n, b: (n - 1) / b, "Do not add chances"),
    ("unseen_vector", lambda w, t: vector(w, t, divide=False), "That is the sum"),
    ("unseen_vector", no_marks, "boundary mark"),
    (
        "unseen_vector",
        lambda w, t: [x / len(ngrams(w, 3)) for x in vector(w, t, divide=False)],
        "not by all pieces",
    ),
]
