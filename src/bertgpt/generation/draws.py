"""Randomness of texts that are drawn side by side: each has its own."""

from collections.abc import Sequence

import torch
from torch import Tensor

Source = torch.Generator | Sequence[torch.Generator]


def row_generators(source: Source, n_texts: int) -> list[torch.Generator]:
    """A generator for each text, so that no draw depends on which other texts are in the batch.

    Args:
        source: a generator, from which one seed per text is drawn, in their order: text i gets the
            same one whatever the other texts are and however many follow; or a list with a
            generator for each text, which also makes it independent of the place in the batch.
    Raises:
        ValueError: unless a list has one for each text.
    """
    if isinstance(source, torch.Generator):
        device = source.device
        seeds = [
            int(torch.randint(2**62, (), generator=source, device=device)) for _ in range(n_texts)
        ]
        return [torch.Generator(device=device).manual_seed(seed) for seed in seeds]
    generators = list(source)
    if len(generators) != n_texts:
        raise ValueError(
            f"got {len(generators)} generators for {n_texts} texts; give one for each, or a single "
            "one for all"
        )
    return generators


def uniforms(generators: Sequence[torch.Generator], n: int) -> Tensor:
    """The next n draws of each text from [0, 1), (B, n) on the CPU."""
    return torch.stack([torch.rand(n, generator=g, device=g.device).cpu() for g in generators])


def pick(probs: Tensor, u: Tensor) -> Tensor:
    """One token per row, by one uniform draw per row: where the running sum passes it.

    Args:
        probs: (B, V), rows that sum to about 1.
        u: (B,) in [0, 1).
    Returns:
        (B,) int64; a token of probability 0 is never picked.

    >>> pick(torch.tensor([[0.2, 0.0, 0.8]]).repeat(2, 1), torch.tensor([0.1, 0.2])).tolist()
    [0, 2]
    """
    running = probs.double().cumsum(dim=1)  # float32 would lose the tail of a large vocabulary
    threshold = u.to(probs.device).double()[:, None] * running[:, -1:]
    return torch.searchsorted(running, threshold, right=True)[:, 0]
