"""Charts of page 12: where a name is carried, what knobs do, and what is left to learn."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from bertgpt.figures import charts, style


def carried(words: Sequence[str], rows: Mapping[str, Sequence[float]]) -> Figure:
    """Where an exchanged vector decides: a row of bars for each depth, over the words of a text.

    Args:
        words: of the text, as the model reads them.
        rows: by label, from below upwards, the probability that the model follows the exchange
            when it is made at each word.
    """
    figure, axes = style.new_figure(height=3.0)
    for depth, (colour, row) in enumerate(zip(style.COLOURS, rows.values(), strict=False)):
        heights = [0.85 * p for p in row]
        axes.bar(range(len(row)), heights, bottom=depth, color=colour, edgecolor=style.INK, lw=0.5)
        axes.axhline(depth, color=style.INK, linewidth=0.6, marker="")
    axes.set_xticks(range(len(words)), words, rotation=70, fontsize=9, parse_math=False)
    axes.set_yticks([i + 0.4 for i in range(len(rows))], list(rows))
    axes.grid(visible=False)
    return figure


def learned_together(
    steps: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[Sequence[float]]]]
) -> Figure:
    """Lines over the updates, a panel for each kind of measurement: means, and a band of seeds.

    Args:
        steps: updates.
        panels: by label of the vertical axis and name of the line, for each of the steps one
            number per seed.
    """
    figure, every = style.new_figure(len(panels), height=3.4)
    for axes, (label, lines) in zip(every, panels.items(), strict=True):
        styles = zip(style.COLOURS, style.DASHES, strict=False)
        for (name, found), (colour, dash) in zip(lines.items(), styles, strict=False):
            middles = [sum(row) / len(row) for row in found]
            axes.plot(steps, middles, color=colour, linestyle=dash, marker="", label=name)
            low, high = [min(row) for row in found], [max(row) for row in found]
            axes.fill_between(steps, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.set(xlabel="updates of 64 stories", ylabel=label)
        axes.legend(frameon=False, labelcolor=style.INK, fontsize=9)
    return figure


def knobs(exact: Mapping[str, float], drawn: Mapping[str, Mapping[str, float]]) -> Figure:
    """The likeliest next words, exact and as they are drawn, a panel for each setting.

    Args:
        exact: probability of the words to show.
        drawn: by setting, probability of each word.
    """
    figure, panels = style.new_figure(len(drawn), height=3.0)
    words = list(exact)
    most = max(max(exact.values()), *(row.get(w, 0) for row in drawn.values() for w in words))
    for axes, (name, row) in zip(panels, drawn.items(), strict=True):
        for shift, label, values, colour, hatch in (
            (0.2, "exact", exact, 1, "//"),
            (-0.2, "drawn from", row, 0, ""),
        ):
            axes.barh(
                [i + shift for i in range(len(words))], [values.get(w, 0) for w in words], 0.38,
                color=style.COLOURS[colour], hatch=hatch, edgecolor=style.INK, linewidth=0.5,
                label=label,
            )  # fmt: skip
        axes.set_yticks(range(len(words)), words if axes is panels[0] else [""] * len(words))
        axes.set(xlim=(0, 1.08 * most), ylim=(len(words) - 0.4, -0.6), title=name)
        axes.title.set_fontsize(11)
        axes.grid(axis="y", visible=False)
    panels[-1].legend(frameon=False, labelcolor=style.INK, fontsize=9, loc="lower right")
    return figure


def by_temperature(
    temperatures: Sequence[float],
    counts: Mapping[str, Sequence[Sequence[float]]],
    limits: Mapping[str, tuple[float, str]],
) -> Figure:
    """Counts over the temperature, a panel for each kind: means, with the lowest and highest seed.

    Args:
        counts: by label of the vertical axis, for each temperature one number per seed.
        limits: by the same label, the height and the name of a horizontal line.
    """
    figure, panels = style.new_figure(len(counts), height=3.2)
    for axes, (label, found) in zip(panels, counts.items(), strict=True):
        middles = [sum(row) / len(row) for row in found]
        spread = [
            [m - min(row) for m, row in zip(middles, found, strict=True)],
            [max(row) - m for m, row in zip(middles, found, strict=True)],
        ]
        axes.errorbar(temperatures, middles, spread, color=style.COLOURS[0], marker="o")
        top = max(*map(max, found), limits.get(label, (0.0, ""))[0])
        axes.set(xlabel="temperature", ylabel=label, ylim=(0, 1.12 * top))
        if label in limits:
            charts.draw_limit(axes, *limits[label], left=True)
    return figure


def excess_left(
    kinds: Mapping[str, Sequence[float]], places: Mapping[str, Sequence[float]]
) -> Figure:
    """Mean excess surprise, by kind of token on the left and by place in the text on the right.

    Args:
        kinds: by name of the kind, the excess of each token in nats.
        places: by label of the place, the same.
    """
    figure, (left, right) = style.new_figure(2, height=3.0)
    for axes, found, colour in ((left, kinds, 0), (right, places, 1)):
        means = [sum(row) / len(row) for row in found.values()]
        style_of = {"color": style.COLOURS[colour], "edgecolor": style.INK, "linewidth": 0.5}
        if axes is left:
            axes.barh(range(len(found)), means, **style_of)
            axes.set_yticks(range(len(found)), list(found), fontsize=10)
            axes.set(xlabel="excess per token, nats", ylim=(len(found) - 0.4, -0.6))
        else:
            axes.bar(range(len(found)), means, **style_of)
            axes.set_xticks(range(len(found)), list(found), fontsize=9)
            axes.set(xlabel="first of eight words", ylabel="excess per token, nats")
        axes.grid(visible=False)
    return figure


def surprise_of_stories(nats: Sequence[float], marked: float, name: str) -> Figure:
    """How surprising stories are, with one of them marked.

    Args:
        nats: of each story, its exact surprise.
        marked, name: surprise and name of the one that is marked.
    """
    figure, axes = style.new_figure(height=2.6)
    axes.hist(nats, bins=40, color=style.COLOURS[0], label="stories of Toyland")
    axes.axvline(marked, color=style.COLOURS[1], linestyle="--", marker="", label=name)
    axes.set(xlabel="exact surprise of the whole story, nats", ylabel=f"of {len(nats):,} stories")
    axes.legend(frameon=False, labelcolor=style.INK)
    return figure
