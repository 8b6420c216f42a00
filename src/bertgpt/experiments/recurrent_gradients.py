"""Page 04, C24, E05: how far the last state of a new net moves with the first."""

import math
from itertools import product
from typing import Any

import torch
from torch import Tensor

from bertgpt.experiments.runner import experiment
from bertgpt.recurrent.rnn import RNN

SPANS = (1, 2, 5, 10, 20, 50, 100)  # T
RADII = (0.5, 1.0, 1.5)


def scaled(radius: float, strength: float, generator: torch.Generator, width: int = 64) -> RNN:
    """A new net whose recurrent weights are a random rotation times `radius`.

    All eigenvalues and all singular values of such a matrix have the size `radius`, so a linear
    net stretches every direction by exactly that in each step.

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
