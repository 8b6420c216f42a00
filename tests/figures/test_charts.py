"""Figures: readable in both themes, described in words, the same bytes for the same drawing."""

import html
import re
import warnings

import pytest

from bertgpt.evaluation.intervals import Interval
from bertgpt.figures import charts, page, style

LIGHT, DARK = "#ffffff", "#14181e"  # the page's grounds
ALT = "Two lines that fall with the order"
POINTS = {"words": ([1, 2, 3], [9.0, 7.0, 6.5]), "letters": ([1, 2, 3], [4.0, 3.0, 2.5])}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [LIGHT, DARK])
@pytest.mark.parametrize("colour", style.COLOURS)
def test_every_colour_has_contrast_on_both_grounds(colour: str, ground: str) -> None:
    assert contrast(colour, ground) >= 3.0


def drawn(**keywords) -> str:
    figure = charts.lines(POINTS, x="order", y="bits per token", **keywords)
    return page.show(figure, alt=ALT).data


def test_text_takes_the_colour_of_the_page() -> None:
    svg = drawn()
    assert "currentColor" in svg
    assert style.INK not in svg
    assert not re.search(r"(fill|stroke): ?(#000000|black|#ffffff|white)", svg)


def test_words_written_without_a_colour_take_the_page_s() -> None:
    """matplotlib writes them in black, and leaves the colour out of the file."""
    figure = charts.lines(POINTS, x="order", y="bits per token")
    figure.axes[0].annotate("7.00", (2, 7.0))
    figure.axes[0].text(1, 9.0, "9.00", color=style.COLOURS[1])
    svg = page.show(figure, alt=ALT).data
    fills = {words: tag for tag, words in re.findall(r"<text ([^>]*)>([^<]*)", svg)}
    assert "fill: currentColor" in fills["7.00"]
    assert f"fill: {style.COLOURS[1]}" in fills["9.00"]


def test_a_figure_is_described() -> None:
    assert f'role="img" aria-label="{ALT}"' in drawn()
    with pytest.raises(
        ValueError, match="alt='A plot' does not say what is seen; write a sentence"
    ):
        page.show(charts.lines(POINTS, x="x", y="y"), alt="A plot")


def test_a_description_cannot_break_the_page() -> None:
    figure = charts.lines(POINTS, x="x", y="y")
    assert 'aria-label="less &lt; &quot;more&quot; than before"' in (
        page.show(figure, alt='less < "more" than before').data
    )


def test_the_same_drawing_gives_the_same_bytes() -> None:
    assert drawn() == drawn()


def test_two_figures_share_no_id() -> None:
    first = page.show(charts.lines(POINTS, x="x", y="y"), alt="one two three four").data
    second = page.show(charts.lines(POINTS, x="x", y="y"), alt="five six seven eight").data
    names = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert names[0]
    assert not names[0] & names[1]


def test_nothing_of_a_figure_reaches_out_of_it() -> None:
    assert "<style" not in drawn()
    assert "<metadata" not in drawn()
    assert "<?xml" not in drawn()


def test_labels_limit_and_spread_are_drawn() -> None:
    svg = drawn(
        limit=(6.0, "exact entropy"), spread={"words": [(8.5, 9.5), (6.8, 7.2), (6.4, 6.6)]}
    )
    for text in ("order", "bits per token", "words", "letters", "exact entropy"):
        assert f">{text}<" in svg
    figure = charts.lines(
        POINTS, x="x", y="y", spread={"words": [(8.5, 9.5), (6.8, 7.2), (6.4, 6.6)]}
    )
    (bars,) = [c for c in figure.axes[0].collections if len(c.get_paths()) == 3]
    ends = [sorted(path.vertices[:, 1].tolist()) for path in bars.get_paths()]
    assert ends == [[8.5, 9.5], [6.8, 7.2], [6.4, 6.6]]


def test_the_name_of_a_limit_can_stand_at_either_end() -> None:
    for left, side in ((False, "right"), (True, "left")):
        figure, axes = style.new_figure()
        charts.draw_limit(axes, 0.5, "chance", left=left)
        (name,) = axes.texts
        assert name.get_ha() == side


def test_orders_are_whole_numbers_on_the_axis() -> None:
    assert ">1.5<" not in drawn()


def test_other_kinds() -> None:
    bars = charts.bars(["a", "b"], {"one": [1.0, 2.0], "two": [2.0, 1.0]}, y="bits")
    hatches = {patch.get_hatch() for patch in bars.axes[0].patches}
    assert len(hatches) == 2, "colour is never alone"
    heat = charts.heat([[0.25, 0.75]], rows=["r"], columns=["c", "d"], x="next", y="now")
    assert {t.get_text() for t in heat.axes[0].texts} == {"0.25", "0.75"}
    scatter = charts.scatter({"a": [(1, 2)]}, x="x", y="y", labels={"a": ["king"]})
    assert [t.get_text() for t in scatter.axes[0].texts] == ["king"]


BARS = {"words": [9.0, 7.0, 6.5], "letters": [4.0, 3.0, 2.5]}
ENDS = [(8.5, 9.5), (6.8, 7.2), (6.4, 6.6)]


