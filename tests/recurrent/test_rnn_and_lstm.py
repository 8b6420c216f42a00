"""Recurrent nets: what they carry, what they refuse."""

import pytest
import torch
from torch.testing import assert_close

from bertgpt.recurrent.lstm import LSTM, Gates
from bertgpt.recurrent.rnn import RNN

B, T, C, D = 3, 7, 5, 11
NETS = {
    "tanh": lambda: RNN(C, D),
    "identity": lambda: RNN(C, D, activation="relu", start="identity"),
    "1997": lambda: LSTM(C, D, forget=False),
    "2000": lambda: LSTM(C, D),
}
each_net = pytest.mark.parametrize("make", NETS.values(), ids=NETS)


def made(make, *, sequence=(B, T, C)):
    torch.manual_seed(0)
    return make(), torch.randn(sequence, generator=torch.Generator().manual_seed(1))


@each_net
def test_reading_in_two_halves_is_reading_at_once(make) -> None:
    net, x = made(make)
    whole, last = net(x)
    first, middle = net(x[:, :3])
    second, last_again = net(x[:, 3:], middle)
    assert_close(torch.cat((first, second), dim=1), whole, rtol=0, atol=1e-6)
    assert_close(last_again, last, rtol=0, atol=1e-6)


@each_net
def test_steps_are_the_sequence(make) -> None:
    net, x = made(make)
    states, last = net(x)
    zero = torch.zeros(B, D)
    state = (zero, zero) if isinstance(net, LSTM) else zero
    for t in range(T):
        state = net.step(x[:, t], state)
        shown = state[0] if isinstance(net, LSTM) else state
        assert_close(shown, states[:, t], rtol=0, atol=1e-6)
    assert_close(state, last, rtol=0, atol=1e-6)


@each_net
def test_the_future_is_not_felt_and_the_past_is(make) -> None:
    net, x = made(make)
    changed = x.clone()
    changed[:, 4] += 1.0
    moved = (net(x)[0] - net(changed)[0]).abs().amax(dim=(0, 2))
    assert moved[:4].max() == 0.0
    assert moved[4:].min() > 0.0


@each_net
def test_the_gradient_reaches_the_first_step_from_the_last(make) -> None:
    """A state that was detached on the way would carry numbers, and no gradient."""
    net, x = made(make)
    x.requires_grad_()
    net(x)[0][:, -1].sum().backward()
    assert x.grad is not None
    assert x.grad[:, 0].abs().max() > 0.0


@each_net
def test_what_follows_a_sequence_s_end_does_not_count(make) -> None:
    net, x = made(make)
    lengths = torch.tensor([T, 2, 4])
    states, last = net(x, lengths=lengths)
    x[1, 2:] = 9.0
    x[2, 4:] = -9.0
    again, last_again = net(x, lengths=lengths)
    assert_close(again, states, rtol=0, atol=0)
    assert_close(last_again, last, rtol=0, atol=0)
    assert states[1, 2:].abs().max() == 0.0
    alone, last_alone = net(x[1:2, :2])
    assert_close(states[1:2, :2], alone, rtol=0, atol=1e-6)
    pick = (lambda s: s[0]) if isinstance(net, LSTM) else (lambda s: s)
    assert_close(pick(last)[1:2], pick(last_alone), rtol=0, atol=1e-6)


@pytest.mark.parametrize("forget", [True, False])
def test_the_gradient_is_the_true_one(forget: bool) -> None:
    """Against differences of the outputs, for inputs, first states and weights, in float64."""
    torch.manual_seed(0)
    net = LSTM(3, 4, forget=forget).double()
    g = torch.Generator().manual_seed(1)
    x, h, c = (torch.randn(n, generator=g).double() for n in ((2, 5, 3), (2, 4), (2, 4)))
    weights = [p.detach().clone() for p in net.parameters()]

    def run(x, h, c, *weights):
        given = dict(zip(dict(net.named_parameters()), weights, strict=True))
        out, last = torch.func.functional_call(net, given, (x, (h, c)))
        return out, *last

    given = [part.requires_grad_() for part in (x, h, c, *weights)]
    assert torch.autograd.gradcheck(run, given)


@pytest.mark.parametrize("forget", [True, False])
def test_gates_are_looked_at_without_a_change(forget: bool) -> None:
    """Numbers and gradients are the same with `records` and without."""
    found = []
    for records in (None, []):
        net, x = made(lambda: LSTM(C, D, forget=forget))
        x.requires_grad_()
        out, (h, c) = net(x, records=records)
        (out.square().sum() + h.sum() + c.square().sum()).backward()
        found.append([out, h, c, x.grad, *(p.grad for p in net.parameters())])
    for unseen, seen in zip(*found, strict=True):
        assert_close(unseen, seen, rtol=0, atol=1e-5)


