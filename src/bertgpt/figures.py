"""Figures of the book: every function returns a matplotlib Figure; :func:`show` puts it in a page.

A figure is drawn once and serves both themes: text, axes and neutral lines take the colour of the
page's own text, and the series' colours have contrast enough on white and on near-black. Colour is
never alone: each series also has a marker and a dash of its own.
"""

import html
import io
import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib as mpl
from cycler import cycler
from IPython.display import HTML
from matplotlib.axes import Axes
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


def show(figure: Figure, *, alt: str) -> HTML:
    """Turn a figure into inline SVG that follows the page's light or dark theme.

    Args:
        figure: any matplotlib figure drawn in the book's style.
        alt: what is seen, in a sentence or two, for readers who do not see it.

    Raises:
        ValueError: if `alt` says nothing.
    """
    if len(alt.split()) < 4:
        raise ValueError(
            f"alt={alt!r} does not say what is seen; write a sentence of at least four words"
        )
    buffer = io.StringIO()
    # Salted by its text: the same drawing gets the same ids, two on a page never share one.
    with mpl.rc_context({**STYLE, "svg.hashsalt": alt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    # Group names repeat in every figure, and a style sheet would reach out of it into the page.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"<style.*?</style>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', "", svg, count=1)
    text = html.escape(alt, quote=True)
    head = f'<svg role="img" aria-label="{text}" class="bg-figure" stroke-linejoin="round" '
    svg = svg.replace("<svg ", head, 1)
    # On a phone the figure scrolls inside its own box rather than shrinking out of sight; the box
    # takes the keyboard's focus, so that the arrow keys scroll it too.
    width = figure.get_figwidth() * 100
    box = f"max-width:{width:.0f}px;overflow-x:auto"
    svg = svg.replace("<svg ", f'<svg style="width:100%;min-width:{0.62 * width:.0f}px" ', 1)
    return HTML(f'<div class="bg-figure-box" tabindex="0" style="{box}">{svg}</div>')


def lines(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x: str,
    y: str,
    spread: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    limit: tuple[float, str] | None = None,
    log: str = "",
) -> Figure:
    """Lines with markers, one dash and marker a series, a legend, and the exact limit if known.

    Args:
        series: name -> (x values, y values).
        x, y: axis labels with units.
        spread: name -> (low, high) at each point, drawn as error bars.
        limit: (value, label) of a horizontal line, where theory gives one.
        log: "x", "y" or "xy" for logarithmic axes.
    """
    figure, axes = new_figure()
    looks = zip(cycle(COLOURS), cycle(MARKERS), cycle(DASHES), strict=False)
    for (name, (xs, ys)), (colour, marker, dash) in zip(series.items(), looks, strict=False):
        bars = None
        if spread and name in spread:
            bars = _error_bars(ys, spread[name])
        axes.errorbar(
            xs, ys, yerr=bars, label=name, color=colour, marker=marker, linestyle=dash, capsize=3
        )
    if limit:
        draw_limit(axes, *limit)
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    places = sorted({place for xs, _ in series.values() for place in xs})
    if len(places) <= 12 and all(float(place).is_integer() for place in places):
        axes.set_xticks(places, [f"{place:g}" for place in places])  # no order 2.5 on the axis
        axes.minorticks_off()
    axes.set(xlabel=x, ylabel=y)
    with mpl.rc_context(STYLE):
        axes.legend()
    return figure


def bars(
    groups: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    y: str,
    x: str = "",
    spread: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    limit: tuple[float, str] | None = None,
) -> Figure:
    """Bars side by side in groups; series differ in colour and hatch.

    Args:
        groups: labels along the x axis.
        series: name -> one height a group.
        x, y: axis labels with units.
        spread: name -> (low, high) of each bar, drawn as error bars.
        limit: (value, label) of a horizontal line, where theory gives one.
    """
    figure, axes = new_figure()
    width = 0.8 / len(series)
    looks = zip(cycle(COLOURS), cycle(("", "//", "..", "xx", "\\\\", "++")), strict=False)
    for number, ((name, heights), (colour, hatch)) in enumerate(
        zip(series.items(), looks, strict=False)
    ):
        places = [g + (number - (len(series) - 1) / 2) * width for g in range(len(groups))]
        errors = _error_bars(heights, spread[name]) if spread and name in spread else None
        with mpl.rc_context(STYLE):
            axes.bar(
                places, heights, width * 0.92, yerr=errors, label=name, color=colour, hatch=hatch,
                edgecolor=INK, linewidth=0.6, ecolor=INK, capsize=3,
            )  # fmt: skip
    if limit:
        draw_limit(axes, *limit)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(xlabel=x, ylabel=y)
    axes.grid(axis="x", visible=False)
    if len(series) > 1:
        with mpl.rc_context(STYLE):
            axes.legend()
    return figure


def heat(
    values: Sequence[Sequence[float]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    x: str,
    y: str,
    digits: int = 2,
) -> Figure:
    """A table of numbers as shades of one colour, each number written in its cell.

    Args:
        values: one row of numbers a row label; darker and lighter are told by the number itself.
        rows, columns: labels.
        x, y: axis labels with units.
        digits: after the decimal point, in the cells.
    """
    figure, axes = new_figure(height=1.2 + 0.42 * len(rows))
    top = max(max(map(abs, row)) for row in values) or 1.0
    for r, row in enumerate(values):
        for c, value in enumerate(row):
            # Shade by opacity, so that the page's own background is the zero of the scale.
            axes.add_patch(
                mpl.patches.Rectangle(
                    (c - 0.5, r - 0.5), 1, 1, color=COLOURS[0], alpha=0.55 * abs(value) / top, lw=0
                )
            )
            axes.text(c, r, f"{value:.{digits}f}", ha="center", va="center", fontsize=10)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), xlabel=x, ylabel=y)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    for text in axes.texts:
        text.set_color(INK)
    return figure


def scatter(
    points: Mapping[str, Sequence[tuple[float, float]]],
    *,
    x: str,
    y: str,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Points, one colour and marker a series; `labels` names each point of a series beside it.

    Args:
        points: series name -> (x, y) pairs.
        x, y: axis labels with units.
        labels: series name -> one text a point.
    """
    figure, axes = new_figure()
    looks = zip(cycle(COLOURS), cycle(MARKERS), strict=False)
    for (name, pairs), (colour, marker) in zip(points.items(), looks, strict=False):
        xs, ys = zip(*pairs, strict=True)
        axes.plot(xs, ys, color=colour, marker=marker, linestyle="none", label=name)
        for text, place in zip((labels or {}).get(name, ()), pairs, strict=False):
            axes.annotate(
                text, place, xytext=(5, 4), textcoords="offset points", color=INK, fontsize=10
            )
    axes.set(xlabel=x, ylabel=y)
    if len(points) > 1:
        with mpl.rc_context(STYLE):
            axes.legend()
    return figure


def draw_limit(axes: Axes, value: float, label: str, *, left: bool = False) -> None:
    """Draw the exact limit: a horizontal line across the axes with its name on it.

    Args:
        axes: where to draw.
        value: height of the line.
        label: its name, at the right end; with `left`, at the left end.
        left: for figures whose last bar would stand behind the name.
    """
    axes.axhline(value, color=INK, linewidth=1.4, linestyle=(0, (1, 1)), marker="")
    axes.annotate(
        label, (0.01 if left else 0.99, value), xycoords=("axes fraction", "data"), xytext=(0, 3),
        textcoords="offset points", ha="left" if left else "right", va="bottom", fontsize=10,
        color=INK,
    )  # fmt: skip


def _error_bars(middles: Sequence[float], ends: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Distances below and above, as matplotlib wants them."""
    below = [m - low for m, (low, _) in zip(middles, ends, strict=True)]
    above = [high - m for m, (_, high) in zip(middles, ends, strict=True)]
    return [below, above]
