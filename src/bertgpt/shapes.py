"""The letters that name tensor axes, and checks of the shapes and the ids that are given."""

import torch
from torch import Tensor

AXES = {
    "B": "texts in a batch",
    "T": "positions that read (queries)",
    "S": "positions that are read (keys)",
    "C": "width of what a recurrent net reads at a step",
    "D": "width of the stack, or of a recurrent state",
    "H": "attention heads",
    "K": "width of one head, D / H",
    "F": "width of the feed-forward layer",
    "V": "tokens of the vocabulary",
}


def check_shape(name: str, x: Tensor, axes: str, **sizes: int) -> None:
    """Raise ValueError unless `x` has the axes named, at the sizes given.

    Args:
        name: how the caller knows the tensor.
        axes: the letters of its axes, separated by spaces.
        sizes: letter -> size, for axes of known size.

    >>> check_shape("token_ids", torch.zeros(2, 5), "B T", T=5)
    >>> check_shape("token_ids", torch.zeros(2, 5), "B T", T=7)
    Traceback (most recent call last):
        ...
    ValueError: expected token_ids of shape (B, T=7), got (2, 5)
    """
    letters = axes.split()
    if not isinstance(x, Tensor):
        want = ", ".join(letters)
        raise ValueError(f"expected {name} as a tensor ({want}), got {type(x).__name__}")
    fits = x.ndim == len(letters) and all(
        sizes.get(letter, n) == n for letter, n in zip(letters, x.shape, strict=True)
    )
    if not fits:
        want = ", ".join(f"{a}={sizes[a]}" if a in sizes else a for a in letters)
        raise ValueError(f"expected {name} of shape ({want}), got {tuple(x.shape)}")


def check_whole(name: str, ids: Tensor) -> None:
    """Raise ValueError unless a tensor of ids holds whole numbers, of whatever size.

    >>> check_whole("token_ids", torch.zeros(2, 5))
    Traceback (most recent call last):
        ...
    ValueError: token_ids has the dtype torch.float32; expected whole numbers, ids
    """
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise ValueError(f"{name} has the dtype {ids.dtype}; expected whole numbers, ids")
