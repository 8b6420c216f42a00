"""Page 05, C30 C39, E02: the adding problem over 50 steps, five nets."""

from typing import Any

from bertgpt.experiments.adding_nets import NETS, error_curves
from bertgpt.experiments.runner import experiment


@experiment("adding_50")
def adding_50(seed: int) -> dict[str, Any]:
    """Each net's error on fresh sequences, every 100 of 1,500 updates."""
    return error_curves(NETS, T=50, steps=1500, every=100, seed=seed)
