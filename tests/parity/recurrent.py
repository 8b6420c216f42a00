"""Recurrent nets with the same scrambled weights, ours and PyTorch's, and how far they differ."""

import torch
from torch import Tensor, nn

from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.rnn import RNN

B, T, C, D = 3, 7, 5, 11  # all different: a swapped axis cannot pass
ATOL = 1e-5
OURS_IN_THEIRS = (0, 3, 1, 2)  # where our input, output, forget, candidate stand in nn.LSTM


def scrambled(kind: str) -> nn.RNNBase:
    """PyTorch's net, every weight and both biases filled from a seed."""
    theirs: nn.RNNBase = (
        nn.LSTM(C, D, batch_first=True)
        if kind == "LSTM"
        else nn.RNN(C, D, batch_first=True, nonlinearity=kind)
    )
    g = torch.Generator().manual_seed(3)
    for p in theirs.parameters():
        nn.init.normal_(p, std=0.25, generator=g)  # gradients stay of the size of the states
    return theirs


def our_order(x: Tensor) -> Tensor:
    """Rows of an nn.LSTM weight in the order of our gates; other nets have one part."""
    if x.shape[0] == D:
        return x
    parts = x.chunk(4)
    return torch.cat([parts[i] for i in OURS_IN_THEIRS])


def pair(kind: str) -> tuple[RNN | LSTM, nn.RNNBase]:
    theirs = scrambled(kind)
    ours = LSTM(C, D) if kind == "LSTM" else RNN(C, D, activation=kind)
    w = theirs.state_dict()
    ours.load_state_dict(
        {
            "inputs.weight": our_order(w["weight_ih_l0"]),
            "inputs.bias": our_order(w["bias_ih_l0"] + w["bias_hh_l0"]),
            "recurrent.weight": our_order(w["weight_hh_l0"]),
        }
    )
    return ours, theirs


def measured(kind: str, net: nn.Module, *, ours: bool) -> dict[str, Tensor]:
    """States and gradients on one batch, from a state that is not 0; axes as ours."""
    g = torch.Generator().manual_seed(4)
    x = torch.randn(B, T, C, generator=g).requires_grad_()
    start = [torch.randn(B, D, generator=g).requires_grad_() for _ in range(2)]
    pull = torch.randn(B, T, D, generator=g)
    given = start if ours else [s[None] for s in start]
    states, last = net(x, tuple(given) if kind == "LSTM" else given[0])
    last = last if isinstance(last, tuple) else (last,)
    (states * pull).sum().add(sum(s.square().sum() for s in last)).backward()
    found = {"states": states, "last state": last[0].reshape(B, D), "gradient of x": x.grad}
    if kind == "LSTM":
        found["last cell"] = last[1].reshape(B, D)
        found["gradient of the first cell"] = start[1].grad
    found["gradient of the first state"] = start[0].grad
    p = {name: p.grad for name, p in net.named_parameters()}
    for name, mine, theirs in (
        ("W_x", "inputs.weight", "weight_ih_l0"),
        ("b", "inputs.bias", "bias_ih_l0"),
        ("W_h", "recurrent.weight", "weight_hh_l0"),
    ):
        found[f"gradient of {name}"] = p[mine] if ours else our_order(p[theirs])
    return {k: v.detach() if v is not None else torch.zeros(1) for k, v in found.items()}


def differences(kind: str) -> dict[str, tuple[float, float]]:
    """What was compared -> (largest difference, largest number there)."""
    ours, theirs = pair(kind)
    mine, want = measured(kind, ours, ours=True), measured(kind, theirs, ours=False)
    return {
        name: ((mine[name] - want[name]).abs().max().item(), want[name].abs().max().item())
        for name in want
    }


def no_bias(net: RNN | LSTM) -> None:
    net.inputs.bias.zero_()


def one_bias(net: RNN | LSTM) -> None:
    net.inputs.bias.sub_(our_order(scrambled("LSTM").state_dict()["bias_hh_l0"]))


def transposed(net: RNN | LSTM) -> None:
    parts = net.recurrent.weight.chunk(len(net.recurrent.weight) // D)
    net.recurrent.weight.copy_(torch.cat([p.t() for p in parts]))


def gates_swapped(net: RNN | LSTM) -> None:
    for p in net.parameters():
        parts = p.clone().chunk(4)
        p.copy_(torch.cat([parts[i] for i in (0, 2, 1, 3)]))


WRONG = {
    "RNN: no bias": ("tanh", no_bias),
    "RNN: W_h transposed": ("tanh", transposed),
    "RNN: relu for tanh": ("tanh", lambda net: setattr(net, "activation", torch.relu)),
    "LSTM: one of two biases lost": ("LSTM", one_bias),
    "LSTM: W_h transposed in each gate": ("LSTM", transposed),
    "LSTM: output and forget gate swapped": ("LSTM", gates_swapped),
}


def shift(name: str) -> float:
    """What a wrong variant would have shifted, at the most, in states or gradients."""
    kind, spoil = WRONG[name]
    (right, _), (wrong, _) = pair(kind), pair(kind)
    with torch.no_grad():
        spoil(wrong)
    a, b = (measured(kind, net, ours=True) for net in (right, wrong))
    return max((a[name] - b[name]).abs().max().item() for name in a)
