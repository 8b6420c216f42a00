"""Charts of page 14: cells say what they are given, and a second stage begins half way."""

import pytest

from bertgpt.evaluation.intervals import Interval
from bertgpt.figures import controlled_charts, page

ROWS: dict[str, dict[str, controlled_charts.Cell]] = {
    "GPT": {"left": Interval(0.004, 0.01, 0.016), "both": Interval(1.1, 1.25, 1.4)},
    "BERT": {"left": Interval(-0.3, -0.001, 1.2), "both": None},
    "exact": {"left": 1.138, "both": 0.5},
}


def cell_texts(**more: object) -> dict[tuple[float, float], str]:
    figure = controlled_charts.intervals(ROWS, x="asked", y="trained", **more)  # type: ignore[arg-type]
    (axes,) = figure.axes
    assert "0.5" in page.show(figure, alt="A table of three rows and two columns.").data
    return {tuple(t.get_position()): t.get_text() for t in axes.texts}


def test_each_cell_has_its_mean_and_the_ends_of_its_interval() -> None:
    said = list(cell_texts().values())
    assert said == [
        "0.01", "0.00 to 0.02", "1.25", "1.10 to 1.40", "0.00", "-0.30 to 1.20",
        controlled_charts.NOTHING, "1.14", "0.50",
    ]  # fmt: skip


def test_signs_marks_digits_and_what_is_possible() -> None:
    said = list(
        cell_texts(
            signed=True, digits=3, marks={("GPT", "both"): " ▲"}, within={"BERT": (-0.1, 1.0)}
        ).values()
    )
    assert said[:6] == [
        "+0.010", "+0.004 to +0.016", "+1.250 ▲", "+1.100 to +1.400", "-0.001",
        "-0.100 to +1.000",
    ]  # fmt: skip


def test_shades_frames_and_gaps() -> None:
    figure = controlled_charts.intervals(
        ROWS, x="asked", y="trained", shades={("GPT", "both"): 1.0}, framed=[("BERT", "left")],
        apart=["exact"],
    )  # fmt: skip
    (axes,) = figure.axes
    shaded = [p for p in axes.patches if p.get_alpha()]
    assert [p.get_alpha() for p in shaded] == [0.55]
    assert shaded[0].get_x() == pytest.approx(0.52)
    framed = [p for p in axes.patches if p.get_linewidth() == 1.8]
    assert [(p.get_x(), p.get_y()) for p in framed] == [pytest.approx((-0.47, 0.56))]
    assert axes.get_yticks().tolist() == [0.0, 1.0, 2.25]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["GPT", "BERT", "exact"]


def test_rows_have_the_same_columns() -> None:
    with pytest.raises(ValueError, match=r"'b' has the columns \['y'\]; the first has \['x'\]"):
        controlled_charts.intervals({"a": {"x": 1.0}, "b": {"y": 1.0}}, x="", y="")
    with pytest.raises(ValueError, match="no cell to draw; give at least one row"):
        controlled_charts.intervals({}, x="", y="")


def test_a_second_stage_begins_half_way() -> None:
    found = [Interval(0.4, 0.5, 0.6), Interval(0.01, 0.02, 0.03)]
    panels = {"a gap": {"alone": found, "first": found}, "next": {"alone": found}}
    figure = controlled_charts.beginnings(panels, [4000, 8000], y="bits")
    (legend,) = figure.legends  # one for all panels
    assert [t.get_text() for t in legend.get_texts()] == list(panels["a gap"])
    for axes, title in zip(figure.axes, panels, strict=True):
        assert axes.get_title() == title
        curves = list(axes.containers)
        assert [c.get_label() for c in curves] == list(panels[title])
        assert curves[0].lines[0].get_xydata().tolist() == [[4000, 0.5], [8000, 0.02]]
        assert [x for line in axes.lines for x in line.get_xdata()].count(4000.0) >= 3
        assert axes.get_yscale() == "log"
        assert {t.get_text() for t in axes.get_yticklabels()} >= {"0.02", "0.5"}


def test_a_curve_has_a_point_for_each_look() -> None:
    with pytest.raises(ValueError, match="'alone' has 1 intervals; give one for each of 2 looks"):
        controlled_charts.beginnings(
            {"a": {"alone": [Interval(0, 1, 2)]}, "b": {}}, [1, 2], y="bits"
        )
