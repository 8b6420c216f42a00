"""Drawings of page 13: texts with one vector each, and texts with faults."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.figures import style
from bertgpt.figures.published_drawing import number_boxes

STACKED = 6  # numbers of a vector in a column


def means_of_states(
    texts: Sequence[tuple[Sequence[str], Sequence[Sequence[float]]]], between: str
) -> Figure:
    """Two texts, the state of each token as a column, and beside them the mean of each text.

    Args:
        texts: two pairs of the tokens of a text and their states, of which the first numbers show.
        between: what is written between the two means, such as their cosine.
    Raises:
        ValueError: if there are not two texts with a state for each token.
    """
    if len(texts) != 2 or any(len(tokens) != len(states) for tokens, states in texts):
        sizes = [(len(tokens), len(states)) for tokens, states in texts]
        raise ValueError(
            f"tokens and states of the texts: {sizes}; give two texts, as many of each"
        )
    figure, axes = style.new_figure(height=3.7, width=8.2)
    longest = max(len(tokens) for tokens, _ in texts)
    right = longest + 1.6  # where the means are
    axes.set(xlim=(-0.6, right + 0.8), ylim=(-3.2, 14.0))
    axes.axis("off")
    for row, (tokens, states) in enumerate(texts):
        bottom = 0.0 if row else 10.0
        for place, (token, state) in enumerate(zip(tokens, states, strict=True)):
            _column(axes, place, bottom, state, row + 1)
            axes.text(
                place, bottom - 0.4, token, ha="right", va="top", rotation=45,
                rotation_mode="anchor", fontsize=10, color=style.INK, parse_math=False,
            )  # fmt: skip
        mean = [sum(column) / len(states) for column in zip(*states, strict=True)]
        middle = bottom + 0.25 * STACKED
        arrow = {"arrowstyle": "-|>", "color": style.COLOURS[row + 1], "linewidth": 1.1}
        axes.annotate("", (right - 0.5, middle), (len(tokens) - 0.4, middle), arrowprops=arrow)
        axes.text((len(tokens) + right - 0.9) / 2, middle + 0.4, "mean", ha="center", fontsize=10)
        _column(axes, right, bottom, mean, row + 1)
    axes.text(right, 7.0, between, ha="center", va="center", fontsize=10, color=style.INK)
    return figure


def _column(axes: Axes, x: float, bottom: float, numbers: Sequence[float], colour: int) -> None:
    some = list(numbers[:STACKED])
    number_boxes(axes, [(x, bottom + 0.5 * n) for n in range(len(some))], 0.6, some, colour)


def strips(rows: Mapping[str, Sequence[tuple[str, bool]]]) -> Figure:
    """Rows of words in boxes, some of which are shaded, with a name above each row.

    Args:
        rows: name -> words, each with whether its box is shaded.
    """
    figure, axes = style.new_figure(height=0.4 + 0.85 * len(rows), width=8.2)
    axes.axis("off")
    # Boxes are as wide as their words, in units of a row's height.
    widths = {name: [0.45 + 0.28 * len(word) for word, _ in row] for name, row in rows.items()}
    axes.set(xlim=(0, max(map(sum, widths.values()))), ylim=(-2 * len(rows), 0.2))
    for line, (name, row) in enumerate(rows.items()):
        x, y = 0.0, -2.0 * line
        axes.text(x, y - 0.1, name, va="top", fontsize=10, color=style.INK)
        for (word, shaded), width in zip(row, widths[name], strict=True):
            middle = x + width / 2
            if shaded:
                axes.bar(
                    middle, 0.85, width - 0.06, bottom=y - 1.75, lw=0, alpha=0.4,
                    color=style.COLOURS[0],
                )  # fmt: skip
            axes.bar(
                middle, 0.85, width - 0.06, bottom=y - 1.75, lw=0.8, color="none",
                edgecolor=style.INK,
            )  # fmt: skip
            axes.text(
                middle, y - 1.33, word, ha="center", va="center", fontsize=10, color=style.INK,
                parse_math=False,
            )  # fmt: skip
            x += width
    return figure
