"""Checkers for the exercises of the page "Published weights"."""

import math

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain

Vector = list[float]
Vectors = list[Vector]
Square = list[Vector]


@checker
def stack_weights(attempt: Attempt) -> str:
    """How many weights a BERT without a head has, from the six numbers of its config."""
    for V, P, S, D, L, F in ((100, 16, 3, 8, 5, 20), (30522, 512, 2, 384, 6, 1536)):
        tables, norm = (V + P + S) * D, 2 * D
        attention, ff = 4 * (D * D + D), D * F + F + F * D + D
        right = tables + norm + L * (attention + ff + 2 * norm)
        slips: Slips = [
            (right - norm, "The norm after the embeddings is missing: D weights and D biases."),
            (right - L * 2 * norm, "Each block has two norms, of D weights and D biases each."),
            (right - L * norm, "Each block has two norms, not one."),
            (right - L * (5 * D + F), "The linear layers have biases: one per number put out."),
            (right - L * 4 * D, "The four linear layers of attention have biases."),
            (right - L * D * D, "Attention has four matrices: query, key, value and output."),
            (right - S * D, "The table of segments is missing: S rows."),
            (right - P * D, "The table of positions is missing: P rows."),
            (right - (P + S) * D, "There are three tables: tokens, positions and segments."),
        ]
        expect_or_explain(attempt, (V, P, S, D, L, F), right, slips)
    return "22.6 million for MiniLM, more than half of them in the table of tokens."


def _cosine(a: Vector, b: Vector) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def _standardised(vectors: Vectors, *, centre: bool = True, scale: bool = True) -> Vectors:
    """Each dimension with mean 0 and deviation 1 over the vectors, or one of the two."""
    columns = list(zip(*vectors, strict=True))
    means = [sum(column) / len(column) if centre else 0.0 for column in columns]
    true_means = [sum(column) / len(column) for column in columns]
    deviations = [
        math.sqrt(sum((x - m) ** 2 for x in column) / len(column)) if scale else 1.0
        for column, m in zip(columns, true_means, strict=True)
    ]
    return [
        [(x - m) / d for x, m, d in zip(row, means, deviations, strict=True)] for row in vectors
    ]


@checker
def standardised_cosine(attempt: Attempt) -> str:
    """The cosine of two vectors after each dimension was standardised over all of them."""
    for vectors, a, b in (
        ([[9.0, 1.0, 0.0], [10.0, 0.0, 1.0], [11.0, -1.0, 2.0], [10.0, 3.0, 1.5]], 0, 2),
        ([[50.0, 0.2, 1.0], [52.0, 0.1, -1.0], [47.0, -0.3, 0.5], [51.0, 0.4, 0.0]], 1, 3),
    ):
        rows = [
            [(x - sum(row) / len(row)) for x in row] for row in vectors
        ]  # a row's own mean taken off: what is wanted is the mean of each column
        done = _standardised(vectors)
        slips: Slips = [
            (_cosine(vectors[a], vectors[b]), "That is the cosine as it was: standardise first."),
            (_cosine(*(_standardised(vectors, scale=False)[i] for i in (a, b))), "The mean is taken"
             " off; now divide by the deviation of each dimension."),
            (_cosine(*(_standardised(vectors, centre=False)[i] for i in (a, b))), "Take the mean of"
             " each dimension off before you divide."),
            (_cosine(rows[a], rows[b]), "The mean of a dimension is that of a column, over all"
             " vectors, not that of a row."),
            (sum(x * y for x, y in zip(done[a], done[b], strict=True)), "That is the dot product:"
             " divide it by both lengths."),
        ]  # fmt: skip
        expect_or_explain(attempt, (vectors, a, b), _cosine(done[a], done[b]), slips)
    return "Whether you divide by N or by N - 1 makes no difference to a cosine."


def _mean(rows: Vectors) -> Vector:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


