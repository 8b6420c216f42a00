"""Page 14, C83, E03: the controlled experiment again, on seeds untouched until the end."""

from typing import Any

from bertgpt.experiments.controlled_seed import one_seed, stored_rates
from bertgpt.experiments.runner import experiment


@experiment("controlled_held", seeds=range(5, 10))
def controlled_held(seed: int) -> dict[str, Any]:
    """The measurements of `controlled`, to see which sentences of the page hold on other seeds."""
    return one_seed(seed, stored_rates())
