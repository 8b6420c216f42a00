"""Drawings of page 14: one stack with three switches, and six ways of asking for a word."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from bertgpt.figures.style import COLOURS, INK, STYLE, new_figure

GPT, BERT = COLOURS[1], COLOURS[0]
TURNED = (  # what one switch does, turned on a GPT while the two others stay
    ("mask", "the next word can be read\nand need not be guessed"),
    ("objective", "some words are guessed,\neach from its left only"),
    ("head", "a layer more on the way\nto the token table"),
)
HEADS = (("token\ntable",), ("token\ntable", "norm", "layer"))  # of GPT, and of BERT
WORDS = ("anna", "gave", "tom", "a", "kite")
HIDDEN = (1, 4)  # of WORDS, where BERT's objective is drawn


def switches() -> Figure:
    """The stack once, and beside it mask, objective and head, each in GPT's and in BERT's form."""
    figure, axes = _empty(height=5.9, width=9.2, size=(92, 59))
    for x, text in ((26.5, "GPT"), (56.5, "BERT"), (80, "turned by itself, from GPT")):
        axes.text(x, 57, text, ha="center", va="center", fontweight="bold", color=INK, fontsize=11)
    _box(axes, (0.8, 1.5), (10, 52.5), COLOURS[2], "one stack:\n\ntables,\nblocks,\nnorm")
    for row, (name, then) in enumerate(TURNED):
        y = 45.5 - 18.5 * row
        axes.text(13.6, y + 8.2, name, fontweight="bold", color=INK, fontsize=11, va="center")
        _path(axes, (10.8, y), (13.6, y))
        _switch(axes, 41.5, y)
        axes.text(70.5, y, then, va="center", color=INK, fontsize=10, linespacing=1.25)
        for x, is_bert in ((26.5, False), (56.5, True)):
            (_mask, _objective, _head)[row](axes, x, y, is_bert)
        if row:
            axes.plot([13, 91], [y + 10.6] * 2, color=INK, linewidth=0.6, alpha=0.4, marker="")
    return figure


def _mask(axes: Axes, x: float, y: float, is_bert: bool) -> None:
    """Five rows of five: filled where a position may read another."""
    n, side = len(WORDS), 2.7
    for t in range(n):
        for s in range(n):
            may = is_bert or s <= t
            axes.add_patch(Rectangle(
                (x + (s - n / 2) * side, y + (n / 2 - 1 - t) * side), side, side, edgecolor=INK,
                facecolor=mpl.colors.to_rgba(BERT if is_bert else GPT, 0.45) if may else "none",
                linewidth=0.7,
            ))  # fmt: skip


def _objective(axes: Axes, x: float, y: float, is_bert: bool) -> None:
    """A text, and above it what is asked for where."""
    step, colour = 4.7, BERT if is_bert else GPT
    for i, word in enumerate(WORDS):
        at = x + (i - 2) * step
        hidden = is_bert and i in HIDDEN
        axes.text(at, y - 4.2, "▢" if hidden else word, ha="center", va="center", fontsize=9.5)
        asked = word if hidden else WORDS[i + 1] if not is_bert and i < 4 else ""
        asked = "(end)" if not is_bert and i == 4 else asked
        if asked:
            _path(axes, (at, y - 2.3), (at, y + 1.7), head=True)
            axes.text(
                at, y + 3.6, asked, ha="center", va="center", fontsize=9, fontweight="bold",
                bbox={"boxstyle": "round,pad=0.12", "edgecolor": colour, "facecolor": "none"},
            )  # fmt: skip


def _head(axes: Axes, x: float, y: float, is_bert: bool) -> None:
    """Boxes, in the order in which a state passes through them."""
    parts = HEADS[is_bert][::-1]
    step = 8.2
    for i, part in enumerate(parts):
        left = x + (i - len(parts) / 2) * step + 0.4
        _box(axes, (left, y - 3), (step - 1.6, 6), BERT if is_bert else GPT, part)
        if i:
            _path(axes, (left - 1.5, y), (left - 0.1, y), head=True)


def _switch(axes: Axes, x: float, y: float) -> None:
    """A toggle, drawn between its two positions."""
    axes.add_patch(FancyBboxPatch(
        (x - 2.4, y - 1.2), 4.8, 2.4, boxstyle="round,pad=0,rounding_size=1.2", edgecolor=INK,
        facecolor="none", linewidth=1.5,
    ))  # fmt: skip
    axes.add_patch(Circle((x - 1.2, y), 0.75, facecolor=INK, edgecolor=INK))


# ---------------------------------------------------------------- six ways of asking

ASKED = ("anna", "gave", "tom", "a", "kite", ".")
PLACE = 2  # the word that is asked for


def ways_of_asking(titles: Sequence[str]) -> Figure:
    """One text as each column of the grid shows it; crossed out is what nobody may read.

    Args:
        titles: of the six columns, in the order of `controlled.grid.COLUMNS`.
    Raises:
        ValueError: unless there are six.
    """
    if len(titles) != 6:
        raise ValueError(f"{len(titles)} titles; give six, one for each column of the grid")
    figure, axes = _empty(height=3.7, width=9.0, size=(90, 39))
    gap = ("[MASK]", "[MASK]", "[MASK]", "[MASK]", "[MASK]", ASKED[PLACE])
    notes = (
        "each word reads what came before it", "what came before reads itself both ways",
        "and [MASK] for each word to come", "all words read one another",
        "as above, but no other word reads the gap", "the answer is in sight",
    )  # fmt: skip
    for row, title in enumerate(titles):
        y = 36 - 6.4 * row
        axes.text(0.3, y, title, va="center", fontsize=10.5, fontweight="bold", color=INK)
        for i, word in enumerate(ASKED):
            x = 24 + 6.6 * i
            word = gap[row] if i == PLACE else word
            later = i > PLACE
            word = "[MASK]" if later and row == 2 else word
            unseen = later and row < 2
            _word(axes, (x, y), "" if unseen else word, asked=i == PLACE, unread=row == 4)
        axes.text(62, y, notes[row], va="center", fontsize=9, color=INK)
    return figure


def _word(axes: Axes, at: tuple[float, float], word: str, *, asked: bool, unread: bool) -> None:
    """A box with a word; hatched and empty where it may not be read."""
    x, y = at
    with mpl.rc_context(STYLE):
        axes.add_patch(Rectangle(
            (x - 3.1, y - 2.1), 6.2, 4.2, edgecolor=BERT if asked else INK,
            facecolor=mpl.colors.to_rgba(BERT, 0.2) if asked else "none",
            linewidth=2.2 if asked else 0.8, linestyle="--" if asked and unread else "-",
            hatch="" if word else "////",
        ))  # fmt: skip
    axes.text(x, y, word, ha="center", va="center", fontsize=9, color=INK, parse_math=False)


def _empty(*, height: float, width: float, size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure, axes = new_figure(height=height, width=width)
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]))
    axes.axis("off")
    return figure, axes


def _box(
    axes: Axes, at: tuple[float, float], size: tuple[float, float], colour: str, text: str
) -> None:
    axes.add_patch(FancyBboxPatch(
        at, *size, boxstyle="round,pad=0,rounding_size=0.8", edgecolor=colour,
        facecolor=mpl.colors.to_rgba(colour, 0.13), linewidth=1.6,
    ))  # fmt: skip
    axes.text(
        at[0] + size[0] / 2, at[1] + size[1] / 2, text, ha="center", va="center", color=INK,
        fontsize=9.5, linespacing=1.15,
    )  # fmt: skip


def _path(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], *, head: bool = False
) -> None:
    arrow = {"arrowstyle": "-|>" if head else "-", "color": INK, "linewidth": 1.0}
    axes.annotate("", end, start, arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0})
