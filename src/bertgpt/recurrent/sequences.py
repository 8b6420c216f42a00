"""Checks of what a recurrent net reads, and which of its steps count."""

import torch
from torch import Tensor

from bertgpt.shapes import check_shape


def check_sequence(x: Tensor, in_width: int) -> tuple[int, int, int]:
    """The sizes B, T, C of what a recurrent net is to read.

    Raises:
        ValueError: if there are not three axes, no step, or another width than the net's.
    """
    check_shape("x", x, "B T C", C=in_width)
    B, T, C = x.shape
    if T == 0:
        raise ValueError(
            f"x has the shape {tuple(x.shape)}: a sequence of no steps leaves no state to read; "
            "give at least one step"
        )
    return B, T, C


def check_lengths(lengths: Tensor, B: int, T: int) -> None:
    """Raise ValueError unless `lengths` holds B whole numbers from 1 to T."""
    check_shape("lengths", lengths, "B", B=B)
    if lengths.is_floating_point() or lengths.min() < 1 or lengths.max() > T:
        raise ValueError(
            f"lengths {lengths.tolist()} must be whole numbers from 1 to T={T}, one a sequence; "
            "they count the steps before the padding"
        )


def after_the_end(lengths: Tensor, T: int) -> Tensor:
    """True at the steps that do not count: (B, T, 1)."""
    return (torch.arange(T, device=lengths.device) >= lengths[:, None])[..., None]
