"""Page 06, C44, E07: does a fixed vector need more width, or more steps?"""

from typing import Any

import torch

from bertgpt.experiments.encoder_decoders import Form, learn, reverser, string_scores
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.reversal import reversal_batches
from bertgpt.training.train import finish

TRIED: tuple[tuple[Form, int, int], ...] = (  # attention, width, steps
    ("none", 16, 1200),
    ("none", 32, 1200),
    ("none", 64, 1200),
    ("none", 128, 1200),
    ("none", 32, 6000),
    ("additive", 16, 1200),
)


@experiment("bottleneck")
def bottleneck(seed: int) -> dict[str, Any]:
    """Strings written backwards; returns `string_scores` by "form width steps"."""
    found: dict[str, Any] = {}
    for form, width, steps in TRIED:
        torch.manual_seed(seed)
        model = reverser(form, width)
        finish(learn(model, reversal_batches(seed), steps))
        found[f"{form} {width} {steps}"] = string_scores(model)
    return found
