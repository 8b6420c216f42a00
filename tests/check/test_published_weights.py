"""Checkers of the page "Published weights"."""

import math
from typing import Any


def stack_weights(
    V: int, P: int, S: int, D: int, L: int, F: int,
    *, biases: bool = True, norms: int = 2, first_norm: bool = True, matrices: int = 4,
    tables: int = 3,
) -> int:  # fmt: skip
    """The sum, part by part; each option is a mistake."""
    total = sum((V, P, S)[:tables]) * D + (2 * D if first_norm else 0)
    block = matrices * D * D + 2 * D * F + norms * 2 * D
    if biases:
        block += 4 * D + F + D
    return total + L * block


def cosine(a: list[float], b: list[float]) -> float:
    length = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / length


def standardised_cosine(
    vectors: list[list[float]], a: int, b: int,
    *, centre: bool = True, scale: bool = True, less: int = 0, divide: bool = True,
) -> float:  # fmt: skip
    """`less=1` divides by N - 1, which is right as well."""
    found: list[list[float]] = [[], []]
    for column in zip(*vectors, strict=True):
        mean = sum(column) / len(column)
        squares = sum((x - mean) ** 2 for x in column)
        deviation = math.sqrt(squares / (len(column) - less)) if scale else 1.0
        for row, place in zip(found, (a, b), strict=True):
            row.append((column[place] - (mean if centre else 0)) / deviation)
    if divide:
        return cosine(*found)
    return sum(x * y for x, y in zip(*found, strict=True))


def by_rows(vectors: list[list[float]], a: int, b: int) -> float:
    rows = [[x - sum(row) / len(row) for x in row] for row in vectors]
    return cosine(rows[a], rows[b])


def similarity(states: Any, ids: Any, pad: int, *, all_rows: bool = False) -> float:
    means = []
    for rows, text in zip(states, ids, strict=True):
        kept = [r for r, i in zip(rows, text, strict=True) if all_rows or i != pad]
        means.append([sum(column) / len(kept) for column in zip(*kept, strict=True)])
    return cosine(*means)


def sink(weights: Any, *, own: bool = False, mean: bool = True, layers: int = 99) -> list[Any]:
    n, given = len(weights[0][0]), [0.0] * len(weights[0][0])
    heads = [head for layer in weights[:layers] for head in layer]
    for head in heads:
        for t in range(n):
            for s in range(n):
                if own or t != s:
                    given[s] += head[t][s]
    most = max(range(n), key=lambda s: given[s])
    return [most, given[most] / (len(heads) * (n if own else n - 1)) if mean else given[most]]


RIGHT = {
    "stack_weights": stack_weights,
    "standardised_cosine": standardised_cosine,
    "similarity": similarity,
    "sink": sink,
}
WRONG: list[tuple[str, Any, str]] = [
    ("stack_weights", lambda *n: stack_weights(*n, first_norm=False), "norm after the embeddings"),
    ("stack_weights", lambda *n: stack_weights(*n, norms=0), "two norms, of D weights and D"),
    ("stack_weights", lambda *n: stack_weights(*n, norms=1), "two norms, not one"),
    ("stack_weights", lambda *n: stack_weights(*n, biases=False), "linear layers have biases"),
    ("stack_weights", lambda *n: stack_weights(*n, matrices=3), "query, key, value and output"),
    ("stack_weights", lambda *n: stack_weights(*n, tables=2), "table of segments is missing"),
    ("stack_weights", lambda *n: stack_weights(*n, tables=1), "three tables"),
    ("standardised_cosine", lambda v, a, b: cosine(v[a], v[b]), "standardise first"),
    ("standardised_cosine", lambda *g: standardised_cosine(*g, scale=False), "by the deviation"),
    ("standardised_cosine", lambda *g: standardised_cosine(*g, centre=False), "before you divide"),
    ("standardised_cosine", by_rows, "not that of a row"),
    ("standardised_cosine", lambda *g: standardised_cosine(*g, divide=False), "the dot product"),
    ("similarity", lambda *g: similarity(*g, all_rows=True), "Padding is in your means"),
    ("similarity", lambda states, *_: cosine(states[0][0], states[1][0]), "the first states"),
    ("sink", lambda w: sink(w, own=True), "count the rows of the others only"),
    ("sink", lambda w: sink(w, mean=False), "That is the sum"),
    ("sink", lambda w: sink(w, layers=1), r"first layer only|expected \[1"),
    ("sink", lambda w: sink(w)[::-1], "First the position"),
    ("sink", lambda w: sink(w)[0], "Give the weight as well"),
]


def test_the_deviation_over_n_less_one_is_right_as_well() -> None:
    from bertgpt import check

    page = getattr(check, "published_weights")  # noqa: B009 - named as the page is
    assert page.standardised_cosine(lambda *g: standardised_cosine(*g, less=1)).passed
    assert stack_weights(30522, 512, 2, 384, 6, 1536) == 22_565_376