@pytest.mark.parametrize("spread", [{"word": ENDS}, {"words": ENDS, "word": ENDS}])
def test_a_misspelt_name_is_told_the_names_there_are(spread) -> None:
    message = r"spread names \['word'\]; the series are \['words', 'letters'\]"
    with pytest.raises(ValueError, match=message):
        charts.lines(POINTS, x="x", y="y", spread=spread)
    with pytest.raises(ValueError, match=message):
        charts.bars(["a", "b", "c"], BARS, y="y", spread=spread)
    with pytest.raises(ValueError, match=r"labels names \['b'\]; the series are \['a'\]"):
        charts.scatter({"a": [(1, 2)]}, x="x", y="y", labels={"b": ["king"]})


def test_each_point_has_its_own_ends_and_its_own_label() -> None:
    message = r"spread\['words'\] has the length 2 and needs 3: one for each value"
    with pytest.raises(ValueError, match=message):
        charts.lines(POINTS, x="x", y="y", spread={"words": ENDS[:2]})
    with pytest.raises(ValueError, match=message):
        charts.bars(["a", "b", "c"], BARS, y="y", spread={"words": ENDS[:2]})
    with pytest.raises(
        ValueError, match=r"labels\['a'\] has the length 2 and needs 1: one for each point"
    ):
        charts.scatter({"a": [(1, 2)]}, x="x", y="y", labels={"a": ["king", "queen"]})


@pytest.mark.parametrize(("groups", "heights"), [(["a"], [1, 2]), (["a", "b"], [1])])
def test_each_group_has_one_bar_of_a_series(groups: list[str], heights: list[float]) -> None:
    got, wanted = len(heights), len(groups)
    message = rf"series\['x'\] has the length {got} and needs {wanted}: one for each group"
    with pytest.raises(ValueError, match=message):
        charts.bars(groups, {"x": heights}, y="y")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1, 2], [3, 4]], "rows has the length 1 and needs 2: one for each row of values"),
        ([[1, 2, 3]], "columns has the length 2 and needs 3: one for each value of a row"),
        ([[1]], "columns has the length 2 and needs 1: one for each value of a row"),
    ],
)
def test_each_row_and_column_has_a_label(values, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        charts.heat(values, rows=["r"], columns=["c", "d"], x="x", y="y")


# ------------------------------------------------------------------------ any text, as it is

ODD = ["$$", "Ġ$$", "$\\frac$", "$", "$5$", "a_b^c", "日本", "🙂", "<b>", "&amp;", "\\alpha", "$x"]


def texts(figure) -> set[str]:
    """Every text of a figure as a reader of the page gets it."""
    svg = page.show(figure, alt=ALT).data
    return {html.unescape(re.sub("<.*?>", "", t)) for t in re.findall(r"<text.*?</text>", svg)}


def test_a_name_with_dollar_signs_is_shown_as_it_is() -> None:
    n = len(ODD)
    heights = [float(i) for i in range(n)]
    figures = {
        "lines": charts.lines({name: ([1, 2], [1.0, 2.0]) for name in ODD}, x="x", y="y"),
        "bars": charts.bars(ODD, {"$h$": heights, "$$": heights}, y="y"),
        "groups": charts.bars(["a"], {name: [1.0] for name in ODD}, y="y"),
        "rows": charts.heat([[1.0]] * n, rows=ODD, columns=["c"], x="x", y="y"),
        "columns": charts.heat([[1.0] * n], rows=["r"], columns=ODD, x="x", y="y"),
        "points": charts.scatter(
            {"p": [(i, i) for i in range(n)]}, x="x", y="y", labels={"p": ODD}
        ),
    }
    for kind, figure in figures.items():
        assert set(ODD) <= texts(figure), kind
    assert {"$h$", "$$"} <= texts(figures["bars"])


@pytest.mark.parametrize("label", ODD)
def test_the_name_of_a_limit_is_shown_as_it_is(label: str) -> None:
    assert label in texts(charts.lines(POINTS, x="x", y="y", limit=(6.0, label)))


def test_a_formula_on_an_axis_is_set_as_a_formula() -> None:
    figure = charts.lines(POINTS, x="units of $D^3$", y="steps", log="y")
    svg = page.show(figure, alt=ALT).data
    assert "units of $D^3$" not in texts(figure)
    assert re.search(r">D</tspan>", svg)
    assert "mathdefault" not in " ".join(texts(figure))  # the powers of ten of a logarithmic axis


def test_letters_that_the_font_lacks_stay_letters_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {"日本", "🙂"} <= texts(charts.bars(["日本", "🙂"], {"one": [1.0, 2.0]}, y="bits"))
    assert "sans-serif" in page.show(charts.lines(POINTS, x="x", y="y"), alt=ALT).data


def test_means_and_spreads_of_intervals() -> None:
    rows = {"words": [Interval(8.5, 9.0, 9.5), Interval(6.8, 7.0, 7.2)]}
    middles, spread = charts.with_intervals(rows)
    figure = charts.lines(
        {name: ([1, 2], ys) for name, ys in middles.items()}, x="x", y="y", spread=spread
    )
    (bars,) = [c for c in figure.axes[0].collections if len(c.get_paths()) == 2]
    ends = [path.vertices[:, 1].tolist() for path in bars.get_paths()]
    assert ends == [[8.5, 9.5], [6.8, 7.2]]
