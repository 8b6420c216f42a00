"""Figures of page 13 show the numbers that they are given."""

import pytest
from matplotlib.container import BarContainer

from bertgpt.figures import page, published_drawing

TEXTS = (["we", "sat", "on", "the", "bank"], ["the", "bank", "closed"])


def draw():
    vectors = [[1.0, -0.5, 0.25, 0.0], [-2.0, 1.0, 0.0, 0.5]]
    return published_drawing.one_word_two_vectors(TEXTS, "bank", [0.5, -1.0], vectors)


def test_each_text_has_an_arrow_from_every_word_and_a_strip() -> None:
    figure = draw()
    (axes,) = figure.axes
    words = [t.get_text() for t in axes.texts]
    assert words.count("bank") == 2
    assert [t.get_fontweight() for t in axes.texts if t.get_text() == "bank"] == ["bold"] * 2
    arrows = [t for t in axes.texts if getattr(t, "arrow_patch", None)]
    assert len(arrows) == len(TEXTS[0]) + len(TEXTS[1]) + 2  # two from the table's row
    boxes = [c[0] for c in axes.containers if isinstance(c, BarContainer)]
    assert len(boxes) == 2 + 4 + 4
    assert sum(bool(box.get_hatch()) for box in boxes) == 3  # numbers below 0
    alphas = [box.get_alpha() for box in boxes[2:6]]
    assert alphas == sorted(alphas, reverse=True)
    assert alphas[0] == pytest.approx(1.0)
    assert "bank" in page.show(figure, alt="A word of two texts and its vectors.").data


def test_a_text_without_the_word_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2 texts and 2 vectors; give two of each, both with 'x'"):
        published_drawing.one_word_two_vectors(TEXTS, "x", [1.0], [[1.0], [1.0]])


def test_points_are_where_they_are_given() -> None:
    groups = {"river": [(0.0, 1.0), (2.0, 3.0)], "money": [(-1.0, 0.5)]}
    figure = published_drawing.along_two_axes({"a": groups, "b": groups}, x="first", y="second")
    for axes, title in zip(figure.axes, "ab", strict=True):
        assert axes.get_title() == title
        assert [line.get_label() for line in axes.lines] == ["river", "money"]
        assert axes.lines[0].get_xydata().tolist() == [[0.0, 1.0], [2.0, 3.0]]
        assert axes.lines[0].get_marker() != axes.lines[1].get_marker()


def test_shares_are_written_in_their_cells_from_below_upwards() -> None:
    figure = published_drawing.weight_by_head([[0.1, 0.5], [0.25, 1.0]], x="head", y="block")
    (axes,) = figure.axes
    at = {t.get_position(): t.get_text() for t in axes.texts}
    assert at == {(0, 0): "10%", (1, 0): "50%", (0, 1): "25%", (1, 1): "100%"}
    assert [t.get_text() for t in axes.get_yticklabels()] == ["1", "2"]
    shades = [c[0].get_alpha() for c in axes.containers]
    assert shades == pytest.approx([0.06, 0.3, 0.15, 0.6])


def test_what_is_read_is_outlined_and_what_is_fetched_is_filled() -> None:
    panels = {"as it is": ([0.7, 0.2, 0.1], [0.05, 0.25, 0.1]), "not": ([0, 0.7, 0.3], [0, 0.8, 0])}
    figure = published_drawing.read_and_fetched(["[CLS]", "a", "b"], panels, reader=2)
    for axes, (title, (weights, fetched)) in zip(figure.axes, panels.items(), strict=True):
        assert axes.get_title() == title
        outlined, filled = axes.containers
        assert [bar.get_height() for bar in outlined] == weights
        assert [bar.get_height() for bar in filled] == fetched
        assert {bar.get_facecolor()[3] for bar in outlined} == {0.0}
        names = axes.get_xticklabels()
        assert [t.get_text() for t in names] == ["[CLS]", "a", "b"]
        assert [t.get_fontweight() == "bold" for t in names] == [False, False, True]
        assert {t.get_horizontalalignment() for t in names} == {"right"}
        assert axes.get_ylim()[1] > 0.8
