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


def uniforms(generators: Sequence[torch.Generator], n: int | Tensor) -> Tensor:
    """The next draws of each text from [0, 1), on the CPU.

    Args:
        n: how many; or (B,) how many of each text, so that what pads a text takes no draw.
    Returns:
        (B, the most draws of a text), 0 where a text has fewer.
    """
    counts = [n] * len(generators) if isinstance(n, int) else n.tolist()
    draws = torch.zeros(len(generators), max(counts))
    for row, g, count in zip(draws, generators, counts, strict=True):
        row[:count] = torch.rand(count, generator=g, device=g.device)
    return draws


def spans(places: Tensor) -> Tensor:
    """Columns of each text up to the last place that is True, (B, T) -> (B,).

    >>> spans(torch.tensor([[False, True, False], [False, False, False]])).tolist()
    [2, 0]
    """
    columns = torch.arange(1, places.shape[1] + 1, device=places.device)
    return (columns * places).amax(dim=1)


def pick(probs: Tensor, u: Tensor) -> Tensor:
    """One token per row, by one uniform draw per row: where the running sum passes it.

    Args:
        probs: (B, V), rows that sum to about 1.
        u: (B,) in [0, 1).
    Returns:
        (B,) int64; a token of probability 0 is never picked.

    >>> p = torch.tensor([[0.2, 0.0, 0.8], [0.2, 0.0, 0.8]])
    >>> pick(p, torch.tensor([0.1, 0.3])).tolist()
    [0, 2]
    """
    running = probs.double().cumsum(dim=1)  # float32 would lose the tail of a large vocabulary
    threshold = u.to(probs.device).double()[:, None] * running[:, -1:]
    return torch.searchsorted(running, threshold, right=True)[:, 0]
