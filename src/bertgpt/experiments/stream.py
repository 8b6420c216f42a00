"""Page 05, C29, E06: the cells of 1997 and of 2000 on streams that are never reset."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from bertgpt.experiments.runner import experiment
from bertgpt.recurrent.lstm import LSTM, State
from bertgpt.tasks.mark_stream import MarkStream
from bertgpt.tasks.targets import squared_error
from bertgpt.training.train import TrainConfig, forever, train

WATCHED = (1, 10, 100, 1000, 4000)


class Counter(nn.Module):
    """An LSTM that goes on where it stopped; gradients stay within a piece."""

    def __init__(self, *, forget: bool) -> None:
        super().__init__()
        self.net = LSTM(1, 16, forget=forget, forget_bias=1.0)
        self.read = nn.Linear(16, 1)
        self.state: State | None = None

    def forward(self, x: Tensor) -> Tensor:
        out, (h, c) = self.net(x, self.state)
        self.state = h.detach(), c.detach()
        return self.read(out)[..., 0]  # (B, T)


def trained_counter(*, forget: bool, seed: int, pieces: int = 1000) -> Counter:
    """A counter trained on 32 streams, in pieces of 40 steps.

    New streams, from an empty state, begin after as many steps as `watch_cells` runs, so a
    test asks for no longer stream than was trained on.
    """
    torch.manual_seed(seed)
    model, stream = Counter(forget=forget), MarkStream(32, seed)
    cfg = TrainConfig(steps=pieces, learning_rate=5e-3, weight_decay=0.0)
    for step in train(model, forever(partial(stream.next, 40)), squared_error, cfg):
        if step.number % (WATCHED[-1] // 40) == 0:
            model.state = None
    return model


def watch_cells(model: Counter, seed: int) -> dict[str, Any]:
    """Run a counter over 4,000 steps of 16 fresh streams, from an empty state, without a reset.

    Returns:
        "cell", the largest `|c|` of all streams after each number of `WATCHED` steps; "full", the
        fraction of cells that show the same at any higher value, `|tanh(c)|` beyond 0.99, at those
        steps; "error", the mean squared error over the variance of the counts, in the first 500
        steps and in the last.
    """
    stream, model.state = MarkStream(16, 5000 + seed), None
    found: dict[str, Any] = {"cell": [], "full": [], "error": []}
    guesses, counts = [], []
    with torch.inference_mode():
        for number in range(1, WATCHED[-1] + 1):
            x, y = stream.next(1)
            guesses.append(model(x))
            counts.append(y)
            if number in WATCHED and model.state:
                c = model.state[1].abs()
                found["cell"].append(c.max().item())
                found["full"].append((c.tanh() > 0.99).float().mean().item())
    guess, count = torch.cat(guesses, 1), torch.cat(counts, 1)
    for part in (slice(500), slice(-500, None)):
        error = (guess[:, part] - count[:, part]).square().mean() / count[:, part].var()
        found["error"].append(error.item())
    return found


@experiment("stream")
def stream(seed: int) -> dict[str, Any]:
    """Watch the cells of a counter without a forget gate and of one with it."""
    return {
        name: watch_cells(trained_counter(forget=forget, seed=seed), seed)
        for name, forget in (("LSTM 1997", False), ("LSTM 2000", True))
    }
