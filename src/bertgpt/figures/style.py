"""The book's figure style: one drawing serves the light and the dark theme.

Text, axes and neutral lines take the colour of the page's own text, and the series' colours have
contrast enough on white and on near-black. Colour is never alone: each series also has a marker
and a dash of its own.
"""

from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

# Each has a contrast of at least 3:1 on #ffffff and on #14181e (WCAG 2.1, 1.4.11 for graphics), and
# neighbours in the list differ in lightness for readers who do not see the hue.
COLOURS = ("#2a7fd4", "#c9650a", "#1f9274", "#c2559b", "#8a6fd1", "#8c7a1e")


MARKERS = ("o", "s", "^", "D", "v", "P")


DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)))


# Stands for "the page's text colour" while matplotlib draws; `show` replaces it.
INK = "#010203"


STYLE: Any = {
    "figure.figsize": (7.2, 3.8),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "font.size": 12.0,
    "lines.linewidth": 1.8,
    "lines.markersize": 6.0,
    "errorbar.capsize": 3.0,
    "hatch.color": INK,
    # Letters stay letters: they scale, are read aloud and take the page's colour.
    "svg.fonttype": "none",
    "axes.prop_cycle": cycler(color=COLOURS, marker=MARKERS),
}


def new_figure(columns: int = 1, *, height: float = 3.8, width: float = 7.2) -> tuple[Figure, Any]:
    """An empty figure in the book's style and its axes (one, or an array of `columns`).

    Args:
        columns: number of panels side by side.
        height, width: inches; the page scales the figure to its column.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, columns)
    return figure, axes
