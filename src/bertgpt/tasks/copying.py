"""Random texts in which a piece is said twice: its second half can be copied from the first."""

from collections import defaultdict

import torch

from bertgpt.objectives import IGNORE
from bertgpt.tasks.targets import AskedTokens

COPY_TOKENS = COPY_LENGTH = 40
PERIODS = range(8, 21)


def copy_batch(n_texts: int, generator: torch.Generator, period: int | None = None) -> AskedTokens:
    """Random tokens, a piece of which comes twice in a row; its second half is asked for.

    No token comes back by chance, so the best score is 1; and the piece begins anywhere, so a
    position says little about where its first half is.

    Args:
        n_texts: B.
        period: tokens of the piece, 2 to 20; None draws 8 to 20 for each text.
    Raises:
        ValueError: for another period.
    """
    B, T = n_texts, COPY_LENGTH
    if period is not None and not 2 <= period <= T // 2:
        raise ValueError(
            f"period={period} must be from 2 to {T // 2}: the piece has to fit twice into {T} "
            "tokens, and all of it but its first token is asked for"
        )
    order = torch.rand(B, COPY_TOKENS, generator=generator).argsort(1)  # (B, T), no token twice
    n = torch.randint(PERIODS[0], PERIODS[-1] + 1, (B, 1), generator=generator)
    n = n if period is None else torch.full((B, 1), period)
    start = (torch.rand(B, 1, generator=generator) * (T - 2 * n + 1)).long()
    t = torch.arange(T)
    again = (t >= start + n) & (t < start + 2 * n)  # (B, T)
    ids = order.gather(1, torch.where(again, t - n, t))
    return ids, ids.roll(-1, 1).masked_fill(~(again & again.roll(-1, 1)), IGNORE)


def copy_positions_only() -> float:
    """The best score of a reader who knows its position, but not how long the piece is."""
    weights: defaultdict[tuple[int, int], float] = defaultdict(float)
    for n in PERIODS:
        starts = range(COPY_LENGTH - 2 * n + 1)
        for start in starts:
            for t in range(start + n, start + 2 * n - 1):
                weights[t, n] += 1 / len(starts) / (n - 1) / len(PERIODS)
    return sum(max(weights[t, n] for n in PERIODS) for t in range(COPY_LENGTH))
