"""Who influences whom: the Jacobian is right, and the mask decides."""

import pytest
import torch

from bertgpt.config import TransformerConfig
from bertgpt.evaluation.results import load_result
from bertgpt.experiments.influence import influence, scrambled_stack
from bertgpt.experiments.mask_decides import mask_decides
from bertgpt.experiments.order_felt import order_felt
from bertgpt.masks import bidirectional_mask, causal_mask

CFG = TransformerConfig(vocab_size=9, max_positions=6, width=8, n_layers=2, n_heads=2)


IDS = torch.tensor([1, 2, 3, 4, 5, 6])


def test_influence_is_what_a_small_push_does() -> None:
    """Against finite differences: the table of tokens is nudged at one position's token."""
    stack = scrambled_stack(CFG, seed=0)
    mask, step = causal_mask(6), 1e-6
    norms = influence(stack, IDS, mask)
    for s in (0, 3):
        squares = torch.zeros(6, dtype=torch.float64)
        for d in range(CFG.width):
            ends = []
            for sign in (1, -1):
                with torch.no_grad():
                    stack.tokens.weight[IDS[s], d] += sign * step
                    ends.append(stack(IDS[None], mask)[0])
                    stack.tokens.weight[IDS[s], d] -= sign * step
            squares += ((ends[0] - ends[1]) / (2 * step)).pow(2).sum(-1)
        torch.testing.assert_close(norms[:, s], squares.sqrt(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_mask_alone_decides_who_is_felt(norm) -> None:
    cfg = TransformerConfig(
        vocab_size=9, max_positions=6, width=8, n_layers=2, n_heads=2, norm=norm
    )
    stack = scrambled_stack(cfg, seed=1)
    for mask in (bidirectional_mask(6), causal_mask(6), torch.eye(6).bool()):
        assert ((influence(stack, IDS, mask) != 0) == mask).all()


def test_the_stored_masks_are_as_computed_here() -> None:
    stored, now = load_result("mask_decides")["values"][0], mask_decides(0)
    assert now["causal"]["later_felt"] == 0 == now["causal"]["largest_later"]
    assert now["bidirectional"]["later_felt"] == now["pairs"] == 28
    assert now["causal"]["parameters"] == now["bidirectional"]["parameters"]
    for name in ("causal", "bidirectional"):
        assert now[name] == pytest.approx(stored[name], abs=1e-9)


def test_order_is_felt_by_all_but_one() -> None:
    found = order_felt(0)
    assert found.pop("bidirectional, none") < 1e-14
    assert min(found.values()) > 0.01
    assert found == pytest.approx(
        {k: v for k, v in load_result("order_felt")["values"][0].items() if k in found}, abs=1e-9
    )
