"""Checkers of the page "Self-attention": the right answer passes, each slip is named."""

import math
from typing import Any


def softmax(scores: list[float]) -> list[float]:
    raised = [math.exp(s) for s in scores]
    return [x / sum(raised) for x in raised]


def dots(query, keys) -> list[float]:
    return [sum(a * b for a, b in zip(query, key, strict=True)) for key in keys]


def mix(weights, values) -> list[float]:
    return [
        sum(w * v[i] for w, v in zip(weights, values, strict=True)) for i in range(len(values[0]))
    ]


def attend(query, keys, values, power: float = 0.5) -> list[float]:
    return mix(softmax([d / len(query) ** power for d in dots(query, keys)]), values)


def causal_softmax(scores) -> list[list[float]]:
    return [softmax(r[: t + 1]) + [0.0] * (len(r) - t - 1) for t, r in enumerate(scores)]


def window_mask(n: int, width: int) -> list[list[bool]]:
    return [[t - width < s <= t for s in range(n)] for t in range(n)]


def leaks(model, tokens, positions=None, compared=None) -> bool:
    before = model(tokens)
    for s in range(len(tokens)) if positions is None else positions(tokens):
        changed = list(tokens)
        changed[s] += 1
        after = model(changed)
        if before[: s if compared is None else compared(s)] != after[: s if compared is None else compared(s)]:  # fmt: skip  # noqa: E501
            return True
    return False


RIGHT = {
    "attend": attend,
    "causal_softmax": causal_softmax,
    "window_mask": window_mask,
    "leaks": leaks,
    "attention_parameters": lambda d, h: 4 * d * d + 4 * d,
}
WRONG: list[tuple[str, Any, str]] = [
    ("attend", lambda q, k, v: attend(q, k, v, 0.0), "scale is missing"),
    ("attend", lambda q, k, v: attend(q, k, v, 1.0), "not by K"),
    ("attend", lambda q, k, v: mix([d / len(q) ** 0.5 for d in dots(q, k)], v), "softmax is"),
    ("attend", lambda q, k, v: softmax([d / len(q) ** 0.5 for d in dots(q, k)]), "the weights"),
    ("attend", lambda q, k, v: v[dots(q, k).index(max(dots(q, k)))], "highest weight"),
    ("causal_softmax", lambda x: [softmax(r) for r in x], "Nothing is masked"),
    (
        "causal_softmax",
        lambda x: [[w * (s <= t) for s, w in enumerate(softmax(r))] for t, r in enumerate(x)],
        "before the softmax",
    ),
    (
        "causal_softmax",
        lambda x: [softmax([v * (s <= t) for s, v in enumerate(r)]) for t, r in enumerate(x)],
        "minus infinity",
    ),
    (
        "causal_softmax",
        lambda x: [[0.0] * t + softmax(r[t:]) for t, r in enumerate(x)],
        "wrong way round",
    ),
    ("window_mask", lambda n, w: window_mask(n, w + 1), "One position too many"),
    (
        "window_mask",
        lambda n, w: [[abs(t - s) < w for s in range(n)] for t in range(n)],
        "looks ahead",
    ),
    (
        "window_mask",
        lambda n, w: [[0 < t - s <= w for s in range(n)] for t in range(n)],
        "itself, too",
    ),
    ("window_mask", lambda n, w: window_mask(n, n), "far past"),
    (
        "window_mask",
        lambda n, w: [[0 <= s - t < w for s in range(n)] for t in range(n)],
        "Rows read",
    ),
    ("window_mask", lambda n, w: [[not x for x in r] for r in window_mask(n, w)], "may read, not"),
    ("window_mask", lambda n, w: window_mask(n, max(w, 2)), "One position too many"),
    ("window_mask", lambda n, w: window_mask(n, w if w <= n else 1), r"\(3, 9\) gave"),
    ("leaks", lambda m, x: leaks(m, x, positions=lambda x: [len(x) - 1]), "change each token"),
    ("leaks", lambda m, x: leaks(m, x, positions=lambda x: range(1, 2)), "t + 1|change each"),
    ("leaks", lambda m, x: leaks(m, x, positions=lambda x: range(2, 6)), "hole_at_the_start"),
    ("leaks", lambda m, x: leaks(m, x, compared=lambda s: s + 1), "own token and earlier"),
    ("leaks", lambda m, x: True, "own token and earlier"),
    ("attention_parameters", lambda d, h: 4 * d * d, "biases are missing"),
    ("attention_parameters", lambda d, h: 3 * d * d + 3 * d, "through a fourth"),
    ("attention_parameters", lambda d, h: h * (4 * d * d + 4 * d), "do not cost more"),
    ("attention_parameters", lambda d, h: 4 * (d // h) * (d + 1), "That is one head; a layer"),
]
