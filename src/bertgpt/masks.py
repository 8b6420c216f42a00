"""Who may read whom. Every mask is boolean; True means "position t may read position s".

So does `torch.nn.functional.scaled_dot_product_attention`; in the masks of
`torch.nn.MultiheadAttention` True means the opposite. Masks are combined with `&`: what both allow.

A position that may read nothing has no weights: a mean over nothing. The formula gives nan there,
PyTorch's fused kernel gives zeros, and a large negative number in place of minus infinity would
give the average of all that is forbidden, which nobody sees. The stack refuses such a mask.
"""

import torch
from torch import Tensor


def bidirectional_mask(n: int, *, device: torch.device | None = None) -> Tensor:
    """Every position reads every position: BERT.  Returns (T, S), all True.

    >>> bidirectional_mask(2).tolist()
    [[True, True], [True, True]]
    """
    return torch.ones(n, n, dtype=torch.bool, device=device)


def causal_mask(n: int, *, device: torch.device | None = None) -> Tensor:
    """Position t reads positions s <= t: GPT.  Returns (T, S), lower triangle True.

    >>> causal_mask(2).tolist()
    [[True, False], [True, True]]
    """
    t = torch.arange(n, device=device)
    return t[:, None] >= t[None, :]


def padding_mask(token_ids: Tensor, pad_id: int) -> Tensor:
    """No position reads padding.  (B, S) -> (B, 1, 1, S), True where the key is a real token.

    >>> padding_mask(torch.tensor([[7, 8, 0]]), pad_id=0).tolist()
    [[[[True, True, False]]]]
    """
    return (token_ids != pad_id)[..., None, None, :]


def check_mask(mask: Tensor, B: int, T: int, S: int) -> None:
    """Raise ValueError unless a mask is boolean, fits, and lets every position read something.

    Args:
        mask: (T, S), the same for all texts; or (B or 1, 1 or H, T or 1, S).
    """
    if mask.dtype != torch.bool:
        raise ValueError(
            f"the mask holds {mask.dtype}, where booleans are needed: True where a position may "
            "read; `mask != 0` makes them of ones and zeros"
        )
    shape = tuple(mask.shape)
    fits = mask.ndim == 2 and shape == (T, S)
    fits |= mask.ndim == 4 and shape[0] in (1, B) and shape[2] in (1, T) and shape[3] == S
    if not fits:
        raise ValueError(
            f"the mask has the shape {shape}, where (T={T}, S={S}) or (B={B}, 1, T={T}, S={S}) is "
            "needed; a size of 1 stands for all but the last"
        )
    if bool((nothing := ~mask.any(dim=-1)).any()):
        place = nothing.nonzero()[0].tolist()
        text = f"text {place[0]}, " if mask.ndim == 4 else ""
        raise ValueError(
            f"{text}position {place[-1]} may read nothing, and a mean over nothing is no number; "
            "leave a text of padding alone out of the batch, or let each position read itself: "
            "`mask | torch.eye(T, dtype=torch.bool)`"
        )
