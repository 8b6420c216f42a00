"""Page 06, C42 C44, E07: strings written backwards, with a fixed vector and with attention."""

from typing import Any

import torch

from bertgpt.experiments.encoder_decoders import ATTENTION_FORMS, learn, reverser, string_scores
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.reversal import reversal_batches
from bertgpt.training.train import finish


@experiment("reversal")
def reversal(seed: int) -> dict[str, Any]:
    """Strings of 3 to 20 symbols, after 1200 steps; returns `string_scores` by form."""
    found: dict[str, Any] = {}
    for form in ATTENTION_FORMS:
        torch.manual_seed(seed)
        model = reverser(form)
        finish(learn(model, reversal_batches(seed), 1200))
        found[form] = string_scores(model)
    return found
