"""Maps of attention: what is dark is read, what is empty may not be."""

import html
import re

import pytest
import torch

from bertgpt.figures import attention_maps, page, style
from bertgpt.masks import causal_mask

TOKENS = ["the", "cat", "sat", "down"]


def opacities(figure, panel: int = 0) -> torch.Tensor:
    """(T, S): the opacity in the middle of each cell of a panel."""
    picture = torch.tensor(figure.axes[panel].images[0].get_array())
    half = attention_maps.DOTS // 2
    return picture[half :: attention_maps.DOTS, half :: attention_maps.DOTS, 3]


def weights(n_heads: int = 1) -> torch.Tensor:
    scores = torch.randn(n_heads, 4, 4, generator=torch.Generator().manual_seed(0))
    return scores.masked_fill(~causal_mask(4), -torch.inf).softmax(-1)


def test_masked_cells_are_empty_and_readable_ones_are_not() -> None:
    shade = opacities(attention_maps.draw(weights(), TOKENS))
    assert ((shade > 0) == causal_mask(4)).all()
    assert shade[causal_mask(4)].min() >= attention_maps.FAINT
    shade = opacities(attention_maps.draw(causal_mask(4), TOKENS))
    assert ((shade == 1) == causal_mask(4)).all()
    assert ((shade == 0) == ~causal_mask(4)).all()


def test_a_weight_of_zero_that_may_be_read_is_faint() -> None:
    shade = opacities(attention_maps.draw(torch.eye(4), TOKENS, mask=causal_mask(4)))
    assert shade[1, 0] == pytest.approx(attention_maps.FAINT)
    assert shade[0, 1] == 0


def test_darker_is_more_and_panels_share_a_scale() -> None:
    both = weights(2)
    figure = attention_maps.draw(both, TOKENS)
    shades = torch.stack([opacities(figure, panel) for panel in (0, 1)])
    order = both.flatten().argsort()
    assert (shades.flatten()[order].diff() >= 0).all()
    assert [axes.get_title() for axes in figure.axes] == ["head 0", "head 1"]


def test_a_decoder_has_rows_of_its_own() -> None:
    one = torch.zeros(2, 4)
    one[1, 3] = 1.0  # "b" reads "down"
    figure = attention_maps.draw(one, TOKENS, readers=["a", "b"])
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in axes.get_xticklabels()] == TOKENS
    assert [number.get_position() for number in axes.texts] == [(3, 1)]
    assert figure.get_supylabel() == "is written"
    with pytest.raises(ValueError, match="4 tokens"):
        attention_maps.draw(one, TOKENS, readers=["a"])


def test_rows_read_and_columns_are_read() -> None:
    one = torch.zeros(4, 4)
    one[3, 0] = 1.0  # "down" reads "the"
    figure = attention_maps.draw(one, TOKENS)
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_xticklabels()] == TOKENS
    assert [t.get_text() for t in axes.get_yticklabels()] == TOKENS
    (number,) = axes.texts
    assert number.get_position() == (0, 3)
    assert number.get_text() == "1.00"
    assert (figure.get_supxlabel(), figure.get_supylabel()) == (
        "is read (largest weight: 1.00)",
        "reads",
    )


def test_in_both_themes_and_the_same_every_time() -> None:
    def drawn() -> str:
        figure = attention_maps.draw(weights(3), TOKENS, titles=["one", "two", "three"])
        return page.show(figure, alt="Three heads that read only the past").data

    svg = drawn()
    assert svg == drawn()
    assert style.INK not in svg
    assert not re.search(r"(fill|stroke): ?(#000000|black|#ffffff|white)", svg)
    assert svg.count("data:image/png;base64") == 3
    assert len(svg) < 40_000


@pytest.mark.parametrize("shape", [(4, 3), (1, 2, 4, 4), (5, 5)])
def test_weights_and_tokens_must_fit(shape: tuple[int, ...]) -> None:
    message = rf"weights of shape \({shape[0]}, .* and 4 tokens; give weights \(T, S\) or \(H, T,"
    with pytest.raises(ValueError, match=message):
        attention_maps.draw(torch.rand(shape), TOKENS)


@pytest.mark.parametrize(
    "mask", [torch.ones(3, 3) > 0, torch.ones(4) > 0, torch.ones(2, 4, 4) > 0, torch.ones(4, 4)]
)
def test_a_mask_says_of_each_cell_whether_it_may_be_read(mask: torch.Tensor) -> None:
    message = rf"mask holds {mask.dtype} in the shape \({mask.shape[0]}.*; give booleans \(4, 4\)"
    with pytest.raises(ValueError, match=message):
        attention_maps.draw(weights(), TOKENS, mask=mask)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_what_no_shade_can_show_is_refused(odd: float) -> None:
    """An empty cell is one that may not be read, not one without a number."""
    spoilt = weights()
    spoilt[0, 1] = odd
    message = (
        r"weights: 4 of 16 numbers are nan or infinite, .* would say masked or shut; leave them out"
    )
    with pytest.raises(ValueError, match=message):
        attention_maps.draw(spoilt, TOKENS)
    with pytest.raises(ValueError, match="input: 1 of 1 numbers are nan or infinite"):
        attention_maps.draw_gates({"input": torch.tensor([[odd]])}, "a", ["cell 0"])


def test_a_gate_is_as_filled_as_it_is_open() -> None:
    forget = torch.tensor([[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]])  # (T, R)
    figure = attention_maps.draw_gates(
        {"forget": forget, "input": 1 - forget}, "cat", ["cell 3", "cell 5"]
    )
    torch.testing.assert_close(opacities(figure), forget.T, rtol=0, atol=1e-2)
    torch.testing.assert_close(opacities(figure, 1), 1 - forget.T, rtol=0, atol=1e-2)
    first, last = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["cell 3", "cell 5"]
    assert [label.get_text() for label in last.get_xticklabels()] == list("cat")
    assert first.get_title().startswith("forget")


def test_gates_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"input has the shape \(2, 3\) for 3 tokens and 2 rows"):
        attention_maps.draw_gates({"input": torch.rand(2, 3)}, "cat", ["cell 0", "cell 1"])


ODD = ["$$", "Ġ$$", "$\\frac$", "$", "$5$", "日本", "🙂", "a_b"]


def test_a_token_with_dollar_signs_is_drawn_as_it_is() -> None:
    n = len(ODD)
    maps = [
        attention_maps.draw(torch.eye(n), ODD),
        attention_maps.draw(torch.ones(2, n, n), ODD, titles=["$$", "$x$"]),
        attention_maps.draw(torch.ones(n, 2), ["$$", "$5$"], readers=ODD),
    ]
    for figure in maps:
        svg = page.show(figure, alt="Tokens of every kind in a map").data
        assert {"$$", "$5$"} <= {html.unescape(t) for t in re.findall(r">([^<]+)</text>", svg)}
    assert set(ODD) <= {html.unescape(t) for t in re.findall(r">([^<]+)</text>", svg)}
    gates = attention_maps.draw_gates({"$$": torch.rand(n, n)}, ODD, ODD)
    svg = page.show(gates, alt="Gates on tokens of every kind").data
    assert set(ODD) <= {html.unescape(t) for t in re.findall(r">([^<]+)</text>", svg)}
    assert "$$ gate (filled" in svg
