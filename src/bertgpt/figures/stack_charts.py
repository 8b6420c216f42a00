"""Charts of page 09: next words beside the exact ones, and what the choices of a stack do."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.evaluation.intervals import Interval
from bertgpt.figures import style

SHOWN = 4  # of the likeliest next words


def next_words(
    places: Sequence[tuple[str, Mapping[str, float], Mapping[str, float]]], name: str
) -> Figure:
    """Bars of the likeliest next words at some places of a text.

    Args:
        places: of each the words before it, the exact probabilities, and those of a model.
        name: of the model.
    """
    figure, panels = style.new_figure(len(places), height=3.2)
    for axes, (before, exact, guess) in zip(panels, places, strict=True):
        words = sorted(guess, key=lambda w: -max(guess[w], exact.get(w, 0)))[:SHOWN]
        for shift, label, values, colour, hatch in (
            (-0.2, "exact", exact, 1, "//"),
            (0.2, name, guess, 0, ""),
        ):
            places_of = [i + shift for i in range(SHOWN)]
            axes.bar(
                places_of, [values.get(w, 0) for w in words], 0.38, label=label, hatch=hatch,
                color=style.COLOURS[colour], edgecolor=style.INK, linewidth=0.6,
            )  # fmt: skip
        axes.set_xticks(range(SHOWN), words)
        axes.set(title=f"… {before}", ylim=(0, 1.02))
        axes.grid(axis="x", visible=False)
    panels[0].set_ylabel("probability of the next word")
    panels[-1].legend(frameon=False, labelcolor=style.INK)
    return figure


def gradients(panels: Mapping[str, Mapping[str, Mapping[int, Interval]]]) -> Figure:
    """The gradient of the last block by the number of blocks, a line per kind of norm.

    Args:
        panels: by title of the panel and kind of norm, by number of blocks.
    """
    figure, every = style.new_figure(len(panels), height=3.2)
    for axes, (title, arms) in zip(every, panels.items(), strict=True):
        _gradients(axes, arms)
        axes.set(title=title, xlabel="blocks", ylabel="gradient of the last block")
    every[0].legend(frameon=False, labelcolor=style.INK, fontsize=10)
    return figure


def heads(losses: Mapping[str, Mapping[str, Interval]], floor: float) -> Figure:
    """Bars of the losses of two heads over the exact floor.

    Args:
        losses: by head and width, in bits per token.
        floor: the exact one.
    """
    figure, axes = style.new_figure(height=2.6, width=5)
    _losses(axes, losses, floor)
    return figure


def _gradients(axes: Axes, arms: Mapping[str, Mapping[int, Interval]]) -> None:
    styles = zip(style.COLOURS, style.MARKERS, style.DASHES, strict=False)
    low, high = 1e9, 0.0
    for (arm, by_depth), (colour, marker, dash) in zip(arms.items(), styles, strict=False):
        found = list(by_depth.values())
        low, high = min(low, *(i.low for i in found)), max(high, *(i.high for i in found))
        axes.errorbar(
            list(by_depth), [i.mid for i in found], _bars(found), color=colour, marker=marker,
            linestyle=dash, label=arm,
        )  # fmt: skip
    depths = list(next(iter(arms.values())))
    axes.set(xscale="log", yscale="log")
    axes.set_xticks(depths, map(str, depths))
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8) if low <= t <= high]
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()


def _losses(axes: Axes, losses: Mapping[str, Mapping[str, Interval]], floor: float) -> None:
    for name, shift, colour, hatch in zip(losses, (-0.2, 0.2), (0, 1), ("", "//"), strict=True):
        found = list(losses[name].values())
        axes.bar(
            [k + shift for k in range(len(found))], [i.mid for i in found], 0.38,
            yerr=_bars(found), capsize=3, ecolor=style.INK, label=name, hatch=hatch,
            color=style.COLOURS[colour], edgecolor=style.INK, linewidth=0.6,
        )  # fmt: skip
    widths = list(next(iter(losses.values())))
    axes.set_xticks(range(len(widths)), widths)
    dots = (0, (1, 1))  # named in the legend: the bars leave no room beside the line
    axes.axhline(
        floor, color=style.INK, linewidth=1.4, linestyle=dots, marker="", label="exact floor"
    )
    axes.set(ylabel="bits per token", ylim=(0, 2.6))
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False, labelcolor=style.INK, fontsize=10, ncols=3, loc="upper center")


def _bars(found: Sequence[Interval]) -> Any:
    return [[i.mid - i.low for i in found], [i.high - i.mid for i in found]]
