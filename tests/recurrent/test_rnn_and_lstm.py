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
    """The LSTM's plain step, as the equations are written, is what the fast loop computes."""
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


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
@each_net
def test_what_is_no_number_after_the_end_reaches_no_gradient(make, odd: float) -> None:
    found = []
    for padding in (0.0, odd):
        net, x = made(make)
        x[1, 2:] = x[2, 4:] = padding
        x.requires_grad_()
        states, last = net(x, lengths=torch.tensor([T, 2, 4]))
        last = last if isinstance(last, tuple) else (last,)
        sum(part.square().sum() for part in (states, *last)).backward()
        found.append([states, *last, x.grad, *(p.grad for p in net.parameters())])
    for clean, spoilt in zip(*found, strict=True):
        assert_close(spoilt, clean, rtol=0, atol=0)
        assert clean.abs().max() > 0


@each_net
def test_lengths_may_be_a_list(make) -> None:
    net, x = made(make)
    for given in ([T, 2, 4], (T, 2, 4), torch.tensor([T, 2, 4], dtype=torch.int32)):
        states, last = net(x, lengths=given)
        want, want_last = net(x, lengths=torch.tensor([T, 2, 4]))
        assert_close(states, want, rtol=0, atol=0)
        assert_close(last, want_last, rtol=0, atol=0)


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
        ((B, T, C + 1), r"expected x of shape \(B, T, C=5\), got \(3, 7, 6\)"),
        ((T, C), r"expected x of shape \(B, T, C=5\), got \(7, 5\)"),
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
    message = r"expected state( h)? of shape \(B=3, D=11\), got \(4, 11\)"
    with pytest.raises(ValueError, match=message):
        net(x, given)
    with pytest.raises(ValueError, match=message):
        net.step(x[:, 0], given)
    with pytest.raises(ValueError, match=r"expected x of shape \(B, C=5\)"):
        net.step(x, given)


def test_a_cell_of_another_width() -> None:
    net, x = made(NETS["2000"])
    with pytest.raises(ValueError, match=r"expected state c of shape \(B=3, D=11\)"):
        net(x, (torch.zeros(B, D), torch.zeros(B, D + 1)))


@each_net
@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([7, 7], r"expected lengths of shape \(B=3\), got \(2,\)"),
        ([7, 0, 1], r"lengths \[7, 0, 1\] must be whole numbers from 1 to T=7"),
        ([7, 8, 1], r"lengths \[7, 8, 1\] must be .* they count the steps before the padding"),
        ([1.0, 2.0, 3.0], r"lengths \[1.0, 2.0, 3.0\] must be whole numbers"),
    ],
)
def test_lengths_that_do_not_match(make, lengths, message: str) -> None:
    net, x = made(make)
    for given in (torch.tensor(lengths), lengths):
        with pytest.raises(ValueError, match=message):
            net(x, lengths=given)


@each_net
@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (7, r"expected lengths as a tensor \(B,\) or a list of ints, got 7"),
        ("777", "expected lengths as .* got '777'"),
        ([7, None, 1], r"expected lengths as .* got \[7, None, 1\]"),
        (torch.tensor([True] * 3), r"lengths \[True, True, True\] must be whole numbers from 1"),
    ],
)
def test_lengths_of_another_kind(make, lengths, message: str) -> None:
    net, x = made(make)
    with pytest.raises(ValueError, match=message):
        net(x, lengths=lengths)


@each_net
def test_a_packed_sequence_is_told_what_to_give(make) -> None:
    net, x = made(make)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, [7, 2, 1], batch_first=True)
    with pytest.raises(
        ValueError, match=r"got a PackedSequence; give the padded tensor and lengths="
    ):
        net(packed)
    with pytest.raises(ValueError, match=r"expected x as a tensor \(B, T, C\), got list"):
        net(x.tolist())


def test_a_state_of_the_other_net() -> None:
    zero = torch.zeros(B, D)
    (rnn, x), (lstm, _) = made(NETS["tanh"]), made(NETS["2000"])
    for call in (rnn, lambda x, state: rnn.step(x[:, 0], state)):
        with pytest.raises(ValueError, match=r"expected state as a tensor \(B, D\), got tuple"):
            call(x, (zero, zero))
    for call in (lstm, lambda x, state: lstm.step(x[:, 0], state)):
        with pytest.raises(
            ValueError, match=r"the pair \(h, c\), each \(B, D\), got one tensor \(3, 11\)"
        ):
            call(x, zero)
        with pytest.raises(ValueError, match=r"the pair \(h, c\), each \(B, D\), got a tuple of 3"):
            call(x, (zero, zero, zero))
        with pytest.raises(
            ValueError, match=r"expected state c as a tensor \(B, D\), got NoneType"
        ):
            call(x, (zero, None))


@pytest.mark.parametrize("net", [RNN, LSTM])
@pytest.mark.parametrize("widths", [(0, 5), (5, 0), (3, -1)])
def test_a_width_below_1(net, widths: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"in_width=\d and width=-?\d must both be at least 1"):
        net(*widths)


def test_a_word_that_names_no_net() -> None:
    with pytest.raises(ValueError, match="activation='gelu' must be 'tanh' or 'relu'"):
        RNN(C, D, activation="gelu")
    with pytest.raises(ValueError, match="start='zeros' 'uniform' or 'identity'"):
        RNN(C, D, start="zeros")
