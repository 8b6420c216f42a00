"""A chaotic series of numbers, each of which follows from the two before it."""

import torch
from torch import Tensor


def henon(n_series: int, n: int, generator: torch.Generator) -> Tensor:
    """Series x_t = 1 - 1.4 x_(t-1)^2 + 0.3 x_(t-2) (Henon 1976), after 100 steps: (B, n)."""
    last = 0.2 * torch.rand(n_series, dtype=torch.double, generator=generator) - 0.1
    before, series = torch.zeros_like(last), []
    for _ in range(n + 100):
        last, before = 1 - 1.4 * last**2 + 0.3 * before, last
        series.append(last)
    return torch.stack(series[100:], dim=1).float()
