"""Drawing of what processes hold and send in training; chart of how long training takes."""

from collections.abc import Mapping

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.figures.style import COLOURS, DASHES, INK, MARKERS, STYLE, new_figure

# What training holds: name, colour, bytes for each weight in 32 bits; what is sent of it when each
# process has a copy, and when each has a part.
HELD = (
    ("weights", COLOURS[0], 4, "", "lent, block by block"),
    ("gradients", COLOURS[1], 4, "added up", "added up"),
    ("Adam's moments", COLOURS[2], 8, "", ""),
)
FIRST, SECOND, WIDE = 0.3, 25.7, 11.0  # left edges of the two processes, and their width
GAP = (FIRST + WIDE + SECOND) / 2
SPANS = {"minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400}
YEAR = 365 * 86_400.0


def draw_processes() -> Figure:
    """Two processes, replicated on the left and sharded on the right; areas are bytes."""
    figure, panels = new_figure(2, height=3.7, width=7.4)
    for axes, sharded in zip(panels, (False, True), strict=True):
        for number, left in enumerate((FIRST, SECOND), start=1):
            _process(axes, left, number, sharded)
        _name(axes, 2.3, "its texts", "")
        bottom = 6.0
        for name, colour, size, copied, in_parts in HELD:
            _name(axes, bottom + 0.6 * size, name, in_parts if sharded else copied, colour)
            bottom += 1.2 * size + 1
        axes.set(xlim=(-1.2, 38.2), ylim=(-0.4, 31))
        title = "sharded: each holds half" if sharded else "replicated: each holds all"
        axes.set_title(title, fontsize=12)
        axes.axis("off")
    return figure


def _process(axes: Axes, left: float, number: int, sharded: bool) -> None:
    """One process: its texts, and what it holds of weights, gradients and moments."""
    axes.text(left + WIDE / 2, 29, f"process {number}", ha="center", color=INK, fontsize=11)
    _bar(axes, left, 0, WIDE, 4.6, INK, full=False)
    half = "first" if number == 1 else "second"
    axes.text(left + WIDE / 2, 2.3, f"{half} half\nof a batch", ha="center", va="center",
              color=INK, fontsize=9.5, linespacing=1.05)  # fmt: skip
    bottom = 6.0
    for _, colour, size, *_ in HELD:
        high = 1.2 * size
        if sharded:
            _bar(axes, left, bottom, WIDE, high, colour, full=False, dotted=True)
            _bar(axes, left + (number - 1) * WIDE / 2, bottom, WIDE / 2, high, colour, full=True)
        else:
            _bar(axes, left, bottom, WIDE, high, colour, full=True)
        bottom += high + 1


def _bar(
    axes: Axes, left: float, bottom: float, wide: float, high: float, colour: str, *, full: bool,
    dotted: bool = False,
) -> None:  # fmt: skip
    axes.bar(
        left, high, wide, bottom, align="edge", edgecolor=colour, linewidth=1.3,
        facecolor=mpl.colors.to_rgba(colour, 0.45) if full else "none",
        linestyle=(0, (1, 1.5)) if dotted else "-",
    )  # fmt: skip


def _name(axes: Axes, y: float, name: str, sent: str, colour: str = INK) -> None:
    """The name of a row between the processes, with an arrow where something of it is sent."""
    axes.text(GAP, y + (1.5 if sent else 0), name, ha="center", va="center", color=INK,
              fontsize=10)  # fmt: skip
    if sent:
        how = {"arrowstyle": "<|-|>", "color": colour, "linewidth": 2}
        axes.annotate("", (SECOND, y), (FIRST + WIDE, y), arrowprops=how)
        axes.text(GAP, y - 1.5, sent, ha="center", va="center", color=INK, fontsize=9)


def time_to_train(
    speeds: Mapping[str, float],
    models: Mapping[str, tuple[float, float]],
    unknown: Mapping[str, float],
    tokens_a_weight: float,
) -> Figure:
    """Seconds to train against weights, on machines, at a fixed number of tokens for each weight.

    Args:
        speeds: machine -> operations a second.
        models: name -> (weights, operations of its own training), drawn on each machine's level.
        unknown: name -> weights of models whose tokens nobody has published: a line across.
        tokens_a_weight: of the lines.
    """
    figure, axes = new_figure(height=4.6)
    weights = (1e5, 1e12)
    for (name, speed), colour, dash in zip(speeds.items(), COLOURS, DASHES, strict=False):
        took = [6 * tokens_a_weight * n * n / speed for n in weights]
        axes.plot(weights, took, color=colour, linestyle=dash, marker="", label=name)
        for (n, flops), marker in zip(models.values(), MARKERS, strict=False):
            axes.plot(n, flops / speed, color=colour, marker=marker, markersize=7, linestyle="")
    for (name, _), marker in zip(models.items(), MARKERS, strict=False):
        axes.plot([], [], color=INK, marker=marker, linestyle="", label=name)
    for name, n in unknown.items():
        axes.axvline(n, color=INK, linewidth=1, linestyle=":")
        axes.text(n * 1.15, 2e-2, name, color=INK, fontsize=10, rotation=90, va="bottom")
    ticks = {f"1 {name}": s for name, s in SPANS.items()} | {
        "1 second": 1, "1 year": YEAR, "1,000 years": 1e3 * YEAR, "1,000,000 years": 1e6 * YEAR,
    }  # fmt: skip
    axes.set(xscale="log", yscale="log", xlim=(1e5, 1e12), ylim=(1e-2, 1e8 * YEAR))
    axes.set_yticks(list(ticks.values()), list(ticks))
    axes.minorticks_off()
    with mpl.rc_context(STYLE):
        axes.set(xlabel="weights", ylabel="time to train")
        axes.legend(fontsize=9.5, loc="upper left")
    return figure
