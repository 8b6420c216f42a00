"""Drawings of page 13: one word with several vectors, and where its uses lie."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.figures import style

SHOWN = 24  # numbers of a vector in a strip


def one_word_two_vectors(
    texts: Sequence[Sequence[str]],
    word: str,
    table: Sequence[float],
    vectors: Sequence[Sequence[float]],
) -> Figure:
    """Texts that share a word: one row of a table feeds both, and each makes a vector of its own.

    Args:
        texts: two texts, as words.
        word: must be in each once.
        table: the numbers of the word's row in the token table.
        vectors: of each text, the numbers of the word's last state.
    Raises:
        ValueError: if there are not two texts with a vector each, or one does not have the word.
    """
    if len(texts) != 2 or len(vectors) != 2 or not all(word in text for text in texts):
        raise ValueError(
            f"{len(texts)} texts and {len(vectors)} vectors; give two of each, both with {word!r}"
        )
    figure, axes = style.new_figure(height=4.3, width=8.2)
    axes.set(xlim=(-0.6, 10.9), ylim=(-0.5, 8.2))
    axes.axis("off")
    axes.text(-0.5, 4.0, f"the table has\none row for\n{word}", va="center", fontsize=10)
    _strip(axes, 1.7, 3.75, table, 0)
    for row, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
        side = 1 if row == 0 else -1
        y = 4.0 + 1.6 * side  # where the words are
        step = 10.4 / len(text)
        at = step * (text.index(word) + 0.5) - 0.4
        top = 4.0 + 3.4 * side
        for number, other in enumerate(text):
            x = step * (number + 0.5) - 0.4
            axes.text(
                x, y, other, ha="center", va="center", fontsize=11, color=style.INK,
                fontweight="bold" if other == word else "normal", parse_math=False,
            )  # fmt: skip
            _arrow(axes, (x, y + 0.3 * side), (at, top - 0.55 * side), style.COLOURS[row + 1])
        _arrow(axes, (4.6, 4.0 + 0.4 * side), (at, y - 0.35 * side), style.COLOURS[0])
        left = min(max(at - 2.9, -0.4), 4.9)
        _strip(axes, left, top - 0.25, vector, row + 1)
    axes.text(8.0, 4.0, "six blocks: every word\nreads every word", va="center", fontsize=10)
    return figure


def _strip(axes: Axes, left: float, bottom: float, numbers: Sequence[float], colour: int) -> None:
    some = list(numbers[:SHOWN])
    places = [(left + 0.24 * (n + 0.5), bottom) for n in range(len(some))]
    number_boxes(axes, places, 0.24, some, colour)


def number_boxes(
    axes: Axes,
    places: Sequence[tuple[float, float]],
    width: float,
    numbers: Sequence[float],
    colour: int,
) -> None:
    """Numbers as boxes: the further from 0, the darker; below 0 hatched.

    Args:
        places: of each box, its middle and its lower edge.
        colour: which of `style.COLOURS`.
    """
    largest = max(map(abs, numbers)) or 1.0
    for (x, bottom), number in zip(places, numbers, strict=True):
        axes.bar(
            x, 0.5, width, bottom=bottom, color=style.COLOURS[colour],
            alpha=0.12 + 0.88 * abs(number) / largest, hatch="////" if number < 0 else "",
            edgecolor=style.INK, linewidth=0.4,
        )  # fmt: skip


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.1, "shrinkA": 1, "shrinkB": 1}
    axes.annotate("", end, start, arrowprops=arrow)


def along_two_axes(
    panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], *, x: str, y: str
) -> Figure:
    """Points of named groups, a panel for each layer, on axes of equal scale within a panel.

    Args:
        panels: title -> group -> points.
        x, y: labels of the axes.
    """
    figure, axes = style.new_figure(len(panels), height=3.4, width=8.2)
    for number, (panel, (title, groups)) in enumerate(zip(axes, panels.items(), strict=True)):
        styles = zip(style.COLOURS, style.MARKERS, strict=False)
        for (name, points), (colour, marker) in zip(groups.items(), styles, strict=False):
            xs, ys = zip(*points, strict=True)
            panel.plot(xs, ys, color=colour, marker=marker, linestyle="none", label=name, alpha=0.8)
        panel.set(title=title, xlabel=x, xticklabels=[], yticklabels=[])
        panel.set_aspect("equal", adjustable="datalim")
        if not number:
            panel.set_ylabel(y)
    axes[-1].legend(frameon=False, labelcolor=style.INK, fontsize=10)
    return figure


def weight_by_head(
    weights: Sequence[Sequence[float]], *, x: str, y: str, title: str = ""
) -> Figure:
    """A share for each head of each layer, as shades with the number in the cell.

    Args:
        weights: a row per layer, from the first, a share per head.
        x, y: labels of the axes.
    """
    figure, axes = style.new_figure(height=1.0 + 0.36 * len(weights))
    for layer, row in enumerate(weights):
        for head, share in enumerate(row):
            axes.bar(
                head, 1, 1, bottom=layer - 0.5, color=style.COLOURS[0], alpha=0.6 * share, lw=0
            )
            axes.text(
                head, layer, f"{share:.0%}", ha="center", va="center", fontsize=9, color=style.INK
            )
    axes.set(xlim=(-0.5, len(weights[0]) - 0.5), ylim=(-0.5, len(weights) - 0.5))
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.set_xticks(range(len(weights[0])), [str(head + 1) for head in range(len(weights[0]))])
    axes.set_yticks(range(len(weights)), [str(layer + 1) for layer in range(len(weights))])
    axes.grid(visible=False)
    return figure


def read_and_fetched(
    tokens: Sequence[str],
    panels: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    reader: int,
) -> Figure:
    """Bars of one reader: how much it reads each token (outlined), and fetches there (filled).

    Args:
        tokens: of the text.
        panels: title -> weights and, on the same scale, what is fetched; one per token.
        reader: the token that reads, whose name is bold.
    """
    figure, axes = style.new_figure(len(panels), height=3.2, width=8.2)
    top = 1.08 * max(max(*weights, *fetched) for weights, fetched in panels.values())
    places = range(len(tokens))
    for number, (panel, (title, (weights, fetched))) in enumerate(
        zip(axes, panels.items(), strict=True)
    ):
        panel.bar(places, weights, 0.8, color="none", edgecolor=style.INK, lw=1, label="read")
        panel.bar(places, fetched, 0.8, color=style.COLOURS[1], lw=0, alpha=0.8, label="fetched")
        # Each name ends below its own bar; turned about its middle it would reach under another.
        panel.set_xticks(
            places, list(tokens), rotation=60, fontsize=9, parse_math=False, ha="right",
            rotation_mode="anchor",
        )  # fmt: skip
        panel.get_xticklabels()[reader].set_fontweight("bold")
        panel.set(title=title, ylim=(0, top))
        panel.grid(axis="x", visible=False)
        if number:
            panel.set_yticklabels([])
    axes[0].set_ylabel("attention weight")
    axes[-1].legend(frameon=False, labelcolor=style.INK, fontsize=10)
    return figure