def test_a_net_that_starts_as_the_identity_keeps_its_state() -> None:
    net = RNN(C, D, activation="relu", start="identity")
    state = torch.rand(B, D)
    states, last = net(torch.zeros(B, 50, C), state)
    assert_close(last, state, rtol=0, atol=0)
    shrinks = RNN(C, D)(torch.zeros(B, 50, C), state)[1]
    assert shrinks.norm() < 0.9 * state.norm()


def test_looks_tell_what_the_gates_did() -> None:
    for forget in (True, False):
        net, x = made(lambda forget=forget: LSTM(C, D, forget=forget))
        records: list[Gates] = []
        states, (_, cell) = net(x, records=records)
        (gates,) = records
        assert all(part.shape == (B, T, D) for part in gates)
        before = torch.cat((torch.zeros(B, 1, D), gates.cell[:, :-1]), dim=1)
        kept = gates.forget * before + gates.input * gates.candidate
        assert_close(gates.cell, kept, rtol=0, atol=1e-6)
        assert_close(states, gates.output * gates.cell.tanh(), rtol=0, atol=1e-6)
        assert_close(cell, gates.cell[:, -1], rtol=0, atol=0)
        assert (gates.forget == 1.0).all() != forget


def test_the_cell_of_1997_never_loses_anything() -> None:
    """Its cell is a sum: the gradient from one cell state to the next through the cell is 1."""
    net = LSTM(C, D, forget=False)
    torch.nn.init.zeros_(net.recurrent.weight)  # leaves the cell's own path alone
    c = torch.randn(B, D, requires_grad=True)
    x = torch.randn(B, 100, C, generator=torch.Generator().manual_seed(2))
    net(x, (torch.zeros(B, D), c))[1][1].sum().backward()
    assert_close(c.grad, torch.ones(B, D), rtol=0, atol=0)


def test_the_forget_bias_is_where_it_should_be() -> None:
    net = LSTM(C, D, forget_bias=3.0)
    records: list[Gates] = []
    net(torch.zeros(B, 1, C), records=records)
    assert_close(records[0].forget, torch.full((B, 1, D), 3.0).sigmoid())
    assert records[0].input.max() < 0.6  # the others start near one half
    assert records[0].output.max() < 0.6


@each_net
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((B, 0, C), r"x has the shape \(3, 0, 5\): a sequence of no steps .* at least one step"),
        ((B, T, C + 1), r"x has the shape \(3, 7, 6\), where \(B, T, C=5\) is needed"),
        ((T, C), r"x has the shape \(7, 5\), where \(B, T, C=5\) is needed"),
    ],
)
def test_what_cannot_be_read(make, shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()(torch.zeros(shape))


@each_net
def test_a_state_of_another_batch(make) -> None:
    net, x = made(make)
    other = torch.zeros(B + 1, D)
    given = (other, other) if isinstance(net, LSTM) else other
    message = r"state( h)? has the shape \(4, 11\), where \(B=3, D=11\) is needed"
    with pytest.raises(ValueError, match=message):
        net(x, given)
    with pytest.raises(ValueError, match=message):
        net.step(x[:, 0], given)
    with pytest.raises(ValueError, match=r"x has the shape \(3, 7, 5\), where \(B, C=5\)"):
        net.step(x, given)


def test_a_cell_of_another_width() -> None:
    net, x = made(NETS["2000"])
    with pytest.raises(ValueError, match=r"state c has the shape \(3, 12\), where \(B=3, D=11\)"):
        net(x, (torch.zeros(B, D), torch.zeros(B, D + 1)))


@each_net
@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([7, 7], r"lengths has the shape \(2,\), where \(B=3\) is needed"),
        ([7, 0, 1], r"lengths \[7, 0, 1\] must be whole numbers from 1 to T=7"),
        ([7, 8, 1], r"lengths \[7, 8, 1\] must be .* they count the steps before the padding"),
        ([1.0, 2.0, 3.0], r"lengths \[1.0, 2.0, 3.0\] must be whole numbers"),
    ],
)
def test_lengths_that_do_not_match(make, lengths, message: str) -> None:
    net, x = made(make)
    with pytest.raises(ValueError, match=message):
        net(x, lengths=torch.tensor(lengths))


def test_a_word_that_names_no_net() -> None:
    with pytest.raises(ValueError, match="activation='gelu' must be 'tanh' or 'relu'"):
        RNN(C, D, activation="gelu")
    with pytest.raises(ValueError, match="start='zeros' 'uniform' or 'identity'"):
        RNN(C, D, start="zeros")