@checker
def similarity(attempt: Attempt) -> str:
    """The cosine of two padded texts, by the means of their states."""
    padding = [7.0, -7.0]
    for states, ids, pad in (
        ([[[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]], [[1.0, 1.0], [3.0, 0.0], padding]],
         [[101, 7, 102], [101, 102, 0]], 0),
        ([[[0.0, 2.0], padding, padding, padding], [[1.0, 1.0], [0.0, 1.0], [2.0, 0.0], padding]],
         [[5, 1, 1, 1], [5, 6, 7, 1]], 1),
    ):  # fmt: skip
        kept = [
            [row for row, i in zip(rows, text, strict=True) if i != pad]
            for rows, text in zip(states, ids, strict=True)
        ]
        means = [_mean(rows) for rows in kept]
        short = [[sum(c) / len(rows) for c in zip(*k, strict=True)]
                 for rows, k in zip(states, kept, strict=True)]  # fmt: skip
        slips: Slips = [
            (_cosine(_mean(states[0]), _mean(states[1])), "Padding is in your means: leave out the"
             " states where the id is `pad`."),
            (sum(x * y for x, y in zip(*means, strict=True)), "That is the dot product of the"
             " means: divide it by both lengths."),
            (sum(x * y for x, y in zip(*short, strict=True)), "Divide by the number of states that"
             " are no padding, and then by the lengths."),
            (_cosine(states[0][0], states[1][0]), "Those are the first states; take the mean of"
             " all."),
        ]  # fmt: skip
        expect_or_explain(attempt, (states, ids, pad), _cosine(*means), slips)
    return "So all-MiniLM-L6-v2 compares two texts."


def _shares(weights: list[list[Square]], *, others_only: bool = True) -> Vector:
    """Of each position, the mean weight that it gets over layers, heads and readers."""
    n = len(weights[0][0])
    heads = [head for layer in weights for head in layer]
    return [
        sum(head[t][s] for head in heads for t in range(n) if t != s or not others_only)
        / (len(heads) * (n - 1 if others_only else n))
        for s in range(n)
    ]


@checker
def sink(attempt: Attempt) -> str:
    """The position that the others read most, and the mean weight that they give it."""
    for weights in (
        [[[[0.1, 0.8, 0.1], [0.9, 0.0, 0.1], [0.7, 0.2, 0.1]],
          [[0.0, 0.1, 0.9], [0.5, 0.4, 0.1], [0.4, 0.1, 0.5]]]],
        [[[[0.9, 0.1], [0.3, 0.7]]], [[[0.6, 0.4], [0.4, 0.6]]]],
        [[[[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.0, 0.6, 0.4]]],
         [[[0.0, 0.9, 0.1], [0.2, 0.6, 0.2], [0.1, 0.7, 0.2]]]],
    ):  # fmt: skip
        shares, all_rows = _shares(weights), _shares(weights, others_only=False)
        most, all_most = shares.index(max(shares)), all_rows.index(max(all_rows))
        n, heads = len(shares), sum(len(layer) for layer in weights)
        first = [
            sum(h[t][s] for h in weights[0] for t in range(n) if t != s)
            / (len(weights[0]) * (n - 1))
            for s in range(n)
        ]
        slips: Slips = [
            ([all_most, all_rows[all_most]], "A position that reads itself is no sink for that:"
             " count the rows of the others only."),
            ([most, shares[most] * heads * (n - 1)], "That is the sum; give the mean over layers,"
             " heads and readers."),
            ([most, shares[most] * (n - 1) / n], "Divide by the number of the others: each"
             " position has one reader fewer than there are rows."),
            ([first.index(max(first)), max(first)], "That is the first layer only."),
            ([shares[most], most], "First the position, then the weight."),
            (most, "Give the weight as well: [position, mean weight]."),
        ]  # fmt: skip
        expect_or_explain(attempt, (weights,), [most, shares[most]], slips)
    return "Run it on the records of a model: `[r.weights[0].tolist() for r in records]`."
