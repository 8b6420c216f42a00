"""Rules over strings of any length: parity of bits, and as many b as a."""

import torch
from torch import Tensor

from bertgpt.objectives import IGNORE
from bertgpt.tasks.targets import AskedTokens

SHORT, LONG = 20, 100  # tokens, in training and in tests


def parity_batch(n_texts: int, length: int, generator: torch.Generator) -> AskedTokens:
    """Bits, and at each position whether the ones so far are odd."""
    bits = torch.randint(2, (n_texts, length), generator=generator)
    return bits, bits.cumsum(1) % 2


def counting_batch(counts: Tensor, length: int) -> AskedTokens:
    """As many b as a: at each b, is it the last?  Tokens: a 0, b 1, blank 2.

    Args:
        counts: (B,) how many of each; twice that must fit into the length.
    """
    n, t = counts[:, None], torch.arange(length)
    ids = torch.where(t < n, 0, torch.where(t < 2 * n, 1, 2))  # (B, T)
    return ids, torch.where(ids == 1, (t == 2 * n - 1).long(), IGNORE)
