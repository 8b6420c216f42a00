"""Drawings of page 14: what may be read is filled, what is asked is where it is asked."""

import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from bertgpt.figures import page, switches_drawing
from bertgpt.figures.switches_drawing import BERT, GPT, WORDS
from bertgpt.masks import bidirectional_mask, causal_mask


def test_the_masks_are_those_of_the_package() -> None:
    (axes,) = switches_drawing.switches().axes
    squares = [p for p in axes.patches if isinstance(p, Rectangle)]
    n = len(WORDS)
    drawn = [p.get_facecolor()[3] > 0 for p in squares]
    assert drawn[: n * n] == causal_mask(n).flatten().tolist()
    assert drawn[n * n :] == bidirectional_mask(n).flatten().tolist()
    filled = {p.get_facecolor()[:3] for p in squares if p.get_facecolor()[3]}
    assert filled == {to_rgba(GPT)[:3], to_rgba(BERT)[:3]}


def test_gpt_is_asked_for_each_next_word_and_bert_for_the_hidden_ones() -> None:
    figure = switches_drawing.switches()
    (axes,) = figure.axes
    asked = [t.get_text() for t in axes.texts if t.get_fontsize() == 9 and t.get_text()]
    assert asked == [*WORDS[1:], "(end)", *(WORDS[i] for i in switches_drawing.HIDDEN)]
    words = [t.get_text() for t in axes.texts]
    assert words.count("▢") == len(switches_drawing.HIDDEN)
    assert {"mask", "objective", "head"} < set(words)
    assert "▢" in page.show(figure, alt="A stack with three switches.").data


def test_what_follows_is_read_by_nobody_in_the_first_two_ways() -> None:
    titles = [f"way {i}" for i in range(6)]
    (axes,) = switches_drawing.ways_of_asking(titles).axes
    rows: dict[float, list[str]] = {}
    for t in axes.texts:
        rows.setdefault(round(t.get_position()[1], 3), []).append(t.get_text())
    said = [words[1:-1] for words in rows.values()]  # without title and note
    later = len(switches_drawing.ASKED) - switches_drawing.PLACE - 1
    asked = switches_drawing.PLACE
    assert [row.count("") for row in said] == [later, later, 0, 0, 0, 0]
    assert [row.count("[MASK]") for row in said] == [1, 1, 1 + later, 1, 1, 0]
    assert said[5] == list(switches_drawing.ASKED)
    assert all(row[asked] == "[MASK]" for row in said[:5])
    hatched = [p for p in axes.patches if p.get_hatch()]
    assert len(hatched) == 2 * later


def test_six_ways_have_six_titles() -> None:
    with pytest.raises(ValueError, match="2 titles; give six, one for each column of the grid"):
        switches_drawing.ways_of_asking(["a", "b"])
