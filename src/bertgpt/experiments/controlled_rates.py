"""Page 14, C83, E03: which learning rate suits which arm of the controlled experiment?"""

from collections.abc import Sequence
from typing import Any

import torch

from bertgpt.controlled.arms import ARMS, UPDATES, trained
from bertgpt.controlled.grid import asked, bits, native
from bertgpt.controlled.language import all_texts, drawn
from bertgpt.experiments.runner import experiment

RATES = (1e-3, 3e-3, 1e-2)
SHARE = 3  # of the updates of an arm, this part is made
DEVELOPMENT, DEVELOPMENT_SEED = 200, 2_000_003  # texts, and where they are drawn from


def measure(seed: int, arms: Sequence[str], updates: int) -> dict[str, dict[str, float]]:
    """By arm and rate: bits of a word, asked as its last stage taught, a mean over these ways."""
    generator = torch.Generator().manual_seed(DEVELOPMENT_SEED)
    ids = all_texts().ids[drawn(DEVELOPMENT, generator)]
    found: dict[str, dict[str, float]] = {}
    for name in arms:
        arm, found[name] = ARMS[name], {}
        for rate in RATES:
            model, _ = trained(arm, seed, rate, updates)
            columns = native(arm)
            each = [bits(asked(model, arm, column), ids, column) for column in columns]
            found[name][f"{rate:g}"] = round(sum(each) / len(each), 5)
    return found


@experiment("controlled_rates", seeds=[100, 101])
def controlled_rates(seed: int) -> dict[str, Any]:
    """Bits on development texts after a third of the updates, by arm and learning rate."""
    return {"arms": measure(seed, tuple(ARMS), UPDATES // SHARE)}


def best_rate(values: Sequence[dict[str, Any]], arm: str) -> float:
    """The rate with the fewest bits, a mean over the seeds.

    >>> best_rate([{"arms": {"a": {"0.001": 1.5, "0.003": 1.2}}}], "a")
    0.003
    """
    rates = values[0]["arms"][arm]
    mean = {rate: sum(v["arms"][arm][rate] for v in values) / len(values) for rate in rates}
    return float(min(mean, key=lambda rate: mean[rate]))
