"""The adding problem: two numbers of a long sequence are marked, and their sum is asked for."""

import torch
from torch import Tensor, nn

from bertgpt.tasks.targets import squared_error

BASELINE = 1 / 6  # variance of the sum of two values from U[0, 1]: the error of "always 1"


def adding_batch(n: int, T: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sequences of values and marks; the sum of the two marked values is asked for at the end.

    After experiment 4 of Hochreiter and Schmidhuber (1997), with the values and sums of Le, Jaitly
    and Hinton (2015). One mark is in the first half, so its value must be kept for half of
    the steps or more; the other is in the second half.

    Args:
        n: B.
        T: steps, 2 or more.
    Returns:
        inputs (B, T, 2), a value of [0, 1) and a mark, 0 or 1, at each step; sums (B,).
    Raises:
        ValueError: for fewer than 2 steps.
    """
    if T < 2:
        raise ValueError(
            f"T={T} steps have no room for two marks, one in each half; give 2 or more"
        )
    values = torch.rand(n, T, generator=generator)
    first = torch.randint(T // 2, (n,), generator=generator)
    second = torch.randint(T // 2, T, (n,), generator=generator)
    rows, marks = torch.arange(n), torch.zeros(n, T)
    marks[rows, first] = marks[rows, second] = 1.0
    return torch.stack([values, marks], dim=-1), (values * marks).sum(1)


def fresh_error(model: nn.Module, T: int, seed: int, n: int = 1000) -> float:
    """Mean squared error on n sequences that were never trained on."""
    with torch.inference_mode():
        return squared_error(model, adding_batch(n, T, torch.Generator().manual_seed(seed))).item()
