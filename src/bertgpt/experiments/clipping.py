"""Page 04, C24, E05: plain gradient descent with clipped gradients, and without a limit."""

import math
from itertools import product
from statistics import fmean, median
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.experiments.character_nets import CharacterModel
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.characters import code_text, encode, pieces


class DescentLog(NamedTuple):
    """Training with plain gradient descent, step by step."""

    losses: list[float]  # nats, before each update
    norms: list[float]  # of the gradient, before clipping


def descend(
    text: Tensor, radius: float | None, rate: float, clip: float, seed: int, steps: int = 300
) -> DescentLog:
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
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    log = DescentLog([], [])
    for _ in range(steps):
        loss = model.loss(pieces(text, 16, 65, generator))
        optimizer.zero_grad()
        loss.backward()
        log.losses.append(loss.item())
        log.norms.append(nn.utils.clip_grad_norm_(model.parameters(), clip).item())
        optimizer.step()
    return log


@experiment("clipping")
def clipping(seed: int) -> dict[str, Any]:
    """Plain gradient descent with gradients of length 1 at most, and without that limit.

    Returns by first radius, rate and limit the mean loss in nats of the last 30 of 300 steps, and
    the median and the longest gradient.
    """
    text = encode(code_text(seed)[0])
    found: dict[str, Any] = {}
    for radius, rate, clip in product((None, 2.0), (0.3, 1.0, 3.0), (1.0, math.inf)):
        log = descend(text, radius, rate, clip, seed)
        found[f"{radius} {rate:g} {clip:g}"] = {
            "loss": round(fmean(log.losses[-30:]), 4),
            "median": median(log.norms),
            "longest": max(log.norms),
        }
    return found
