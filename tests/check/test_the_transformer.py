"""Checkers of the page "The Transformer": the right answer passes, each slip is named."""

import math
from typing import Any

from bertgpt.check import the_transformer


def parameters(D: int, F: int) -> int:
    return 4 * D * D + 6 * D + (2 * D * F + F + 3 * D if F else 0)


def pre(x: float, attend: Any, feed: Any, norm: Any) -> float:
    x = x + attend(norm(x))
    return x + feed(norm(x))


def post(x: float, attend: Any, feed: Any, norm: Any) -> float:
    x = norm(x + attend(x))
    return norm(x + feed(x))


def on_the_stream(x: float, attend: Any, feed: Any, norm: Any) -> float:
    x = norm(x)
    x = norm(x + attend(x))
    return x + feed(x)


def waves(place: int, D: int) -> list[float]:
    return [f(place / 10000 ** (2 * i / D)) for i in range(D // 2) for f in (math.sin, math.cos)]


def normalised(x: list[float], scale: Any, shift: Any, less: int = 0) -> list[float]:
    mean = sum(x) / len(x)
    spread = math.sqrt(sum((n - mean) ** 2 for n in x) / (len(x) - less))
    return [(n - mean) / spread * a + b for n, a, b in zip(x, scale, shift, strict=True)]


def mended(ids: Any, tokens: Any, positions: Any, blocks: Any, norm: Any) -> list[float]:
    x = [[a + b for a, b in zip(tokens[i], positions[p])] for p, i in enumerate(ids)]  # noqa: B905
    for block in blocks:
        x = block(x)
    return [sum(a * b for a, b in zip(norm(x[-1]), row)) for row in tokens]  # noqa: B905


def by_id(ids: Any, tokens: Any, positions: Any, blocks: Any, norm: Any) -> list[float]:
    """Positions looked up by what the word is."""
    rows = {p: positions[i] for p, i in enumerate(ids)}
    return mended(ids, tokens, rows, blocks, norm)


def written(guess: Any, words: Any, end: str, longest: int, last: bool = False) -> list[str]:
    words = [*words]
    while len(words) < longest:
        chances = guess(words[-1:] if last else words)
        if (word := max(chances, key=chances.get)) == end:
            break
        words.append(word)
    return words


RIGHT = {
    "block_parameters": parameters,
    "pre_norm": pre,
    "sinusoids": waves,
    "layer_norm": normalised,
    "mend": mended,
    "write": written,
}
WRONG: list[tuple[str, Any, str]] = [
    ("block_parameters", lambda D, F: 4 * D * D + 2 * D * F + (4 if F else 2) * D, "biases"),
    ("block_parameters", lambda D, F: parameters(D, F) - (4 if F else 2) * D, "norms learn"),
    ("block_parameters", lambda D, F: parameters(D, F) - D * D - D, "four matrices"),
    ("block_parameters", lambda D, F: 4 * D * D + 9 * D + 2 * D * F + F, "With F = 0"),
    ("pre_norm", post, "post-norm"),
    ("pre_norm", on_the_stream, "the stream itself"),
    ("pre_norm", lambda x, a, f, n: f(n(a(n(x)))), "Nothing is added"),
    ("pre_norm", lambda x, a, f, n: x + a(n(x)) + f(n(x)), "the old x"),
    ("pre_norm", lambda x, a, f, n: x + a(n(x)) + f(x + a(n(x))), "its norm, too"),
    ("pre_norm", lambda x, a, f, n: n(pre(x, a, f, n)), "bare sum"),
    ("sinusoids", lambda p, D: waves(p, D)[::2] + waves(p, D)[1::2], "in turn"),
    ("sinusoids", lambda p, D: waves(p + 1, D), "number 0"),
    (
        "sinusoids",
        lambda p, D: [x for i in range(D // 2) for x in _pair(p / 1e4 ** (i / D))],
        "2 i",
    ),
    ("sinusoids", lambda p, D: [math.sin(p / 1e4 ** (k // 2 * 2 / D)) for k in range(D)], "cosine"),
    ("sinusoids", lambda p, D: [_pair(p / 1e4 ** (k / D))[k % 2] for k in range(D)], "one angle"),
    ("layer_norm", lambda x, a, b: normalised(x, a, b, less=1), "n - 1"),
    ("layer_norm", lambda x, a, b: normalised(x, [1] * len(x), [0] * len(x)), "its own"),
    ("layer_norm", lambda x, a, b: [n - sum(x) / len(x) for n in x], "variance is not 1"),
    (
        "layer_norm",
        lambda x, a, b: [n / math.sqrt(sum(m * m for m in x) / len(x)) for n in x],
        "RMSNorm",
    ),
    ("mend", by_id, "still there"),
    ("mend", lambda i, t, p, b, n: mended(i, t, p, b, lambda v: v), "put it back"),
    ("mend", lambda i, t, p, b, n: mended(i, t, p, b[::-1], n), "order of the blocks"),
    ("mend", lambda i, t, p, b, n: mended(i, t, p[1:], b, n), "count from 0"),
    ("mend", lambda i, t, p, b, n: mended(i, t, [p[0]] * 4, b, n), "same position"),
    ("write", lambda g, w, e, n: [*written(g, w, e, n), e], "left out"),
    ("write", lambda g, w, e, n: written(g, w, e, n)[len(w) :], "given words as well"),
    ("write", lambda g, w, e, n: written(g, w, e, n, last=True), "all the words so far"),
]


def _pair(angle: float) -> tuple[float, float]:
    return math.sin(angle), math.cos(angle)


def test_what_a_block_is_given_is_shown_by_name() -> None:
    assert (
        "<lambda>(2, attend, feed, norm)" in the_transformer.pre_norm(lambda *given: "cat").message
    )


def test_the_count_is_that_of_the_model() -> None:
    from bertgpt.config import TransformerConfig
    from bertgpt.transformer import Block

    for F in (24, 0):
        cfg = TransformerConfig(vocab_size=1, max_positions=1, width=10, n_heads=2, ff_width=F)
        assert sum(p.numel() for p in Block(cfg).parameters()) == parameters(10, F)
