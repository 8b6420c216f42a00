"""Page 05, C28 C39, E02: how much of the first state is left at step T in new nets."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bertgpt.experiments.runner import experiment
from bertgpt.recurrent.lstm import LSTM, Gates
from bertgpt.recurrent.rnn import RNN

SPANS = (1, 2, 5, 10, 20, 50, 100, 200)  # T
UNTRAINED_NETS: dict[str, Callable[[], RNN | LSTM]] = {
    "tanh RNN": lambda: RNN(8, 32),
    "LSTM 1997": lambda: LSTM(8, 32, forget=False),
    "LSTM 2000, bias -1": lambda: LSTM(8, 32, forget_bias=-1.0),
    "LSTM 2000, bias 0": lambda: LSTM(8, 32, forget_bias=0.0),
    "LSTM 2000, bias 1": lambda: LSTM(8, 32, forget_bias=1.0),
    "LSTM 2000, bias 3": lambda: LSTM(8, 32, forget_bias=3.0),
}


def jacobian_size(jacobian: Tensor) -> float:
    """Frobenius norm of a square matrix over the root of its width: 1 for the identity."""
    return (jacobian.norm() / len(jacobian) ** 0.5).item()


def state_jacobians(net: RNN | LSTM, x: Tensor) -> dict[str, float]:
    """How the last state moves with the first, all paths counted.

    Args:
        net: an `RNN` or an `LSTM`.
        x: (1, T, C).
    Returns:
        size of dh_T/dh_0 as "h"; for an LSTM also of dc_T/dc_0 as "c", and of the way from cell to
        cell, with the gates held fixed, as "carousel": the product of the forget gates.
    """
    D = net.width
    first = [torch.zeros(D, D, requires_grad=True) for _ in range(2)]  # a copy for each output
    x = x.expand(D, -1, -1)
    if isinstance(net, RNN):
        (jacobian,) = torch.autograd.grad(net(x, first[0])[1].diagonal().sum(), first[:1])
        return {"h": jacobian_size(jacobian)}
    records: list[Gates] = []
    h, c = net(x, (first[0], first[1]), records=records)[1]
    found = {}
    for name, last, start in (("h", h, first[0]), ("c", c, first[1])):
        (jacobian,) = torch.autograd.grad(last.diagonal().sum(), start, retain_graph=True)
        found[name] = jacobian_size(jacobian)
    return found | {"carousel": jacobian_size(records[0].forget[0].prod(0).diag())}


@experiment("kept")
def kept(seed: int) -> dict[str, Any]:
    """New nets of width 32 on random inputs: their `state_jacobians` after each span."""
    found: dict[str, Any] = {}
    for kind, make in UNTRAINED_NETS.items():
        torch.manual_seed(seed)
        net = make()
        x = torch.randn(1, SPANS[-1], 8, generator=torch.Generator().manual_seed(seed))
        rows = [state_jacobians(net, x[:, :T]) for T in SPANS]
        found[kind] = {name: [row[name] for row in rows] for name in rows[0]}
    return found
