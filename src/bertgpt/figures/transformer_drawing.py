"""Drawings of the Transformer: the one stack as a GPT, and both halves of 2017."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from bertgpt.figures.style import COLOURS, INK, STYLE, new_figure

ATTENTION, FEED, NORM, CROSS, TABLE = (COLOURS[i] for i in (0, 1, 2, 3, 4))  # one part, one colour
PLAIN = ("feed-forward", FEED)


def draw_stack(words: Sequence[str], guesses: Sequence[tuple[str, float]]) -> Figure:
    """A GPT from its words to its guess, read upwards: tables, blocks, norm, head, softmax.

    Args:
        words: what it reads, up to six.
        guesses: up to four next words, each with its probability.
    Raises:
        ValueError: if there are more words or guesses than the drawing has room for.
    """
    if not 1 <= len(words) <= 6 or not 1 <= len(guesses) <= 4:
        raise ValueError(
            f"{len(words)} words and {len(guesses)} guesses; the drawing has room for 1 to 6 words "
            "and 1 to 4 guesses"
        )
    figure, axes = _empty(height=6.6, top=66)
    for x, y, text in (
        (45, 62, "The guess: a probability for each word"),
        (41, 50.9, "The token table again, backwards:\nhow well does each word fit?"),
        (32.5, 36.5, "Two matrices, and between them\na non-linearity"),
        (32.5, 30.7, "⊕ adds to the vector that passes by;\nnothing is replaced"),
        (32.5, 23.6, "Each position reads the others,\nas far as its mask allows"),
        (46, 13.7, "A vector for each place,\nadded to that of the word"),
        (46, 2.6, "The text so far"),
    ):
        axes.text(x, y, text, va="center", color=INK, fontsize=10.5, linespacing=1.2)
    for i, word in enumerate(words):
        _box(axes, 23.5 + (i - (len(words) - 1) / 2) * 7.2, 2.6, word, INK, width=6.8)
    _arrow(axes, (23.5, 4.6), (23.5, 6.8))
    _box(axes, 23.5, 8.9, "token table", TABLE, width=16)
    _arrow(axes, (23.5, 10.7), (23.5, 12.5))
    _box(axes, 38, 13.7, "position table", TABLE, width=13.5)
    _arrow(axes, (31.2, 13.7), (24.8, 13.7))
    _plus(axes, 23.5, 13.7)
    _frame(axes, 4.5, 17.3, 30, 41.6, INK)
    axes.text(2.4, 29.5, "N blocks", rotation=90, ha="center", va="center", color=INK, fontsize=11)
    _arrow(axes, (23.5, 14.9), (23.5, 18.9), head=False)
    _part(axes, 23.5, 18.9, "attention", ATTENTION)
    _part(axes, 23.5, 29.9, "feed-forward", FEED)
    _arrow(axes, (23.5, 40.7), (23.5, 43.6))
    _box(axes, 23.5, 45.4, "norm", NORM, width=9)
    _arrow(axes, (23.5, 47.2), (23.5, 49.1))
    _box(axes, 23.5, 50.9, "head", TABLE, width=32)
    _arrow(axes, (23.5, 52.7), (23.5, 54.4))
    _box(axes, 23.5, 56.2, "softmax", INK, width=11)
    _arrow(axes, (23.5, 58), (23.5, 59.4))
    places = [23.5 + (i - (len(guesses) - 1) / 2) * 10 for i in range(len(guesses))]
    highest = max(p for _, p in guesses)
    with mpl.rc_context(STYLE):
        axes.bar(places, [3.6 * p / highest for _, p in guesses], 5, 62.2, color=COLOURS[0])
    for x, (word, p) in zip(places, guesses, strict=True):
        axes.text(x, 60.8, f"{word} {p:.0%}", ha="center", va="center", color=INK, fontsize=9.5)
    return figure


def draw_2017() -> Figure:
    """Encoder and decoder of Vaswani et al. (2017), and what BERT and GPT keep of them."""
    figure, axes = _empty(height=6.5, top=65)
    for x, source, name, kept, top in (
        (17, "source sentence", "encoder", "BERT keeps this half.", 40.2),
        (56, "translation so far", "decoder", "GPT keeps this half, less the dotted part.", 51.2),
    ):
        axes.text(x, 1, kept, ha="center", color=INK, fontsize=11, fontweight="bold")
        _box(axes, x, 6.4, source, INK, width=20)
        _arrow(axes, (x, 8.2), (x, 10))
        _box(axes, x, 12.2, "token table + positions", TABLE, width=23)
        _frame(axes, x - 14, 17.2, x + 14, top, ATTENTION)
        axes.text(x - 13.5, top + 0.8, f"{name}, 6 blocks", color=INK, fontsize=10)
    _layers(axes, 17, -12.6, (("self-attention\nreads all words", ATTENTION), PLAIN))
    reads_past = ("self-attention\nreads what came before", ATTENTION)
    _layers(axes, 56, 12.6, (reads_past, ("cross-attention\nreads the encoder", CROSS), PLAIN))
    _arrow(axes, (56, 49.7), (56, 55.8))
    _box(axes, 56, 57.6, "head, softmax", TABLE, width=17)
    _arrow(axes, (56, 59.4), (56, 61.4))
    axes.text(56, 62.2, "next word of the translation", ha="center", color=INK, fontsize=10)
    _path(axes, [(17, 38.7), (17, 45), (36.5, 45), (36.5, 32), (44.4, 32)], CROSS, 2.2)
    return figure


def _layers(axes: Axes, x: float, aside: float, layers: Sequence[tuple[str, str]]) -> None:
    """Layers of a post-norm block, one on the other, each with its add and norm."""
    y = 21.0
    _arrow(axes, (x, 14), (x, y - 2.4))
    for text, colour in layers:
        dotted = colour == CROSS
        _box(axes, x, y, text, colour, width=23, height=4.6, dotted=dotted)
        _arrow(axes, (x, y + 2.4), (x, y + 4.1))
        _box(axes, x, y + 5.6, "add and norm", NORM, width=15, height=2.8, dotted=dotted)
        nearer = x + (7.6 if aside > 0 else -7.6)
        around = [(x, y - 3.2), (x + aside, y - 3.2), (x + aside, y + 5.6), (nearer, y + 5.6)]
        _path(axes, around, INK, 1)
        y += 11
        if (text, colour) != layers[-1]:
            _arrow(axes, (x, y - 4), (x, y - 2.4))


def _part(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    """A part of a pre-norm block beside the stream, which goes up in a straight line at x."""
    _arrow(axes, (x, y), (x, y + 8.4), head=False)
    _path(axes, [(x, y + 0.6), (x - 10, y + 0.6), (x - 10, y + 1.7)], INK, 1.4)
    _box(axes, x - 10, y + 2.9, "norm", NORM, width=9, height=2.4)
    _arrow(axes, (x - 10, y + 4.1), (x - 10, y + 5.2))
    _box(axes, x - 10, y + 6.6, text, colour, width=15, height=2.8)
    _path(axes, [(x - 10, y + 8), (x - 10, y + 9.6), (x - 1.3, y + 9.6)], INK, 1.4)
    _plus(axes, x, y + 9.6)


def _path(axes: Axes, corners: list[tuple[float, float]], colour: str, width: float) -> None:
    axes.add_patch(FancyArrowPatch(
        path=mpl.path.Path(corners), arrowstyle="-|>", mutation_scale=10 + width, color=colour,
        linewidth=width, shrinkA=0, shrinkB=0,
    ))  # fmt: skip


def _empty(*, height: float, top: float) -> tuple[Figure, Axes]:
    """Axes without axes, 74 wide."""
    figure, axes = new_figure(height=height, width=7.4)
    axes.set(xlim=(0, 74), ylim=(0, top))
    axes.axis("off")
    return figure, axes


def _box(
    axes: Axes, x: float, y: float, text: str, colour: str, *, width: float, height: float = 3.6,
    size: float = 10, dotted: bool = False,
) -> None:  # fmt: skip
    face = "none" if colour == INK else mpl.colors.to_rgba(colour, 0.13)
    axes.add_patch(FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.7",
        edgecolor=colour, facecolor=face, linewidth=1.6, linestyle=(0, (1, 1.2)) if dotted else "-",
    ))  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", color=INK, fontsize=size, linespacing=1.1)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], *, head: bool = True
) -> None:
    axes.add_patch(FancyArrowPatch(
        start, end, arrowstyle="-|>" if head else "-", mutation_scale=10, color=INK, linewidth=1.4,
        shrinkA=0, shrinkB=0,
    ))  # fmt: skip


def _plus(axes: Axes, x: float, y: float) -> None:
    axes.add_patch(Circle((x, y), 1.2, edgecolor=INK, facecolor="none", linewidth=1.4))
    axes.text(x, y - 0.05, "+", ha="center", va="center", color=INK, fontsize=11)


def _frame(axes: Axes, left: float, bottom: float, right: float, top: float, colour: str) -> None:
    axes.add_patch(FancyBboxPatch(
        (left, bottom), right - left, top - bottom, boxstyle="round,pad=0,rounding_size=1.2",
        edgecolor=colour, facecolor="none", linewidth=1, linestyle=(0, (4, 3)),
    ))  # fmt: skip
