"""Page 05, C30 C39, E02: the adding problem over 200 steps, five nets."""

from typing import Any

from bertgpt.experiments.adding_nets import NETS, error_curves
from bertgpt.experiments.runner import experiment


@experiment("adding_200")
def adding_200(seed: int) -> dict[str, Any]:
    """Each net's error on fresh sequences, every 100 of 1,000 updates."""
    return error_curves(NETS, T=200, steps=1000, every=100, seed=seed)
