"""Page 05, C30 C39, E02: the adding problem over 100 steps, five nets."""

from typing import Any

from bertgpt.experiments.adding_nets import NETS, error_curves
from bertgpt.experiments.runner import experiment


@experiment("adding_100")
def adding_100(seed: int) -> dict[str, Any]:
    """Each net's error on fresh sequences, every 100 of 2,000 updates."""
    return error_curves(NETS, T=100, steps=2000, every=100, seed=seed)
