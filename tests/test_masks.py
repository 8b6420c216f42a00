"""Masks: who reads whom, and what a wrong mask is told."""

import pytest
import torch
from torch.testing import assert_close

from bertgpt.attention import AttentionRecord, MultiHeadAttention, attention_weights
from bertgpt.config import TransformerConfig
from bertgpt.masks import (
    bidirectional_mask,
    causal_mask,
    check_mask,
    count_positions,
    or_itself,
    padding_mask,
)

B, T, D, H = 3, 5, 24, 4
ADDITIVE = torch.zeros(T, T).masked_fill(~causal_mask(T), -torch.inf)


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
        (torch.ones(T, T), r"True where .*, got torch.float32; `mask != 0` converts this one \(1"),
        (torch.ones(T, T).long(), r"got torch.int64; `mask != 0` converts this one"),
        (
            torch.zeros(T, T),
            r"got torch.float32; `mask == 0` converts this one \(additive: 0 where",
        ),
        (ADDITIVE, r"got torch.float32; `mask == 0` converts this one \(additive: 0 where it may"),
        (torch.ones(T, T + 1).bool(), r"mask of shape \(T=5, S=5\) or .*, got \(5, 6\); a size"),
        (torch.ones(1, T).bool(), r"got \(1, 5\)"),
        (torch.ones(B, T).bool(), r"mask of shape \(T=5, S=5\) or .*, got \(3, 5\); a size"),
        (torch.ones(B, 1, T, 1).bool(), r"got \(3, 1, 5, 1\); .* except for the last axis"),
        (torch.ones(B, T, T).bool(), r"\(B=3, 1 or H=4, T=5, S=5\), got \(3, 5, 5\)"),
        (torch.ones(B + 1, 1, 1, T).bool(), r"got \(4, 1, 1, 5\)"),
        (torch.ones(B, H - 1, T, T).bool(), r"1 or H=4, .*, got \(3, 3, 5, 5\)"),
        (causal_mask(T).tril(-1), r"^position 0 may read nothing, .* torch.eye"),
        (
            padding_mask(torch.tensor([[7], [0], [7]]).expand(B, T), 0),
            r"^text 1, position 0 may read nothing, .* leave out a text that is all padding",
        ),
    ],
    ids=[
        "dtype",
        "integers",
        "zeros",
        "additive",
        "keys",
        "queries",
        "real tokens",
        "last axis",
        "three axes",
        "batch",
        "heads",
        "row",
        "text",
    ],
)
def test_masks_that_do_not(mask: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_mask(mask, B, T, T, H)


def test_the_advice_for_a_mask_of_numbers_is_right() -> None:
    """What the message says makes the mask that was meant."""
    keep = padding_mask(torch.tensor([[7, 8, 9, 0, 0]]), 0).expand(1, 1, T, T)
    lowest = torch.finfo(torch.float32).min
    for mask in (
        torch.zeros(keep.shape).masked_fill(~keep, -torch.inf),
        torch.zeros(keep.shape).masked_fill(~keep, lowest),  # as `transformers` has it
        keep.float(),
        keep.long(),
    ):
        with pytest.raises(ValueError, match="converts this one") as caught:
            check_mask(mask, 1, T, T)
        advice = str(caught.value).split("`")[1]
        assert torch.equal(eval(advice, {"mask": mask}), keep)


def test_padding_before_a_text_reads_itself() -> None:
    mask = causal_mask(3) & padding_mask(torch.tensor([[0, 0, 7], [7, 0, 8]]), 0)
    assert or_itself(mask)[0, 0].tolist() == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert torch.equal(or_itself(mask)[1], mask[1])  # nothing to mend
    check_mask(or_itself(mask), 2, 3, 3)


def test_positions_count_tokens_and_not_padding() -> None:
    ids = torch.tensor([[0, 0, 7, 8, 9], [7, 8, 9, 0, 0], [7, 0, 0, 8, 9], [0, 0, 0, 0, 0]])
    positions = count_positions(ids, 0)
    assert positions is not None
    assert positions[ids != 0].tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2]
    assert positions[1].tolist() == [0, 1, 2, 3, 4]  # padding on the right: as without
    assert (positions >= 0).all()
    assert (positions < 5).all()
    assert count_positions(ids, -1) is None  # no padding token: columns


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
