"""Drawings of texts show the numbers and the words that they are given."""

import pytest

from bertgpt.figures import texts_drawing


def test_each_token_has_a_column_and_each_text_the_mean_of_its_own() -> None:
    one, other = [[1.0, -2.0], [3.0, 0.0]], [[0.5, 0.25], [-0.5, 0.25], [0.0, 1.0]]
    texts = [(["[CLS]", "a"], one), (["[CLS]", "b", "[SEP]"], other)]
    figure = texts_drawing.means_of_states(texts, "cosine 0.30")
    (axes,) = figure.axes
    words = [t.get_text() for t in axes.texts if not getattr(t, "arrow_patch", None)]
    assert words == ["[CLS]", "a", "mean", "[CLS]", "b", "[SEP]", "mean", "cosine 0.30"]
    boxes = [c[0] for c in axes.containers]
    assert len(boxes) == 2 * (2 + 1) + 2 * (3 + 1)
    shades = [(round(box.get_alpha(), 2), bool(box.get_hatch())) for box in boxes[4:6]]
    assert shades == [(1.0, False), (0.56, True)]  # the mean of the first text, 2 and -1
    rows = {round(box.get_y(), 1) for box in boxes}
    assert rows == {0.0, 0.5, 10.0, 10.5}


def test_every_token_needs_a_state() -> None:
    with pytest.raises(ValueError, match=r"\[\(2, 1\), \(1, 1\)\]; give two texts, as many of"):
        texts_drawing.means_of_states([(["a", "b"], [[1.0]]), (["c"], [[1.0]])], "")


def test_boxes_that_are_shaded_are_those_asked_for() -> None:
    rows = {"clean": [("it", False), ("rained", False)], "noise": [("it", False), ("$x$", True)]}
    (axes,) = texts_drawing.strips(rows).axes
    assert [t.get_text() for t in axes.texts] == ["clean", "it", "rained", "noise", "it", "$x$"]
    filled = [c[0] for c in axes.containers if c[0].get_alpha()]
    outlined = [c[0] for c in axes.containers if not c[0].get_alpha()]
    assert len(outlined) == 4
    (shaded,) = filled
    assert shaded.get_bbox().bounds == outlined[3].get_bbox().bounds
    places = [box.get_bbox() for box in outlined]
    assert places[0].x1 < places[1].x0  # side by side
    assert places[2].y1 < places[0].y0  # the second row is below the first
