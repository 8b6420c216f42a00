"""The recurrent nets of the adding problem, their rates, and their training."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.rnn import RNN
from bertgpt.tasks.adding import adding_batch, fresh_error
from bertgpt.tasks.targets import squared_error
from bertgpt.training.train import Step, TrainConfig, forever, train

WIDTH = 32


def closed_lstm(*, forget: bool = True, forget_bias: float = 0.0) -> LSTM:
    """An LSTM whose input gates start nearly closed, so that nothing drifts into its cells.

    Hochreiter and Schmidhuber do so on this task. Here the bias is -3 for each input gate.
    """
    net = LSTM(2, WIDTH, forget=forget, forget_bias=forget_bias)
    nn.init.constant_(net.inputs.bias[:WIDTH], -3.0)
    return net


class Net(NamedTuple):
    """How to make a net, and how fast it learns best.

    Rates are from 3e-4 to 1e-2, tried with 100 steps and seed 100, which is not among the seeds
    reported.
    """

    make: Callable[[], nn.Module]
    rate: float


NETS = {
    "tanh RNN": Net(lambda: RNN(2, WIDTH), 3e-3),
    "identity RNN": Net(lambda: RNN(2, WIDTH, activation="relu", start="identity"), 3e-3),
    "LSTM 1997": Net(lambda: closed_lstm(forget=False), 1e-2),
    "LSTM 2000, bias 1": Net(lambda: closed_lstm(forget_bias=1.0), 1e-2),
    "LSTM 2000, bias 3": Net(lambda: closed_lstm(forget_bias=3.0), 1e-2),
}


class Adder(nn.Module):
    """A recurrent net that reads a whole sequence and then gives one number: many to one.

    Args:
        kind: a key of `NETS`.
        seed: decides the first weights.
    """

    def __init__(self, kind: str, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.rate = NETS[kind].rate
        self.net = NETS[kind].make()
        self.read = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.read(self.net(x)[0][:, -1])[:, 0]  # (B,)


def learn(model: Adder, T: int, steps: int, seed: int) -> Iterator[Step]:
    """Train on fresh batches of 64 sequences of T steps; the seed decides which."""
    batches = forever(partial(adding_batch, 64, T, torch.Generator().manual_seed(seed)))
    cfg = TrainConfig(steps=steps, learning_rate=model.rate, weight_decay=0.0)
    return train(model, batches, squared_error, cfg)


def error_curves(
    kinds: Iterable[str], T: int, steps: int, every: int, seed: int
) -> dict[str, list[float]]:
    """Train new nets; each one's error on fresh sequences, every so many updates."""
    curves: dict[str, list[float]] = {}
    for kind in kinds:
        model = Adder(kind, seed)
        curves[kind] = [
            round(fresh_error(model, T, 1000 + seed), 5)
            for step in learn(model, T, steps, seed)
            if step.number % every == 0
        ]
    return curves
