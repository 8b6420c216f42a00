"""Page 06, C42, E07: dates in words to ISO form, with a fixed vector and with attention."""

from typing import Any

import torch

from bertgpt.experiments.encoder_decoders import (
    ATTENTION_FORMS,
    dater,
    fresh_dates,
    learn,
    n_parameters,
)
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.dates import date_batches
from bertgpt.tasks.sequence_pairs import accuracies


@experiment("dates")
def dates(seed: int) -> dict[str, Any]:
    """1200 steps on dates.

    Returns, by form, "parameters"; "curve", after each 100 steps the fraction of 500 new dates
    written without a slip; and by split of the dates the `accuracies` at the end.
    """
    found: dict[str, Any] = {}
    pairs = fresh_dates()
    for form in ATTENTION_FORMS:
        torch.manual_seed(seed)
        model = dater(form)
        curve = []
        for step in learn(model, date_batches(seed), 1200):
            if step.number % 100 == 0:
                curve.append(round(accuracies(model, pairs["new date"])["exact"], 4))
        found[form] = {"parameters": n_parameters(model), "curve": curve}
        found[form] |= {split: accuracies(model, pair) for split, pair in pairs.items()}
    return found
