"""Drawings of page 12: the loop of writing, an exchanged vector, beams, a cache, GPT-1's input."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.figures import style

Point = tuple[float, float]


def writing_loop(text: str, likely: Mapping[str, float]) -> Figure:
    """A text, the GPT that reads it, its next words, and the way back to the text.

    Args:
        text: what is written so far, or its end.
        likely: probability of the likeliest next words, at most three.
    """
    figure, axes = _canvas(height=2.9, top=4.0)
    _box(axes, 0.1, 2.6, 3.5, text)
    _box(axes, 4.3, 2.6, 1.3, "GPT", filled=True)
    _arrow(axes, (3.6, 2.6), (4.3, 2.6), "reads")
    _arrow(axes, (5.6, 2.6), (6.3, 2.6))
    axes.text(6.5, 3.75, "how likely is each next word?", fontsize=10)
    for i, (word, chance) in enumerate(likely.items()):
        y = 3.2 - 0.6 * i
        axes.barh(y, 1.6 * chance, 0.4, left=7.3, color=style.COLOURS[1], edgecolor=style.INK)
        axes.text(7.2, y, word, ha="right", va="center", fontsize=11)
        axes.text(7.4 + 1.6 * chance, y, f"{chance:.0%}", va="center", fontsize=11)
    _arrow(axes, (7.6, 1.4), (1.8, 2.05), turn=-0.25)
    axes.text(4.7, 0.1, "choose one, append it, read again", ha="center", fontsize=11)
    return figure


def exchanged(words: Sequence[str], other: str, place: int, asked: str) -> Figure:
    """Two texts that differ in a word; one vector goes from the second into the first.

    Args:
        words: the last ones of the first text.
        other: the word in place of the first of them in the second text.
        place: whose vector is exchanged.
        asked: what the first text is asked for at its end.
    """
    figure, axes = _canvas(height=3.0, top=4.6)
    step = 8.0 / len(words)
    for bottom, text in ((0.4, words), (2.7, [other, *words[1:]])):
        for i, word in enumerate(text):
            _box(axes, 0.2 + i * step, bottom, 0.86 * step, word)
            _box(axes, 0.2 + (i + 0.28) * step, bottom + 1.0, 0.3 * step, "", filled=bottom > 1)
        axes.text(8.3, bottom + 1.0, "vectors after\na block", fontsize=9, va="center")
    middle = 0.2 + (place + 0.43) * step
    _box(axes, middle - 0.15 * step, 1.4, 0.3 * step, "", filled=True)
    _arrow(axes, (middle, 3.3), (middle, 1.8), turn=0.5)
    axes.text(8.3, 0.4, asked, fontsize=11, va="center")
    return figure


def beams(rounds: Sequence[Sequence[tuple[str, float, bool]]]) -> Figure:
    """Texts that a beam search looks at, a column for each round, with arrows from the beginnings.

    Args:
        rounds: the texts of each, their probability and whether they are kept.
    """
    figure, axes = _canvas(height=2.4, top=3.6)
    _box(axes, 0.1, 2.0, 1.5, "(no word yet)")
    before = [("", 0.1 + 1.5, 2.0)]
    for column, texts in enumerate(rounds, start=1):
        left, places = 3.3 * column - 0.6, []
        for row, (text, chance, kept) in enumerate(texts):
            y = 3.0 - row
            _box(axes, left, y, 2.2, f"{text}  {chance:g}", filled=kept)
            for begun, x, from_y in before:
                if text.startswith(begun):
                    _arrow(axes, (x, from_y), (left, y))
            if kept:
                places.append((f"{text} ", left + 2.2, y))
        before = places
    return figure


def computed_again(tokens: int) -> Figure:
    """The boxes that are computed for each new token, without a cache and with one.

    Args:
        tokens: that are written, one row each.
    """
    figure, panels = style.new_figure(2, height=2.6)
    for axes, title, kept in zip(
        panels, ("without a cache", "with a cache"), (False, True), strict=True
    ):
        for row in range(tokens):
            for place in range(row + 1):
                now = not kept or place == row
                axes.barh(
                    row, 0.8, 0.8, left=place + 0.1, edgecolor=style.INK, linewidth=0.6,
                    color=style.COLOURS[0] if now else "none",
                )  # fmt: skip
        axes.set(title=title, xlabel="position", ylim=(tokens - 0.5, -0.5), xlim=(0, tokens))
        axes.set_xticks([i + 0.5 for i in range(tokens)], [str(i + 1) for i in range(tokens)])
        axes.set_yticks(range(tokens), [str(i + 1) for i in range(tokens)])
        axes.grid(visible=False)
    panels[0].set_ylabel("token that is read")
    return figure


def one_row_for_two_texts(first: str, second: str, answer: str) -> Figure:
    """Two texts written as one for a GPT with a new layer, as in the paper of 2018 (3.3)."""
    figure, axes = _canvas(height=2.3, top=3.3)
    left = 0.1
    for width, text in zip(
        (0.9, 3.3, 1.4, 2.4, 0.8), ("start", first, "separator", second, "end"), strict=True
    ):
        _box(axes, left, 0.5, width, text)
        left += width + 0.12
    _box(axes, 0.1, 1.6, left - 0.22, "GPT: each token reads those to its left", filled=True)
    _box(axes, left - 2.4, 2.75, 2.3, f"new layer: {answer}")
    _arrow(axes, (left - 0.5, 1.95), (left - 0.5, 2.4))
    return figure


def _canvas(height: float, top: float) -> tuple[Figure, Axes]:
    figure, axes = style.new_figure(height=height)
    axes.set(xlim=(0, 10), ylim=(0, top))
    axes.axis("off")
    return figure, axes


def _box(
    axes: Axes, left: float, middle: float, width: float, text: str, *, filled: bool = False
) -> None:
    """A box with a text; a filled one is the model."""
    axes.barh(
        middle, width, 0.7, left=left, edgecolor=style.INK, linewidth=0.8,
        color=style.COLOURS[0] if filled else "none",
    )  # fmt: skip
    axes.text(
        left + width / 2, middle, text, ha="center", va="center", fontsize=10, parse_math=False,
        color=style.INK,
    )  # fmt: skip


def _arrow(axes: Axes, start: Point, end: Point, text: str = "", turn: float = 0.0) -> None:
    axes.annotate(
        "", end, start,
        arrowprops={"arrowstyle": "-|>", "color": style.INK, "linewidth": 1.2,
                    "connectionstyle": f"arc3,rad={turn}"},
    )  # fmt: skip
    middle = (start[0] + end[0]) / 2
    axes.text(middle, start[1] + 0.15, text, ha="center", fontsize=9, color=style.INK)
