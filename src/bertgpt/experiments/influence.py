"""Who influences whom in a stack with random weights: the Jacobian of outputs by inputs."""

import torch
from torch import Tensor

from bertgpt.config import TransformerConfig
from bertgpt.masks import bidirectional_mask, causal_mask
from bertgpt.transformer import Transformer

MASKS = {"bidirectional": bidirectional_mask, "causal": causal_mask}


def scrambled_stack(cfg: TransformerConfig, seed: int) -> Transformer:
    """A stack in float64 with every weight at random, so nothing is 0 or 1 by construction."""
    generator = torch.Generator().manual_seed(seed)
    stack = Transformer(cfg).double().eval()
    with torch.no_grad():
        for weight in stack.parameters():
            weight.normal_(0, 0.3, generator=generator)
    return stack


def influence(stack: Transformer, ids: Tensor, mask: Tensor) -> Tensor:
    """How strongly each position's output depends on each position's input vector.

    Args:
        ids: (T,) token ids.
        mask: (T, T), True where t may read s.
    Returns:
        (T, S), the Frobenius norm of the Jacobian d out_t / d in_s, where in_s is the vector that
        enters the first block at s.
    """

    def run(x: Tensor) -> Tensor:
        return stack.run(x[None], mask)[0]

    entering = stack.embed(ids[None])[0].detach()  # (T, D)
    jacobian = torch.autograd.functional.jacobian(run, entering)  # (T, D, S, D)
    return jacobian.pow(2).sum(dim=(1, 3)).sqrt()
