"""Charts: every function returns a matplotlib Figure; `page.show` puts it in a page.

Names of series, groups, rows, columns, points and limits may be tokens, so a dollar sign in them is
a dollar sign. Only the labels of the axes are read as formulas: ``x="units of $D^3$"``.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.evaluation.intervals import Interval
from bertgpt.figures.style import COLOURS, DASHES, INK, MARKERS, STYLE, new_figure


def lines(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x: str,
    y: str,
    spread: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    limit: tuple[float, str] | None = None,
    log: str = "",
) -> Figure:
    """Lines with markers, one dash and marker per series, a legend, and the exact limit if known.

    Args:
        series: name -> (x values, y values).
        x, y: axis labels with units.
        spread: name -> (low, high) at each point, drawn as error bars.
        limit: (value, label) of a horizontal line, where theory gives one.
        log: "x", "y" or "xy" for logarithmic axes.
    Raises:
        ValueError: if `spread` names another series, or does not fit its points.
    """
    _check_names("spread", spread, series)
    figure, axes = new_figure()
    styles = zip(cycle(COLOURS), cycle(MARKERS), cycle(DASHES), strict=False)
    for (name, (xs, ys)), (colour, marker, dash) in zip(series.items(), styles, strict=False):
        errors = _error_bars(name, ys, spread)
        axes.errorbar(
            xs, ys, yerr=errors, label=name, color=colour, marker=marker, linestyle=dash, capsize=3
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
    _name_series(axes)
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
        series: name -> one height per group.
        x, y: axis labels with units.
        spread: name -> (low, high) of each bar, drawn as error bars.
        limit: (value, label) of a horizontal line, where theory gives one.
    Raises:
        ValueError: if a series has not one height per group, or `spread` names another series or
            does not fit its bars.
    """
    _check_names("spread", spread, series)
    figure, axes = new_figure()
    width = 0.8 / len(series)
    styles = zip(cycle(COLOURS), cycle(("", "//", "..", "xx", "\\\\", "++")), strict=False)
    for number, ((name, heights), (colour, hatch)) in enumerate(
        zip(series.items(), styles, strict=False)
    ):
        places = [g + (number - (len(series) - 1) / 2) * width for g in range(len(groups))]
        _check_length(f"series[{name!r}]", heights, len(groups), "group")
        errors = _error_bars(name, heights, spread)
        with mpl.rc_context(STYLE):
            axes.bar(
                places, heights, width * 0.92, yerr=errors, label=name, color=colour, hatch=hatch,
                edgecolor=INK, linewidth=0.6, ecolor=INK, capsize=3,
            )  # fmt: skip
    if limit:
        draw_limit(axes, *limit)
    axes.set_xticks(range(len(groups)), groups, parse_math=False)
    axes.set(xlabel=x, ylabel=y)
    axes.grid(axis="x", visible=False)
    if len(series) > 1:
        _name_series(axes)
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
        values: one row of numbers per row label; the number sets the shade.
        rows, columns: labels.
        x, y: axis labels with units.
        digits: after the decimal point, in the cells.
    Raises:
        ValueError: unless each row and each column has one label.
    """
    _check_length("rows", rows, len(values), "row of values")
    for row in values:
        _check_length("columns", columns, len(row), "value of a row")
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
    axes.set_xticks(range(len(columns)), columns, parse_math=False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
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
    """Points, one colour and marker per series; `labels` names each point of a series beside it.

    Args:
        points: series name -> (x, y) pairs.
        x, y: axis labels with units.
        labels: series name -> one text per point.
    Raises:
        ValueError: if `labels` names another series, or does not fit its points.
    """
    _check_names("labels", labels, points)
    figure, axes = new_figure()
    styles = zip(cycle(COLOURS), cycle(MARKERS), strict=False)
    for (name, pairs), (colour, marker) in zip(points.items(), styles, strict=False):
        xs, ys = zip(*pairs, strict=True)
        axes.plot(xs, ys, color=colour, marker=marker, linestyle="none", label=name)
        if not labels or name not in labels:
            continue
        _check_length(f"labels[{name!r}]", labels[name], len(pairs), "point")
        for text, place in zip(labels[name], pairs, strict=True):
            axes.annotate(
                text, place, xytext=(5, 4), textcoords="offset points", color=INK, fontsize=10,
                parse_math=False,
            )  # fmt: skip
    axes.set(xlabel=x, ylabel=y)
    if len(points) > 1:
        _name_series(axes)
    return figure


def draw_limit(axes: Axes, value: float, label: str, *, left: bool = False) -> None:
    """Draw the exact limit: a horizontal line across the axes with its name on it.

    Args:
        axes: where to draw.
        value: height of the line.
        label: its name, at the right end; with `left`, at the left end.
        left: for figures whose last bar would be behind the name.
    """
    axes.axhline(value, color=INK, linewidth=1.4, linestyle=(0, (1, 1)), marker="")
    axes.annotate(
        label, (0.01 if left else 0.99, value), xycoords=("axes fraction", "data"), xytext=(0, 3),
        textcoords="offset points", ha="left" if left else "right", va="bottom", fontsize=10,
        color=INK, parse_math=False,
    )  # fmt: skip


def with_intervals(
    intervals: Mapping[str, Sequence[Interval]],
) -> tuple[dict[str, list[float]], dict[str, list[tuple[float, float]]]]:
    """Means and spreads of series, as :func:`lines` and :func:`bars` take them.

    >>> with_intervals({"LSTM": [Interval(0.5, 0.6, 0.7)]})
    ({'LSTM': [0.6]}, {'LSTM': [(0.5, 0.7)]})
    """
    middles = {name: [interval.mid for interval in row] for name, row in intervals.items()}
    spread = {name: [(i.low, i.high) for i in row] for name, row in intervals.items()}
    return middles, spread


def _name_series(axes: Axes) -> None:
    """A legend whose names are taken as they are."""
    with mpl.rc_context(STYLE):
        for name in axes.legend().get_texts():
            name.set_parse_math(False)


def _check_names(
    what: str, given: Mapping[str, object] | None, series: Mapping[str, object]
) -> None:
    """A misspelt name would leave its error bars or labels out, and nobody would see it."""
    if unknown := [name for name in given or () if name not in series]:
        raise ValueError(f"{what} names {unknown}; the series are {list(series)}")


def _check_length(what: str, given: Sequence[object], n: int, of: str) -> None:
    """matplotlib would draw one number everywhere, or several in one place."""
    if len(given) != n:
        raise ValueError(f"{what} has the length {len(given)} and needs {n}: one for each {of}")


def _error_bars(
    name: str,
    middles: Sequence[float],
    spread: Mapping[str, Sequence[tuple[float, float]]] | None,
) -> list[list[float]] | None:
    """Distances below and above, as matplotlib wants them; None for a series without a spread."""
    if not spread or name not in spread:
        return None
    _check_length(f"spread[{name!r}]", spread[name], len(middles), "value")
    below = [m - low for m, (low, _) in zip(middles, spread[name], strict=True)]
    above = [high - m for m, (_, high) in zip(middles, spread[name], strict=True)]
    return [below, above]
