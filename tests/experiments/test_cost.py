"""FLOPs against the counter of PyTorch, and chains whose length is known."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bertgpt.config import TransformerConfig
from bertgpt.experiments import cost
from bertgpt.masks import bidirectional_mask
from bertgpt.transformer import Block


@pytest.mark.parametrize(("n", "D", "F"), [(5, 12, -1), (7, 8, 20), (9, 16, 0)])
def test_flops_of_a_block_are_what_pytorch_counts(n: int, D: int, F: int) -> None:
    cfg = TransformerConfig(vocab_size=1, max_positions=1, width=D, n_heads=2, ff_width=F)
    with FlopCounterMode(display=False) as counter:
        Block(cfg)(torch.randn(1, n, D), bidirectional_mask(n), [])
    assert counter.get_total_flops() == cost.block_flops(n, D, F)


def test_flops_of_an_lstm_are_what_pytorch_counts_in_a_loop() -> None:
    with FlopCounterMode(display=False) as counter:
        cost.run_in_a_loop(nn.LSTMCell(6, 6), torch.randn(1, 5, 6))
    assert counter.get_total_flops() == cost.lstm_flops(5, 6)


@pytest.mark.parametrize("n", [3, 40])
def test_a_block_waits_six_times_and_a_loop_as_often_as_there_are_tokens(n: int) -> None:
    x = torch.randn(1, n, 8)
    assert cost.longest_chain(cost.block(8)(x, bidirectional_mask(n), [])) == 6
    assert cost.longest_chain(cost.run_in_a_loop(nn.LSTMCell(8, 8), x)) == n


def product_and_sum(fused: bool, T: int) -> torch.Tensor:
    """h = tanh(W h + (U x + b)), T times, with the sum inside the product's kernel or apart."""
    W, U, b = (torch.randn(3, 3, requires_grad=True) for _ in range(3))
    h = torch.zeros(3, 3)
    for x in torch.randn(T, 3, 3):
        drive = torch.addmm(b, x, U) if fused else x @ U + b
        h = (torch.addmm(drive, h, W) if fused else h @ W + drive).tanh()
    return h


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("T", [1, 5, 50])
def test_a_recurrent_net_of_t_steps_has_a_chain_of_t_products(T: int, fused: bool) -> None:
    """U x waits for nobody, so that the answer is T however the sum is computed, not T + 1."""
    assert cost.longest_chain(product_and_sum(fused, T)) == T


def test_chains_whose_length_is_known() -> None:
    x = torch.randn(4, 4, requires_grad=True)
    v = x[0]
    for y, products in (
        (x.exp() + 1, 0),
        (x @ x, 1),
        ((x @ x) @ (x @ x), 2),
        (torch.addmm(x @ x @ x, x, x), 2),  # what is added has the longer chain
        (torch.addmm(x, x @ x, x), 2),
        (torch.baddbmm(x[None], x[None], (x @ x @ x)[None]), 3),
        (x @ (x @ v), 2),
        (torch.addmv(v, x, x @ v), 2),
        (v @ (x @ v), 2),
        (torch.cat([x @ x @ x, x @ x]).sum(), 2),
    ):
        assert cost.longest_chain(y) == products


def test_a_kernel_that_hides_its_products_is_refused() -> None:
    x = torch.randn(1, 5, 8)
    with pytest.raises(ValueError, match="hides its matrix products; write them out"):
        cost.longest_chain(cost.block(8)(x, bidirectional_mask(5)))
    with pytest.raises(ValueError, match="no notes of how it was made"):
        cost.longest_chain(x)


def test_the_loop_is_the_fused_lstm() -> None:
    fused, cell = nn.LSTM(4, 5, batch_first=True), nn.LSTMCell(4, 5)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in fused.state_dict().items()})
    x = torch.randn(2, 7, 4)
    torch.testing.assert_close(
        cost.run_in_a_loop(cell, x), cost.fused_states(fused, x), rtol=0, atol=1e-6
    )


def test_seconds_are_the_median_without_the_first_run() -> None:
    calls = []

    def run() -> torch.Tensor:
        calls.append(1)
        return torch.ones(1, requires_grad=True) * 2

    assert 0 < cost.seconds(run, 3) < 1
    assert len(calls) == 4
