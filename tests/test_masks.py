"""Masks: who reads whom, and what a wrong mask is told."""

import pytest
import torch
from torch.testing import assert_close

from bertgpt.attention import AttentionRecord, MultiHeadAttention, attention_weights
from bertgpt.config import TransformerConfig
from bertgpt.masks import bidirectional_mask, causal_mask, check_mask, padding_mask

B, T, D, H = 3, 5, 24, 4


def test_the_causal_mask_is_the_lower_triangle_with_its_diagonal() -> None:
    assert torch.equal(causal_mask(T), torch.ones(T, T).tril().bool())
    assert bidirectional_mask(T).all()
    assert bidirectional_mask(T).shape == (T, T)


def test_padding_is_the_key_and_not_the_query() -> None:
    mask = padding_mask(torch.tensor([[7, 8, 0], [7, 0, 0]]), pad_id=0)
    assert mask.shape == (2, 1, 1, 3)
    assert mask[:, 0, 0].tolist() == [[True, True, False], [True, False, False]]
    both = mask & causal_mask(3)
    assert both[1, 0].tolist() == [[True, False, False]] * 3


@pytest.mark.parametrize(
    "mask",
    [causal_mask(T), torch.ones(B, 1, 1, T).bool(), torch.ones(1, H, T, T).bool()],
    ids=["T S", "B 1 1 S", "1 H T S"],
)
def test_masks_that_fit(mask: torch.Tensor) -> None:
    check_mask(mask, B, T, T)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(T, T), r"holds torch.float32, where booleans .* `mask != 0`"),
        (torch.ones(T, T + 1).bool(), r"shape \(5, 6\), where \(T=5, S=5\)"),
        (torch.ones(1, T).bool(), r"shape \(1, 5\)"),
        (torch.ones(B, T, T).bool(), r"shape \(3, 5, 5\), where .* \(B=3, 1, T=5, S=5\)"),
        (torch.ones(B + 1, 1, 1, T).bool(), r"shape \(4, 1, 1, 5\)"),
        (causal_mask(T).tril(-1), r"^position 0 may read nothing, .* torch.eye"),
        (
            padding_mask(torch.tensor([[7], [0], [7]]).expand(B, T), 0),
            r"^text 1, position 0 may read nothing, .* leave a text of padding alone out",
        ),
    ],
    ids=["dtype", "keys", "queries", "three axes", "batch", "row", "text"],
)
def test_masks_that_do_not(mask: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_mask(mask, B, T, T)


def test_a_position_that_may_read_nothing() -> None:
    """As the docstring says: nan by the formula, zeros by the kernel, an average by -1e9."""
    torch.manual_seed(0)
    x, nothing = torch.randn(B, T, D), bidirectional_mask(T)
    nothing[2] = False
    cfg = TransformerConfig(vocab_size=61, max_positions=11, width=D, n_heads=H)
    layer = MultiHeadAttention(cfg).eval()
    records: list[AttentionRecord] = []
    assert layer(x, nothing, records)[:, 2].isnan().all()
    assert records[0].weights[:, :, 2].isnan().all()
    assert_close(layer(x, nothing)[:, 2], layer.out.bias.expand(B, D), rtol=0, atol=0)
    rest = torch.arange(T) != 2
    assert_close(layer(x, nothing)[:, rest], layer(x, nothing, [])[:, rest], rtol=0, atol=1e-6)
    q = torch.randn(T, D)
    scores = (q @ q.T).masked_fill(~nothing, -1e9)
    assert_close(scores.softmax(-1)[2], torch.full((T,), 1 / T))
    assert attention_weights(q, q, nothing)[2].isnan().all()
