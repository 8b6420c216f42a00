"""Page 06, C42, E07: does a letter come from the state with the largest weight?"""

from typing import Any

import torch
from torch import Tensor

from bertgpt.experiments.encoder_decoders import (
    Form,
    correct_letters,
    fresh_strings,
    learn,
    reverser,
)
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.reversal import reversal_batches
from bertgpt.training.train import finish

FORMS: tuple[Form, ...] = ("additive", "dot")


@experiment("one_state")
def one_state(seed: int) -> dict[str, Any]:
    """Strings of 20 letters, and models that may not read all states of the source.

    Returns, by form, "at", "right" and "left": the fraction of letters whose largest weight is at
    their own place, or to one side of it. And for the letters of the two sides the fraction that
    is correct when "all" states may be read, only their "own", only the "darkest", and all
    "without the darkest".
    """
    found: dict[str, Any] = {}
    pair, places = fresh_strings()["20"], torch.arange(20)
    own = places.flip(0)  # of each letter, in the order of writing
    for form in FORMS:
        torch.manual_seed(seed)
        model = reverser(form)
        finish(learn(model, reversal_batches(seed), 1200))
        correct, darkest = correct_letters(model, pair)  # (B, S)
        sides = {"at": darkest == own, "right": darkest > own, "left": darkest < own}
        readable = {
            "own": (places == own[:, None])[None],
            "darkest": places == darkest[..., None],
            "without the darkest": places != darkest[..., None],
        }
        rows = {"all": correct}
        rows |= {name: correct_letters(model, pair, mask)[0] for name, mask in readable.items()}
        aside = ~sides["at"]
        found[form] = {name: mean(side) for name, side in sides.items()}
        found[form] |= {name: mean(row[aside]) for name, row in rows.items()}
    return found


def mean(true: Tensor) -> float:
    """Fraction of booleans that are true."""
    return true.float().mean().item()
