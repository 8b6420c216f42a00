"""Drawing of the first page: one sentence, whose gap one model fills and another writes on from."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bertgpt.figures import style

LETTER, AROUND, BETWEEN = 0.125, 0.16, 0.05  # widths: a letter, the space around and between words
INCHES = 0.7  # of a unit: narrow enough that the whole picture is seen on a phone


def two_readers(
    before: Sequence[str],
    after: Sequence[str],
    *,
    filled: Mapping[str, float],
    following: Mapping[str, float],
    written: Sequence[str],
) -> Figure:
    """The same beginning twice: above with the words after the gap, below without them.

    Args:
        before, after: words around the gap.
        filled: probabilities of the words that go into the gap, for a reader of both sides.
        following: those of the words that come next, for a reader of what comes before.
        written: what this reader writes, its likeliest first word included.
    """
    best = max(filled, key=lambda word: filled[word])
    rows: tuple[tuple[float, str, Sequence[str], Sequence[str], Mapping[str, float], int], ...] = (
        (3.2, "BERT reads both sides, and fills the gap", [best], after, filled, 0),
        (0.4, "GPT reads what comes before, and writes on", written, [], following, 1),
    )
    widest = max(_width([*before, *own, *rest]) for _, _, own, rest, _, _ in rows)
    figure, axes = style.new_figure(height=3.5, width=INCHES * widest)
    axes.set(xlim=(-0.02, widest), ylim=(-0.4, 5.2))
    axes.axis("off")
    for y, title, own, rest, chances, colour in rows:
        axes.text(0, y + 1.55, title, fontsize=11, color=style.INK)
        places = _words(axes, y, [*before, *own, *rest], len(before), len(own), colour)
        gap = places[len(before)]
        readable = [*places[: len(before)], *places[len(before) + len(own) :]]
        for x in readable:
            axes.annotate(
                "", (gap, y + 0.35), (x, y + 0.35),
                arrowprops={"arrowstyle": "-|>", "color": style.COLOURS[colour], "linewidth": 1.1,
                            "connectionstyle": f"arc3,rad={-0.3 if x < gap else 0.3}"},
            )  # fmt: skip
        said = ", ".join(f"{word} {p:.0%}" for word, p in chances.items())
        axes.text(gap, y - 0.72, said, ha="center", fontsize=10, color=style.INK)
    return figure


def _width(words: Sequence[str]) -> float:
    return sum(LETTER * len(word) + AROUND + BETWEEN for word in words)


def _words(
    axes: Axes, y: float, words: Sequence[str], first: int, n_own: int, colour: int
) -> list[float]:
    """Words in boxes, those of the model filled; where the middle of each is."""
    left, places = 0.0, []
    for i, word in enumerate(words):
        width = _width([word]) - BETWEEN
        own = first <= i < first + n_own
        axes.barh(
            y, width, 0.62, left=left, edgecolor=style.INK, linewidth=0.6,
            color=style.COLOURS[colour] if own else "none", alpha=0.45 if own else 1.0,
        )  # fmt: skip
        axes.text(
            left + width / 2, y, word, ha="center", va="center", fontsize=10, parse_math=False,
            color=style.INK,
        )  # fmt: skip
        places.append(left + width / 2)
        left += width + BETWEEN
    return places
