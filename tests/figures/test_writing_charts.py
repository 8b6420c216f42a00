"""Figures of page 12 show the numbers that they are given."""

import pytest
from matplotlib.container import BarContainer

from bertgpt.figures import page, writing_charts, writing_drawing


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def widths(axes) -> list[list[float]]:
    """Lengths of horizontal bars, by series."""
    return [[bar.get_width() for bar in c] for c in axes.containers if isinstance(c, BarContainer)]


def test_the_loop_shows_the_words_and_their_chances() -> None:
    figure = writing_drawing.writing_loop("... ruby because", {"she": 0.75, "it": 0.25})
    shown = texts(figure.axes[0])
    assert {"... ruby because", "GPT", "she", "75%", "it", "25%"} <= set(shown)
    patches = [c[0] for c in figure.axes[0].containers]
    bars = [bar.get_width() for bar in patches if bar.get_height() < 0.5]  # boxes are higher
    assert len(bars) == 2
    assert max(bars) == pytest.approx(3 * min(bars))
    assert "she" in page.show(figure, alt="A text, the GPT, and two bars.").data


def test_two_texts_stand_in_one_row() -> None:
    figure = writing_drawing.one_row_for_two_texts("ruby ran", "ruby moved", "yes")
    boxes = [t for t in figure.axes[0].texts if t.get_text()]
    bottom = min(t.get_position()[1] for t in boxes)
    row = [t.get_text() for t in boxes if t.get_position()[1] == bottom]
    assert row == ["start", "ruby ran", "separator", "ruby moved", "end"]
    assert "new layer: yes" in texts(figure.axes[0])


def test_one_vector_of_the_second_text_is_in_the_first() -> None:
    figure = writing_drawing.exchanged(["ruby", "lived", "in"], "lily", 2, "... to whom?")
    (axes,) = figure.axes
    assert [t for t in texts(axes) if t in {"ruby", "lily"}] == ["ruby", "lily"]
    boxes = [c[0] for c in axes.containers]
    filled = [box for box in boxes if box.get_facecolor()[3] > 0]
    own = [box for box in filled if box.get_y() < 2]
    assert (len(filled), len(own)) == (4, 1)
    (above,) = [b for b in filled if b.get_y() > 2 and abs(b.get_x() - own[0].get_x()) < 1e-6]
    assert above is boxes[-2]  # it is the last word's


def test_beams_lead_from_the_texts_that_were_kept() -> None:
    rounds = [[("a", 0.5, True), ("b", 0.4, False)], [("a c", 0.3, True), ("a d", 0.2, False)]]
    (axes,) = writing_drawing.beams(rounds).axes
    boxes = [c[0] for c in axes.containers]
    assert [box.get_facecolor()[3] > 0 for box in boxes] == [False, True, False, True, False]
    arrows = [t for t in axes.texts if getattr(t, "arrow_patch", None)]
    assert len(arrows) == 4  # two from the empty text, two from a, none from b
    assert {"a  0.5", "a c  0.3"} <= set(texts(axes))


def test_a_cache_computes_one_position_for_each_token() -> None:
    without, cached = writing_drawing.computed_again(5).axes
    for axes, n in ((without, 15), (cached, 5)):
        boxes = [c[0] for c in axes.containers]
        assert len(boxes) == 15
        assert sum(box.get_facecolor()[3] > 0 for box in boxes) == n


def test_a_carried_name_has_a_row_for_each_depth() -> None:
    rows = {"after block 1": [0, 1, 0], "after block 2": [0, 0, 0.5]}
    (axes,) = writing_charts.carried(["ruby", "$in$", "to"], rows).axes
    heights = [[bar.get_height() for bar in c] for c in axes.containers]
    assert heights[0] == pytest.approx([0, 0.85, 0])
    assert heights[1] == pytest.approx([0, 0, 0.425])
    assert [bar.get_y() for bar in axes.containers[1]] == [1, 1, 1]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["ruby", "$in$", "to"]


def test_each_training_has_a_panel_with_the_same_limits() -> None:
    runs = [{"names": [9, 3, 3, 1], "rest": [5, 0, 0, 0]}, {"names": [8, 3, 2, 2], "rest": [0] * 4}]
    figure = writing_charts.learned_in_steps([1, 2, 3, 4], runs, {"any name": 3.2, "its kind": 2.4})
    for axes, run, title in zip(figure.axes, runs, ("training 1", "training 2"), strict=True):
        curves, limits = axes.lines[:2], axes.lines[2:]
        assert [line.get_ydata().tolist() for line in curves] == list(run.values())
        assert [line.get_ydata()[0] for line in limits] == [3.2, 2.4]
        assert axes.get_title() == title
        assert axes.get_ylim()[1] == pytest.approx(1.1 * 3.2)  # the first updates may be cut
    assert {text.strip() for text in texts(figure.axes[1])} >= {"any name", "its kind"}


def test_knobs_show_the_exact_words_in_each_panel() -> None:
    exact = {"it": 0.5, "she": 0.3, "he": 0.2}
    drawn = {"as it is": {"she": 0.3, "it": 0.5, "he": 0.2}, "top-k 1": {"it": 1.0}}
    figure = writing_charts.knobs(exact, drawn)
    assert [axes.get_title() for axes in figure.axes] == list(drawn)
    assert widths(figure.axes[0]) == [[0.5, 0.3, 0.2]] * 2
    assert widths(figure.axes[1]) == [[0.5, 0.3, 0.2], [1.0, 0, 0]]
    assert figure.axes[0].get_xlim()[1] == figure.axes[1].get_xlim()[1] > 1


def test_counts_by_temperature_are_means_with_their_spread() -> None:
    figure = writing_charts.by_temperature(
        [0.5, 1], {"whole": [[8, 10], [6, 6]], "ways": [[1, 1], [5, 7]]}, {"whole": (2, "n-gram")}
    )
    left, right = figure.axes
    (line, _, (bars,)) = left.containers[0].lines
    assert line.get_ydata().tolist() == [9, 6]
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[8, 10], [6, 6]]
    assert texts(left) == ["n-gram"]
    assert texts(right) == []
    assert right.get_ylim()[1] > 7


def test_one_story_is_marked_among_all() -> None:
    (axes,) = writing_charts.surprise_of_stories([20, 25, 25, 30], 12.5, "found").axes
    assert sum(bar.get_height() for bar in axes.patches) == 4
    assert axes.lines[0].get_xdata()[0] == 12.5
    assert axes.get_ylabel() == "of 4 stories"
