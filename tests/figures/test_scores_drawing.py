"""Drawing of three scores: what is read when a word is guessed is written, the rest is hatched."""

import pytest
from matplotlib.patches import Rectangle

from bertgpt.figures import page
from bertgpt.figures.scores_drawing import scores

TEXT = ("anna", "gave", "tom")
WAYS = {
    "from the left": [(0, ()), (1, (0,)), (2, (0, 1))],
    "from all others": [(0, (1, 2)), (1, (0, 2)), (2, (0, 1))],
}


def test_a_word_is_seen_asked_or_hatched() -> None:
    figure = scores(TEXT, WAYS)
    (axes,) = figure.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    said = [t.get_text() for t in axes.texts if t.get_fontsize() == 9.5]
    places = [(place, read, i) for g in WAYS.values() for place, read in g for i in range(3)]
    assert len(boxes) == len(said) == len(places)
    for (place, read, i), box, words in zip(places, boxes, said, strict=True):
        assert words == (f"{TEXT[i]}?" if i == place else TEXT[i] if i in read else "")
        assert bool(box.get_hatch()) == (words == "")
    times = [t for t in axes.texts if t.get_text() == "\N{MULTIPLICATION SIGN}"]
    assert len(times) == len(WAYS) * (len(TEXT) - 1)
    assert "gave?" in page.show(figure, alt="Two scores of one text.").data


def test_each_word_is_guessed_once() -> None:
    with pytest.raises(ValueError, match="each of the 3 places once"):
        scores(TEXT, {"twice": [(0, ()), (0, (1,)), (2, (0, 1))]})
