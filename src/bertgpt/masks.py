"""Who may read whom. Every mask is boolean; True means "position t may read position s".

So does `torch.nn.functional.scaled_dot_product_attention`; in the masks of
`torch.nn.MultiheadAttention` True means the opposite. Masks are combined with `&`: what both allow.

A position that may read nothing has no weights: a mean over nothing. The formula gives nan there,
PyTorch's fused kernel gives zeros, and a large negative number in place of minus infinity would
give the average of all that is forbidden, which nobody sees. The stack refuses such a mask.

Padding may be anywhere. GPT reads a padded text as it reads the text without the padding. BERT
does so when the padding comes last; in front of a text it moves the text to later positions, in
`transformers` as here, and [CLS] away from the first.
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


def prefix_mask(n: int, prefix: Tensor) -> Tensor:
    """The first tokens of a text read each other both ways, the rest reads what came before.

    A prefix of 0 or 1 makes GPT's mask of it, a prefix of T BERT's (Raffel et al. 2020, 3.2.1).

    Args:
        n: T.
        prefix: (B,) int64, tokens of each text's prefix.
    Returns:
        (B, 1, T, S), True where t may read s.

    >>> prefix_mask(3, torch.tensor([2]))[0, 0].int().tolist()
    [[1, 1, 0], [1, 1, 0], [1, 1, 1]]
    """
    s = torch.arange(n, device=prefix.device)
    return causal_mask(n, device=prefix.device) | (s < prefix[:, None, None, None])


def padding_mask(token_ids: Tensor, pad_id: int) -> Tensor:
    """No position reads padding.  (B, S) -> (B, 1, 1, S), True where the key is a real token.

    Args:
        token_ids: (B, S) int64.
        pad_id: id of the padding token; -1 where the vocabulary has none.

    >>> padding_mask(torch.tensor([[7, 8, 0]]), pad_id=0).tolist()
    [[[[True, True, False]]]]
    """
    return (token_ids != pad_id)[..., None, None, :]


def or_itself(mask: Tensor) -> Tensor:
    """A position that may read nothing reads itself.  (..., T, T) -> (..., T, T).

    Under a causal mask that is padding with no token before it. What is computed there is never
    used, but it has to be a number.

    >>> or_itself(torch.tensor([[False, False], [False, True]])).tolist()
    [[True, False], [False, True]]
    """
    itself = torch.eye(mask.shape[-1], dtype=torch.bool, device=mask.device)
    return mask | (itself & ~mask.any(dim=-1, keepdim=True))


def count_positions(token_ids: Tensor, pad_id: int) -> Tensor | None:
    """The position of each token in its text, where padding does not count.

    So do the `position_ids` that `transformers` makes for GPT-2 when it generates from texts padded
    on the left. Padding gets the position of its column, and nobody reads it.

    Args:
        token_ids: (B, T) int64.
        pad_id: id of the padding token; -1 where the vocabulary has none.
    Returns:
        (B, T) int64; None, which means columns, where there is no padding token.

    >>> count_positions(torch.tensor([[0, 0, 7, 8], [7, 8, 9, 0]]), pad_id=0).tolist()
    [[0, 1, 0, 1], [0, 1, 2, 3]]
    """
    if pad_id < 0:
        return None
    real = token_ids != pad_id  # (B, T)
    columns = torch.arange(token_ids.shape[-1], device=token_ids.device)
    return torch.where(real, real.cumsum(dim=-1) - 1, columns)


def check_mask(mask: Tensor, B: int, T: int, S: int, n_heads: int | None = None) -> None:
    """Raise ValueError unless a mask is boolean, fits, and lets every position read something.

    A tensor of two axes is always (T, S). A mask of real tokens, (B, S), needs two axes more,
    `real[:, None, None, :]`; where B = T its shape cannot give it away.

    Args:
        mask: (T, S), the same for all texts; or (B or 1, 1 or H, T or 1, S).
        n_heads: H; None leaves that axis unchecked.
    """
    if mask.dtype != torch.bool:
        additive = mask.is_floating_point() and not bool((mask == 1).any())
        how = "additive: 0 where it may" if additive else "1 where it may, 0 where not"
        raise ValueError(
            f"expected a boolean mask, True where a position may read, got {mask.dtype}; "
            f"`mask {'==' if additive else '!='} 0` converts this one ({how})"
        )
    shape = tuple(mask.shape)
    if mask.ndim == 4:
        heads = (1, shape[1] if n_heads is None else n_heads)
        allowed = ((1, B), heads, (1, T), (S,))
        fits = all(size in sizes for size, sizes in zip(shape, allowed, strict=True))
    else:
        fits = shape == (T, S)
    if not fits:
        raise ValueError(
            f"expected a mask of shape (T={T}, S={S}) or (B={B}, 1 or H={n_heads or 'any'}, T={T}, "
            f"S={S}), got {shape}; a size of 1 is repeated, except for the last axis"
        )
    nothing = ~mask.any(dim=-1)
    if bool(nothing.any()):
        place = nothing.nonzero()[0].tolist()
        text = f"text {place[0]}, " if mask.ndim == 4 else ""
        raise ValueError(
            f"{text}position {place[-1]} may read nothing, and nothing has no mean; "
            "leave out a text that is all padding, or let each position read itself: "
            "`mask | torch.eye(T, dtype=torch.bool)`"
        )
