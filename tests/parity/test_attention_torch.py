"""Our attention beside PyTorch's own: `nn.MultiheadAttention` and the fused function."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from bertgpt.attention import AttentionRecord, MultiHeadAttention, attention_weights
from bertgpt.config import TransformerConfig
from bertgpt.masks import bidirectional_mask, causal_mask, padding_mask

B, H, T, D = 3, 4, 7, 24
ATOL = 1e-5
IDS = torch.tensor([[9, 9, 9, 9, 9, 9, 9], [9, 9, 9, 9, 9, 0, 0], [9, 9, 0, 0, 0, 0, 0]])
MASKS = {
    "bidirectional": bidirectional_mask(T),
    "causal": causal_mask(T),
    "padding": padding_mask(IDS, 0).expand(B, 1, T, T),
    "causal and padding": causal_mask(T) & padding_mask(IDS, 0),
}


def layers() -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    """Ours and PyTorch's, with the same scrambled weights."""
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(D, H, batch_first=True).eval()
    for p in theirs.parameters():
        nn.init.normal_(p, std=0.5)
    ours = MultiHeadAttention(
        TransformerConfig(vocab_size=61, max_positions=11, width=D, n_heads=H)
    ).eval()
    with torch.no_grad():
        for i, layer in enumerate((ours.query, ours.key, ours.value)):
            layer.weight.copy_(theirs.in_proj_weight.chunk(3)[i])
            layer.bias.copy_(theirs.in_proj_bias.chunk(3)[i])
        ours.out.load_state_dict(theirs.out_proj.state_dict())
    return ours, theirs


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@torch.no_grad()
def test_multi_head_attention_is_pytorchs(mask: torch.Tensor) -> None:
    ours, theirs = layers()
    x = torch.randn(B, T, D, generator=torch.Generator().manual_seed(1))
    forbidden = ~mask.expand(B, H, T, T).reshape(B * H, T, T)  # their True means the opposite
    want, want_weights = theirs(x, x, x, attn_mask=forbidden, average_attn_weights=False)
    records: list[AttentionRecord] = []
    assert_close(ours(x, mask, records), want, rtol=0, atol=ATOL)
    assert_close(ours(x, mask), want, rtol=0, atol=ATOL)
    assert_close(records[0].weights, want_weights, rtol=0, atol=ATOL)
    inverted, _ = theirs(x, x, x, attn_mask=~forbidden, average_attn_weights=False)
    assert not torch.allclose(inverted, want, rtol=0, atol=1000 * ATOL)  # nan is not close either


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_the_formula_is_the_fused_kernel(mask: torch.Tensor) -> None:
    g = torch.Generator().manual_seed(2)
    q, k, v = (torch.randn(B, H, T, D // H, generator=g) for _ in range(3))
    weights = attention_weights(q, k, mask)
    want = F.scaled_dot_product_attention(q, k, v, mask)
    assert_close(weights @ v, want, rtol=0, atol=ATOL)
    assert_close(weights.sum(dim=-1), torch.ones(B, H, T), rtol=0, atol=ATOL)
    unscaled = attention_weights(q * math.sqrt(D // H), k, mask)
    assert (unscaled @ v - want).abs().max() > 1000 * ATOL


def test_gradients_agree_too() -> None:
    ours, theirs = layers()
    x = torch.randn(B, T, D, generator=torch.Generator().manual_seed(1))
    mask = MASKS["causal"]
    ours(x, mask).pow(2).sum().backward()
    ours_grad = ours.key.weight.grad.clone()
    ours.zero_grad()
    ours(x, mask, []).pow(2).sum().backward()
    theirs(x, x, x, attn_mask=~mask)[0].pow(2).sum().backward()
    want = theirs.in_proj_weight.grad.chunk(3)[1]
    scale = want.abs().max()
    assert_close(ours_grad / scale, want / scale, rtol=0, atol=ATOL)
    assert_close(ours.key.weight.grad / scale, want / scale, rtol=0, atol=ATOL)
