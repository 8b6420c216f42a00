"""Charts of page 14: tables of intervals, such as how trained by how asked, and two beginnings."""

from collections.abc import Collection, Mapping, Sequence
from math import inf

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bertgpt.evaluation.intervals import Interval
from bertgpt.figures.style import COLOURS, DASHES, INK, MARKERS, STYLE, new_figure

NOTHING = "\N{EN DASH}"
Cell = Interval | float | None  # a mean with its interval, a number that is exact, or nothing
Place = tuple[str, str]  # row, column
TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)  # bits


def intervals(
    cells: Mapping[str, Mapping[str, Cell]],
    *,
    x: str,
    y: str,
    shades: Mapping[Place, float] | None = None,
    framed: Collection[Place] = (),
    marks: Mapping[Place, str] | None = None,
    apart: Collection[str] = (),
    within: Mapping[str, tuple[float, float]] | None = None,
    digits: int = 2,
    signed: bool = False,
) -> Figure:
    """A table whose cells hold a mean and, below it, the ends of its interval.

    The numbers carry all of it; shades repeat them for the eye.

    Args:
        cells: row -> column -> what is in the cell; the same columns in every row.
        x, y: what the columns are, and the rows.
        shades: opacity of a cell, 0 to 1.
        framed: cells with a frame.
        marks: a sign after the mean of a cell.
        apart: rows before which there is a gap.
        within: row -> the values that are possible, where a t interval reaches beyond them.
        digits: after the decimal point.
        signed: write the plus of positive numbers.
    Raises:
        ValueError: if two rows have not the same columns, or there is no row.
    """
    columns = list(next(iter(cells.values()))) if cells else []
    for name, row in cells.items():
        if list(row) != columns:
            raise ValueError(f"{name!r} has the columns {list(row)}; the first has {columns}")
    if not columns:
        raise ValueError("there is no cell to draw; give at least one row with one column")
    places, height = {}, 0.0
    for name in cells:
        height += 0.25 if name in apart else 0.0
        places[name] = height
        height += 1.0
    figure, axes = new_figure(height=1.25 + 0.43 * height, width=9.2)
    for name, row in cells.items():
        low, high = (within or {}).get(name, (-inf, inf))
        for number, (column, found) in enumerate(row.items()):
            at, place = (number, places[name]), (name, column)
            if isinstance(found, Interval):
                found = Interval(max(found.low, low), found.mid, min(found.high, high))
            _back(axes, at, (shades or {}).get(place, 0.0), place in framed)
            _number(axes, at, _written(found, digits, signed), (marks or {}).get(place, ""))
    _label(axes, columns, places, x, y)
    axes.set(xlim=(-0.52, len(columns) - 0.48), ylim=(height - 0.45, -0.55))
    return figure


def _back(axes: Axes, at: tuple[float, float], shade: float, framed: bool) -> None:
    """Shade and frame of a cell."""
    x, y = at
    axes.add_patch(
        Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=COLOURS[0], alpha=0.55 * shade, lw=0)
    )
    if framed:
        frame = Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, edgecolor=INK, facecolor="none", lw=1.8)
        axes.add_patch(frame)


def _written(found: Cell, digits: int, signed: bool) -> list[str]:
    """Lines of a cell: a mean and the ends of its interval, a number, or a dash."""
    if found is None:
        return [NOTHING]
    numbers = list(found) if isinstance(found, Interval) else [found]
    plus = "+" if signed else ""
    said = [
        f"{round(x, digits) + 0.0:{plus if round(x, digits) else ''}.{digits}f}" for x in numbers
    ]
    return said if len(said) == 1 else [said[1], f"{said[0]} to {said[2]}"]


def _number(axes: Axes, at: tuple[float, float], said: Sequence[str], mark: str) -> None:
    """Write into a cell: a mean with its interval below, or one line."""
    x, y = at
    shifts, sizes = ((0.0,), (11,)) if len(said) == 1 else ((-0.15, 0.25), (11, 7.5))
    for words, shift, size in zip([said[0] + mark, *said[1:]], shifts, sizes, strict=True):
        axes.text(x, y + shift, words, ha="center", va="center", color=INK, fontsize=size)


def _label(axes: Axes, columns: Sequence[str], places: Mapping[str, float], x: str, y: str) -> None:
    axes.set_xticks(range(len(columns)), [c.replace(", ", ",\n") for c in columns])
    axes.set_yticks(list(places.values()), list(places), parse_math=False)
    axes.tick_params(length=0, labelsize=10.5)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set(xlabel=x, ylabel=y)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def beginnings(
    panels: Mapping[str, Mapping[str, Sequence[Interval]]],
    updates: Sequence[int],
    *,
    y: str,
) -> Figure:
    """Curves in panels side by side, logarithmic; a line where a second stage begins, half way.

    Args:
        panels: title -> arm -> its interval after each number of updates.
        updates: at which the arms were looked at.
        y: label of the axis.
    Raises:
        ValueError: if an arm has not one interval for each number of updates.
    """
    figure, every = new_figure(len(panels), height=3.9, width=8.8)
    for number, (axes, (title, arms)) in enumerate(zip(every, panels.items(), strict=True)):
        styles = zip(COLOURS, MARKERS, DASHES, strict=False)
        for (arm, found), (colour, marker, dash) in zip(arms.items(), styles, strict=False):
            if len(found) != len(updates):
                raise ValueError(
                    f"{arm!r} has {len(found)} intervals; give one for each of {len(updates)} looks"
                )
            ends = [[i.mid - i.low for i in found], [i.high - i.mid for i in found]]
            axes.errorbar(
                updates, [i.mid for i in found], yerr=ends, label=arm, color=colour,
                marker=marker, linestyle=dash, capsize=3,
            )  # fmt: skip
        axes.axvline(updates[-1] / 2, color=INK, linewidth=1.2, linestyle=(0, (1, 1)), marker="")
        axes.set(title=title, xlabel="updates", ylabel="" if number else y, yscale="log")
        axes.set_xticks([0, updates[-1] // 2, updates[-1]])
        low, high = axes.get_ylim()
        ticks = [t for t in TICKS if low <= t <= high]
        axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
        axes.minorticks_off()
    with mpl.rc_context(STYLE):  # one for all panels, above them, where no curve is
        lines, names = every[0].get_legend_handles_labels()
        figure.legend(lines, names, fontsize=10, ncol=len(names), loc="outside upper center")
    return figure
