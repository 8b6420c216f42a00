"""Page 05, C30 C39, E02: the nets without gates on the adding problem, trained for longer."""

from typing import Any

from bertgpt.experiments.adding_nets import error_curves
from bertgpt.experiments.runner import experiment


@experiment("adding_longer")
def adding_longer(seed: int) -> dict[str, Any]:
    """100 steps, each net's error on fresh sequences, every 200 of 8,000 updates.

    An update of these nets takes about a quarter of the time of an LSTM's.
    """
    return error_curves(("tanh RNN", "identity RNN"), T=100, steps=8000, every=200, seed=seed)
