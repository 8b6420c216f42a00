"""Drawing of page 14: three scores of one text, by what is read when each word is guessed."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bertgpt.figures.style import COLOURS, INK, STYLE, new_figure

TIMES = "\N{MULTIPLICATION SIGN}"
STEP, WIDE, TALL = 8.6, 8.0, 5.0  # of a word's box
ROW, LEFT, APART = 12.0, 2.0, 31.0  # of a score, and between two of its guesses


def scores(text: Sequence[str], ways: Mapping[str, Sequence[tuple[int, Sequence[int]]]]) -> Figure:
    """One row for each score: the text once for each of its guesses, which are multiplied.

    Args:
        text: its words.
        ways: what a score is called -> its guesses in their order: the place that is guessed, and
            the places that are read.
    Raises:
        ValueError: if a score does not guess each place once.
    """
    width, height = LEFT + APART * len(text), ROW * len(ways)
    figure, axes = new_figure(height=height / 10.5, width=width / 10.5)
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    for number, (name, guesses) in enumerate(ways.items()):
        if sorted(place for place, _ in guesses) != list(range(len(text))):
            raise ValueError(f"{name!r} guesses {guesses}; each of the {len(text)} places once")
        y = height - ROW * number
        axes.text(LEFT, y - 2.2, name, va="center", color=INK, fontsize=11, fontweight="bold")
        for i, (place, read) in enumerate(guesses):
            x = LEFT + APART * i
            _guess(axes, (x, y - 9), text, place, read)
            if i:
                axes.text(x - 2.5, y - 6.5, TIMES, ha="center", va="center", color=INK, fontsize=13)
    return figure


def _guess(
    axes: Axes, at: tuple[float, float], text: Sequence[str], place: int, read: Sequence[int]
) -> None:
    """The text as it is seen when the word at a place is guessed: hatched is what is not read."""
    x, y = at
    for i, word in enumerate(text):
        asked, seen = i == place, i in read
        with mpl.rc_context(STYLE):
            axes.add_patch(Rectangle(
                (x + STEP * i, y), WIDE, TALL, edgecolor=COLOURS[0] if asked else INK,
                facecolor=mpl.colors.to_rgba(COLOURS[0], 0.2) if asked else "none",
                linewidth=2.2 if asked else 0.8, hatch="" if asked or seen else "////",
            ))  # fmt: skip
        said = f"{word}?" if asked else word if seen else ""
        axes.text(
            x + STEP * i + WIDE / 2, y + TALL / 2, said, ha="center", va="center", color=INK,
            fontsize=9.5, parse_math=False,
        )  # fmt: skip
