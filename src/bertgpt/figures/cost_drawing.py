"""Drawings of what waits for what: rounds of a stack, and a copy found by two look-ups."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.figures import style

WORDS = "Anna pours hot tea very slowly".split()
LAYERS = (1, 2, 3)


def rounds_of_stacks() -> Figure:
    """Six words, three layers: the round in which each cell can work, recurrent and Transformer."""
    figure, panels = style.new_figure(2, height=3.8)
    for axes, name, front in zip(panels, ("recurrent stack", "Transformer"), (5, 2), strict=True):
        recurrent = name == "recurrent stack"
        for layer in LAYERS:
            for token in range(1, len(WORDS) + 1):
                number = layer + token - 1 if recurrent else layer
                _box(axes, token, layer, str(number), number == front, high=0.24)
                _needs(axes, token, layer, recurrent)
        for token, word in enumerate(WORDS, start=1):
            axes.text(token, 0.16, word, ha="center", va="top", fontsize=10, color=style.INK)
        axes.set(xlim=(0.4, 6.6), ylim=(-0.1, 3.35), title=name, xticks=[])
        axes.set_yticks(LAYERS, [f"layer {layer}" for layer in LAYERS])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    panels[1].set_yticks([])
    return figure


def _needs(axes: Axes, token: int, layer: int, recurrent: bool) -> None:
    """Arrows from the cells that one cell waits for."""
    if recurrent:
        _arrow(axes, (token, layer - 0.76), (token, layer - 0.25))
        if token > 1:
            _arrow(axes, (token - 0.63, layer), (token - 0.37, layer))
        return
    small = "-|>,head_width=0.15,head_length=0.25"
    for earlier in range(1, token + 1):
        _arrow(axes, (earlier, layer - 0.74), (token, layer - 0.25), linewidth=0.45,
               arrowstyle=small)  # fmt: skip


def two_look_ups(text: Sequence[str]) -> Figure:
    """The note of each token, and how the last token finds what followed it before.

    Args:
        text: nine tokens; the last is also the third.
    """
    figure, axes = style.new_figure(height=3.7)
    for t, letter in enumerate(text):
        _box(axes, t, 0, letter)
        _box(axes, t, 1.5, text[max(0, t - 1)], t == 3)
        if t:
            _arrow(axes, (t - 0.8, 0.37), (t - 0.05, 1.12))
    _box(axes, 8.6, 0, text[3], True, 1)
    _path(axes, [(7.36, 0), (7.7, 0), (7.7, 2.35), (3, 2.35), (3, 1.87)], style.COLOURS[0])
    _path(axes, [(3, -0.37), (3, -0.85), (8.6, -0.85), (8.6, -0.37)], style.COLOURS[1])
    for place, words in ((0, "tokens"), (1.5, "notes"), (0.75, "layer 1:\nlook one back")):
        axes.text(-0.6, place, words, ha="right", va="center", fontsize=11)
    asks = f"layer 2 asks: where is the note {text[2]}?"
    axes.text(5.35, 2.45, asks, ha="center", va="bottom", fontsize=11)
    fetches = "and fetches the token of that place"
    axes.text(5.8, -0.95, fetches, ha="center", va="top", fontsize=11)
    axes.text(8.6, 0.5, "next", ha="center", va="bottom", fontsize=11)
    axes.set(xlim=(-2.9, 9.2), ylim=(-1.45, 2.9))
    axes.axis("off")
    return figure


def _box(
    axes: Axes, x: float, y: float, text: str, filled: bool = False, colour: int = 0,
    high: float = 0.36,
) -> None:  # fmt: skip
    """A box with a text in it, filled or not."""
    axes.barh(
        y, 0.72, 2 * high, left=x - 0.36, edgecolor=style.INK, linewidth=0.8,
        color=style.COLOURS[colour] if filled else "none",
    )  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", fontsize=11, color=style.INK)


Point = tuple[float, float]


def _arrow(axes: Axes, start: Point, end: Point, colour: str = style.INK, **more: Any) -> None:
    how = {"arrowstyle": "-|>", "color": colour, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=how | more)


def _path(axes: Axes, corners: Sequence[Point], colour: str) -> None:
    """A line around corners that ends in an arrow."""
    x, y = zip(*corners[:-1], strict=True)
    axes.plot(x, y, color=colour, linewidth=1.8, marker="")
    _arrow(axes, corners[-2], corners[-1], colour, linewidth=1.8)
