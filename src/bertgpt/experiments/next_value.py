"""Page 04, C25, E03: the next number of a chaotic series, from a recurrent state."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.experiments.runner import experiment
from bertgpt.recurrent.rnn import RNN
from bertgpt.tasks.henon import henon
from bertgpt.training.train import TrainConfig, finish, forever, train


class NextValue(nn.Module):
    """The next number of a series, from a recurrent state of width 32."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = RNN(1, 32), nn.Linear(32, 1)

    def forward(self, series: Tensor) -> Tensor:
        """Predict the value after each number: (B, T) to (B, T)."""
        states, _ = self.rnn(series[..., None])
        return self.head(states)[..., 0]

    def loss(self, series: Tensor) -> Tensor:
        """Mean squared error of the last number, predicted from all before it: (B, T) to ()."""
        return F.mse_loss(self(series[:, :-1])[:, -1:], series[:, -1:])


@experiment("next_value")
def next_value(seed: int) -> dict[str, Any]:
    """Error of the next number of Henon's series, as a fraction of the spread of the numbers.

    Returns "same again"; "linear", the best linear rule on the last ten numbers; and the net that
    reads one number, two, or sixteen of them before it predicts.
    """
    generator = torch.Generator().manual_seed(seed)
    seen, test = henon(200, 17, generator), henon(2000, 17, generator)
    target = test[:, -1]

    def error(guess: Tensor) -> float:
        return ((guess - target).pow(2).mean().sqrt() / target.std()).item()

    rows, answers = (torch.cat([s[:, -11:-1], torch.ones(len(s), 1)], 1) for s in (seen, test))
    best = torch.linalg.lstsq(rows, seen[:, -1:]).solution
    found = {"same again": error(test[:, -2]), "linear": error((answers @ best)[:, 0])}
    cfg = TrainConfig(steps=600, learning_rate=1e-2, warmup=20, weight_decay=0.0)
    for n in (1, 2, 16):
        torch.manual_seed(seed)
        net = NextValue()
        draws = forever(partial(henon, 64, n + 1, generator))
        finish(train(net, draws, NextValue.loss, cfg))
        with torch.no_grad():
            found[f"net, {n} read"] = error(net(test[:, -n - 1 : -1])[:, -1])
    return found
