"""Experiments of Part II: gradients through a recurrent state, clipping, a series of numbers."""

import math
from functools import partial
from itertools import product
from statistics import fmean, median
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.experiments.characters import CharacterModel, code_text, encode, pieces
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.transformer import forever
from bertgpt.recurrent.rnn import RNN
from bertgpt.training.train import TrainConfig, train

# --- How far the last state feels the first

SPANS = (1, 2, 5, 10, 20, 50, 100)  # T
RADII = (0.5, 1.0, 1.5)


def scaled(radius: float, strength: float, generator: torch.Generator, width: int = 64) -> RNN:
    """A new net whose recurrent weights are a random rotation times `radius`.

    All eigenvalues and all singular values of such a matrix have the size `radius`, so that a
    linear net stretches every direction by exactly that in each step.

    Args:
        strength: size of what the input (8 numbers, standard normal) adds to each unit.
    """
    net = RNN(8, width).double()
    square = torch.randn(width, width, dtype=torch.double, generator=generator)
    drawn = torch.randn(width, 8, dtype=torch.double, generator=generator)
    with torch.no_grad():
        net.recurrent.weight.copy_(radius * torch.linalg.qr(square)[0])
        net.inputs.weight.copy_(strength / math.sqrt(8) * drawn)
        net.inputs.bias.zero_()
    return net


@torch.no_grad()
def stretches(net: RNN, x: Tensor, state: Tensor) -> list[float]:
    """How much a small push of the first state is stretched by step 1, 2, ... T of a tanh net.

    Args:
        x: (1, T, C).
        state: (1, D), where the net starts.
    Returns:
        T numbers, the Frobenius norm of dh_t / dh_0 over the root of D. That is the root of the
        mean square over all directions of the push.
    """
    states, _ = net(x, state)  # (1, T, D)
    jacobian, sizes = torch.eye(net.width, dtype=x.dtype), []
    for h in states[0]:
        jacobian = (1 - h**2)[:, None] * (net.recurrent.weight @ jacobian)  # (D, D)
        sizes.append((jacobian.norm() / net.width**0.5).item())
    return sizes


@experiment("recurrent_gradients", range(10))
def recurrent_gradients(seed: int) -> dict[str, Any]:
    """Stretch of dh_T / dh_0 in new tanh nets of width 64, by radius, input and T.

    Returns "stretch": by radius and strength of the input a list over `SPANS`; and "usual": the
    spectral radius of a net of this width as PyTorch starts it.
    """
    found: dict[str, Any] = {"stretch": {}}
    for radius, strength in product(RADII, (0.0, 0.5, 2.0)):
        generator = torch.Generator().manual_seed(seed)
        net = scaled(radius, strength, generator)
        x = torch.randn(1, SPANS[-1], 8, dtype=torch.double, generator=generator)
        state = 2 * torch.rand(1, net.width, dtype=torch.double, generator=generator) - 1
        sizes = stretches(net, x, state)
        found["stretch"][f"{radius:g} {strength:g}"] = [sizes[T - 1] for T in SPANS]
    torch.manual_seed(seed)
    weight = RNN(8, 64).recurrent.weight.detach()
    found["usual"] = torch.linalg.eigvals(weight).abs().max().item()
    return found


# --- Clipping


class Run(NamedTuple):
    """Training with plain gradient descent, step by step."""

    losses: list[float]  # nats, before each update
    norms: list[float]  # of the gradient, before clipping


def descend(
    text: Tensor, radius: float | None, rate: float, clip: float, seed: int, steps: int = 300
) -> Run:
    """Train a new model of characters, width 64, by plain gradient descent on pieces of 65.

    Args:
        radius: recurrent weights that are a random rotation times this; None: as a new net has.
        clip: longest gradient that is let through.
    """
    torch.manual_seed(seed)
    model, generator = CharacterModel(64), torch.Generator().manual_seed(seed)
    if radius is not None:
        rotation = torch.linalg.qr(torch.randn(64, 64, generator=generator))[0]
        model.rnn.recurrent.weight.data.copy_(radius * rotation)
    optimizer, run = torch.optim.SGD(model.parameters(), lr=rate), Run([], [])
    for _ in range(steps):
        loss = model.loss(pieces(text, 16, 65, generator))
        optimizer.zero_grad()
        loss.backward()
        run.losses.append(loss.item())
        run.norms.append(nn.utils.clip_grad_norm_(model.parameters(), clip).item())
        optimizer.step()
    return run


@experiment("clipping")
def clipping(seed: int) -> dict[str, Any]:
    """Plain gradient descent with gradients of length 1 at most, and without that limit.

    Returns by first radius, rate and limit the mean loss in nats of the last 30 of 300 steps, and
    the median and the longest gradient.
    """
    text = encode(code_text(seed)[0])
    found: dict[str, Any] = {}
    for radius, rate, clip in product((None, 2.0), (0.3, 1.0, 3.0), (1.0, math.inf)):
        run = descend(text, radius, rate, clip, seed)
        found[f"{radius} {rate:g} {clip:g}"] = {
            "loss": round(fmean(run.losses[-30:]), 4),
            "median": median(run.norms),
            "longest": max(run.norms),
        }
    return found


# --- A series of numbers


def henon(n_series: int, n: int, generator: torch.Generator) -> Tensor:
    """Series x_t = 1 - 1.4 x_(t-1)^2 + 0.3 x_(t-2) (Henon 1976), after 100 steps: (B, n)."""
    last = 0.2 * torch.rand(n_series, dtype=torch.double, generator=generator) - 0.1
    before, series = torch.zeros_like(last), []
    for _ in range(n + 100):
        last, before = 1 - 1.4 * last**2 + 0.3 * before, last
        series.append(last)
    return torch.stack(series[100:], dim=1).float()


class NextValue(nn.Module):
    """The next number of a series, from a recurrent state of width 32."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = RNN(1, 32), nn.Linear(32, 1)

    def forward(self, series: Tensor) -> Tensor:
        """What comes after each number: (B, T) to (B, T)."""
        states, _ = self.rnn(series[..., None])
        return self.head(states)[..., 0]

    def loss(self, series: Tensor) -> Tensor:
        """Mean squared error of the last number, predicted from all before it: (B, T) to ()."""
        return F.mse_loss(self(series[:, :-1])[:, -1:], series[:, -1:])


@experiment("next_value")
def next_value(seed: int) -> dict[str, Any]:
    """Error of the next number of Henon's series, as a share of the spread of the numbers.

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
        for _ in train(net, draws, NextValue.loss, cfg):
            pass
        with torch.no_grad():
            found[f"net, {n} read"] = error(net(test[:, -n - 1 : -1])[:, -1])
    return found
