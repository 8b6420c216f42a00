"""Checks of what a recurrent net reads, and which of its steps count."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from bertgpt.shapes import check_shape

Lengths = Tensor | Sequence[int]


def check_widths(in_width: int, width: int) -> None:
    """Raise ValueError unless a net can have these widths."""
    if in_width < 1 or width < 1:
        raise ValueError(f"in_width={in_width} and width={width} must both be at least 1")


def check_sequence(x: Any, in_width: int) -> tuple[int, int, int]:
    """The sizes B, T, C of the sequences that a recurrent net is given.

    Raises:
        ValueError: if x is not a tensor of three axes, has no step, or not the net's width.
    """
    if isinstance(x, PackedSequence):
        raise ValueError(
            "expected x as a tensor (B, T, C), got a PackedSequence; give the padded tensor and "
            "lengths=: these nets mask the padding themselves (pad_packed_sequence returns both)"
        )
    check_shape("x", x, "B T C", C=in_width)
    B, T, C = x.shape
    if T == 0:
        raise ValueError(
            f"x has the shape {tuple(x.shape)}: a sequence of no steps leaves no state to read; "
            "give at least one step"
        )
    return B, T, C


def checked_lengths(lengths: Lengths, B: int, T: int, device: torch.device) -> Tensor:
    """Lengths as a tensor (B,) on the device where the sequences are.

    Args:
        lengths: a tensor, or a list as `pack_padded_sequence` takes it.
    Raises:
        ValueError: unless they are B whole numbers from 1 to T.
    """
    if isinstance(lengths, Tensor):
        found = lengths.to(device)
    elif isinstance(lengths, Sequence) and all(isinstance(n, int | float) for n in lengths):
        found = torch.tensor(lengths, device=device)
    else:
        raise ValueError(f"expected lengths as a tensor (B,) or a list of ints, got {lengths!r}")
    check_shape("lengths", found, "B", B=B)
    whole = not found.is_floating_point() and found.dtype != torch.bool
    if not whole or found.min() < 1 or found.max() > T:
        raise ValueError(
            f"lengths {found.tolist()} must be whole numbers from 1 to T={T}, one per sequence; "
            "they count the steps before the padding"
        )
    return found.long()


def after_the_end(lengths: Tensor, T: int) -> Tensor:
    """True at the steps that do not count: (B, T, 1)."""
    return (torch.arange(T, device=lengths.device) >= lengths[:, None])[..., None]
