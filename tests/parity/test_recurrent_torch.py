"""Our recurrent nets beside PyTorch's `nn.RNN`, `nn.LSTM` and `nn.LSTMCell`: numbers and gradients.

PyTorch has two biases where the equations have one (ours is their sum), and its gates stand in the
order input, forget, candidate, output; ours in the order input, output, forget, candidate.
"""

import pytest
import torch
from recurrent import ATOL, WRONG, B, C, D, T, differences, our_order, pair, shift
from torch import nn
from torch.testing import assert_close

from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.rnn import RNN


@pytest.mark.parametrize("kind", ["tanh", "relu", "LSTM"])
def test_states_and_gradients_are_pytorchs(kind: str) -> None:
    found = differences(kind)
    assert {"states", "last state", "gradient of x", "gradient of W_h"} <= set(found)
    assert all(difference <= ATOL for difference, _ in found.values()), found
    assert all(largest > 1000 * ATOL for _, largest in found.values()), found  # nothing is empty


@pytest.mark.parametrize("name", WRONG)
def test_the_tolerance_would_notice(name: str) -> None:
    assert shift(name) > 100 * ATOL


def test_one_step_is_pytorchs_cell() -> None:
    ours, theirs = pair("LSTM")
    assert isinstance(ours, LSTM)
    cell = nn.LSTMCell(C, D)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in theirs.state_dict().items()})
    g = torch.Generator().manual_seed(5)
    x, h, c = (torch.randn(B, n, generator=g) for n in (C, D, D))
    for got, want in zip(ours.step(x, (h, c)), cell(x, (h, c)), strict=True):
        assert_close(got, want, rtol=0, atol=ATOL)


def test_lengths_are_pytorchs_packed_sequences() -> None:
    x = torch.randn(B, T, C, generator=torch.Generator().manual_seed(6))
    lengths = torch.tensor([T, 1, 4])
    for kind in ("tanh", "LSTM"):
        ours, theirs = pair(kind)
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        want, want_last = theirs(packed)
        want, _ = nn.utils.rnn.pad_packed_sequence(want, batch_first=True)
        got, got_last = ours(x, lengths=lengths)
        assert_close(got, want, rtol=0, atol=ATOL)
        got_last = got_last if isinstance(got_last, tuple) else (got_last,)
        want_last = want_last if isinstance(want_last, tuple) else (want_last,)
        for ours_last, their_last in zip(got_last, want_last, strict=True):
            assert_close(ours_last, their_last[0], rtol=0, atol=ATOL)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["tanh", "relu", "LSTM"])
def test_padding_that_is_no_number_stays_out_as_in_packed_sequences(kind: str, odd: float) -> None:
    """Results and gradients, of weights and of x, are those of PyTorch's packed batch."""
    x = torch.randn(B, T, C, generator=torch.Generator().manual_seed(8))
    lengths = [T, 1, 4]  # a list, as pack_padded_sequence takes it
    ours, theirs = pair(kind)
    given = x.clone()
    for row, n in enumerate(lengths):
        given[row, n:] = odd
    given.requires_grad_()
    got, _ = ours(given, lengths=lengths)
    got.square().sum().backward()
    x.requires_grad_()
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    want, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    want.square().sum().backward()
    assert_close(got, want, rtol=0, atol=ATOL)
    assert_close(given.grad, x.grad, rtol=0, atol=ATOL)
    names = (("inputs.weight", "weight_ih_l0"), ("recurrent.weight", "weight_hh_l0"))
    for mine, yours in names:
        grad = our_order(theirs.get_parameter(yours).grad)
        assert_close(ours.get_parameter(mine).grad, grad, rtol=0, atol=ATOL)


def test_without_a_forget_gate_it_is_pytorchs_with_the_gate_wide_open() -> None:
    """sigmoid(1000) is 1: then `nn.LSTM` is the cell of 1997."""
    torch.manual_seed(1)
    ours, theirs = LSTM(C, D, forget=False), nn.LSTM(C, D, batch_first=True)
    for p in ours.parameters():
        nn.init.normal_(p, std=0.4)
    i, o, g = range(3)
    with torch.no_grad():
        theirs.bias_hh_l0.zero_()
        theirs.bias_ih_l0[D : 2 * D] = 1000.0
        for ours_gate, their_gate in ((i, 0), (g, 2), (o, 3)):
            mine = slice(ours_gate * D, (ours_gate + 1) * D)
            yours = slice(their_gate * D, (their_gate + 1) * D)
            theirs.weight_ih_l0[yours] = ours.inputs.weight[mine]
            theirs.bias_ih_l0[yours] = ours.inputs.bias[mine]
            theirs.weight_hh_l0[yours] = ours.recurrent.weight[mine]
    x = torch.randn(B, T, C, generator=torch.Generator().manual_seed(7))
    got, (_, got_cell) = ours(x)
    want, (_, want_cell) = theirs(x)
    assert_close(got, want, rtol=0, atol=ATOL)
    assert_close(got_cell, want_cell[0], rtol=0, atol=ATOL)


def test_new_weights_are_drawn_as_pytorch_draws_them() -> None:
    torch.manual_seed(0)
    wide = RNN(50, 400)
    for p in wide.parameters():
        assert p.abs().max() <= 400**-0.5
        assert p.std().item() == pytest.approx(400**-0.5 / 3**0.5, rel=0.1)
