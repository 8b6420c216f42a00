"""Drawings of the Transformer: every part is there, in its order."""

import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from bertgpt.figures import page, transformer_drawing

GUESSES = [("anna", 0.5), ("tom", 0.25)]


def heights(figure) -> dict[str, list[float]]:
    """Where each text is, from below."""
    found: dict[str, list[float]] = {}
    for text in figure.axes[0].texts:
        found.setdefault(text.get_text(), []).append(text.get_position()[1])
    return {text: sorted(places) for text, places in found.items()}


def test_the_stack_is_read_upwards() -> None:
    at = heights(transformer_drawing.draw_stack(["once", "a"], GUESSES))
    order = [
        "once",
        "token table",
        "position table",
        "attention",
        "feed-forward",
        "head",
        "softmax",
    ]
    places = [at[text][0] for text in [*order, "anna 50%"]]
    assert places == sorted(places)
    before_attention, before_feed_forward, last = at["norm"]
    assert (
        before_attention < at["attention"][0] < before_feed_forward < at["feed-forward"][0] < last
    )
    assert len(at["+"]) == 3  # positions, and one for each part


def test_bars_are_as_high_as_the_guesses() -> None:
    figure = transformer_drawing.draw_stack(["once"], GUESSES)
    first, second = figure.axes[0].containers[0].patches
    assert first.get_height() == pytest.approx(2 * second.get_height())


@pytest.mark.parametrize(("words", "guesses"), [([], GUESSES), (["a"] * 7, GUESSES), (["a"], [])])
def test_what_has_no_room_is_refused(words, guesses) -> None:
    with pytest.raises(ValueError, match="room for 1 to 6 words and 1 to 4 guesses"):
        transformer_drawing.draw_stack(words, guesses)


def test_only_the_decoder_has_cross_attention_and_it_is_dotted() -> None:
    figure = transformer_drawing.draw_2017()
    at = heights(figure)
    assert len(at["feed-forward"]) == 2
    assert len(at["add and norm"]) == 5  # after each part, as in post-norm
    (cross,) = [y for text, (y, *_) in at.items() if text.startswith("cross-attention")]
    patches = figure.axes[0].patches
    dotted = [p for p in patches if isinstance(p, FancyBboxPatch) and p.get_linestyle() != "-"]
    dotted = [p for p in dotted if p.get_linewidth() > 1]  # the frames are dashed, and thin
    assert sorted(round(p.get_y() + p.get_height() / 2, 1) for p in dotted) == [
        round(cross, 1),
        round(cross + 5.6, 1),
    ]
    from_encoder = max(
        (p for p in patches if isinstance(p, FancyArrowPatch)), key=lambda p: p.get_linewidth()
    )
    path = from_encoder.get_path()
    corners = path.vertices[path.codes != Path.CLOSEPOLY]
    tip = corners[corners[:, 0].argmax()]
    assert corners[:, 0].min() < 20
    assert 40 < tip[0]
    assert tip[1] == pytest.approx(cross, abs=0.1)


def test_letters_take_the_colour_of_the_page() -> None:
    for figure in (
        transformer_drawing.draw_stack(["once"], GUESSES),
        transformer_drawing.draw_2017(),
    ):
        shown = page.show(figure, alt="A drawing of the Transformer.").data
        assert "currentColor" in shown
        assert "#000000" not in shown
