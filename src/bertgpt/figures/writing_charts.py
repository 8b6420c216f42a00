"""Charts of page 12: where a name is carried, how copying is learned, and what knobs do."""

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


def learned_in_steps(
    steps: Sequence[int],
    trainings: Sequence[Mapping[str, Sequence[float]]],
    limits: Mapping[str, float],
) -> Figure:
    """Surprise of several trainings beyond the exact reader's, a panel each.

    Args:
        steps: updates after which it was measured.
        trainings: of each, by name of the line, nats at each of the steps.
        limits: what readers pay who do not know one thing, by name, as horizontal lines.
    """
    figure, panels = style.new_figure(len(trainings), height=3.0)
    top = 1.1 * max(*limits.values(), *(max(row[2:]) for run in trainings for row in run.values()))
    for number, (axes, run) in enumerate(zip(panels, trainings, strict=True), start=1):
        styles = zip(style.COLOURS, style.DASHES, strict=False)
        for (name, row), (colour, dash) in zip(run.items(), styles, strict=False):
            axes.plot(steps, row, color=colour, linestyle=dash, marker="", label=name)
        for name, height in limits.items():
            axes.axhline(height, color=style.INK, linewidth=0.9, linestyle=":", marker="")
            if number == len(trainings):
                axes.text(steps[-1], height, f"{name}\n", ha="right", va="center", fontsize=8,
                          color=style.INK)  # fmt: skip
        axes.set(title=f"training {number}", xlabel="updates", ylim=(-0.1, top))
        axes.title.set_fontsize(11)
        if number > 1:
            axes.set_yticklabels([])
    panels[0].set_ylabel("excess per token, nats")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncol=2, frameon=False,
        labelcolor=style.INK, fontsize=9,
    )  # fmt: skip
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
        axes.set(xlim=(0, 1.08 * most), ylim=(len(words) - 0.4, -0.6))
        axes.set(title=name, xlabel="probability")
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
