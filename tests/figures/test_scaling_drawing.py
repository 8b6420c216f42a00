"""The drawing of two processes and the chart of times show what they say."""

import pytest
from matplotlib.colors import to_hex

from bertgpt.figures import page, scaling_drawing
from bertgpt.figures.style import COLOURS


def areas(axes) -> dict[str, float]:
    """Filled area by colour, both processes together."""
    found: dict[str, float] = {}
    for bar in axes.patches:
        if bar.get_facecolor()[3]:
            colour = to_hex(bar.get_facecolor())
            found[colour] = found.get(colour, 0) + bar.get_width() * bar.get_height()
    return found


def test_a_shard_is_half_and_moments_are_twice_the_weights() -> None:
    copied, sharded = (areas(a) for a in scaling_drawing.draw_processes().axes)
    assert len(copied) == 3
    for colour, area in copied.items():
        assert sharded[colour] == pytest.approx(area / 2)
    assert copied[COLOURS[2]] == pytest.approx(2 * copied[COLOURS[0]])


def test_only_shards_lend_weights() -> None:
    copied, sharded = scaling_drawing.draw_processes().axes
    for axes, sent in ((copied, 1), (sharded, 2)):
        assert (
            sum(hasattr(t, "arrow_patch") and t.arrow_patch is not None for t in axes.texts) == sent
        )
    assert "lent, block by block" in {t.get_text() for t in sharded.texts}


def test_lines_rise_with_the_square_and_marks_are_where_they_belong() -> None:
    figure = scaling_drawing.time_to_train(
        {"slow": 1e9, "fast": 1e12}, {"a model": (1e8, 4.8e18)}, {"unknown": 1e9}, 20
    )
    (axes,) = figure.axes
    slow, mark = axes.lines[0], axes.lines[1]
    (n, m), (t, u) = slow.get_data()
    assert u / t == pytest.approx((m / n) ** 2)
    assert t == pytest.approx(6 * 20 * n * n / 1e9)
    assert [float(*x) for x in mark.get_data()] == pytest.approx([1e8, 4.8e9])
    assert {t.get_text() for t in axes.get_legend().get_texts()} == {"slow", "fast", "a model"}
    assert "unknown" in {t.get_text() for t in axes.texts}


@pytest.mark.parametrize("draw", [
    scaling_drawing.draw_processes,
    lambda: scaling_drawing.time_to_train({"a": 1e9}, {"b": (1e8, 1e18)}, {}, 20),
])  # fmt: skip
def test_they_have_no_colour_that_only_one_theme_can_show(draw) -> None:
    svg = page.show(draw(), alt="a drawing of four words").data
    assert "#000000" not in svg
    assert "currentColor" in svg
