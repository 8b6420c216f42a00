"""Page 14, C58 C73 C79 C82 C83, E03: mask, objective, head apart; each asked in every way."""

from typing import Any

from bertgpt.experiments.controlled_seed import one_seed, stored_rates
from bertgpt.experiments.runner import experiment


@experiment("controlled")
def controlled(seed: int) -> dict[str, Any]:
    """By arm: the grid, what its readers know, what it writes and scores, labels; and the limits.

    The page is written from these five seeds. `controlled_held` repeats it on five others, which
    stay untouched until the end.
    """
    return one_seed(seed, stored_rates())
