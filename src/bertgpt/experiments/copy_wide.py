"""Page 10, C55, E15: is it depth or size that copies? One wide layer against two narrow ones."""

from functools import partial
from statistics import fmean
from typing import Any

import torch

from bertgpt.config import NO_SPECIAL_IDS, TransformerConfig
from bertgpt.experiments.copy import COPY_TRAINING
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.objectives import IGNORE
from bertgpt.tasks.copying import COPY_LENGTH, COPY_TOKENS, PERIODS, copy_batch
from bertgpt.tasks.targets import asked_loss, is_correct
from bertgpt.training.train import TrainConfig, finish, forever, train

WIDTH, N_HEADS = 96, 3  # heads of 32 numbers, as in the two layers of "copy"
RATES = (COPY_TRAINING.learning_rate, 2e-3)  # the rate of "copy", and a lower one


def one_wide_layer() -> GPT:
    """One layer of attention with more parameters than the two layers of "copy" together."""
    cfg = TransformerConfig(
        vocab_size=COPY_TOKENS, max_positions=COPY_LENGTH, width=WIDTH, n_layers=1,
        n_heads=N_HEADS, ff_width=0, init_std=WIDTH**-0.5,
    )  # fmt: skip
    return GPT(cfg, NO_SPECIAL_IDS)  # token 0 is one like any other


def score(model: GPT) -> float:
    """The fraction of asked tokens that is right, a mean over all periods, 200 texts of each."""
    shares = []
    for n in PERIODS:
        pair = copy_batch(200, torch.Generator().manual_seed(1000 + n), n)
        shares.append(int(is_correct(model, pair).sum()) / int((pair[1] != IGNORE).sum()))
    return fmean(shares)


@experiment("copy_wide")
def copy_wide(seed: int) -> dict[str, Any]:
    """Train one wide layer on the texts of "copy", as long, at its rate and at a lower one.

    Returns the number of "parameters", and for each rate the `score` at the end.
    """
    found: dict[str, Any] = {"parameters": sum(p.numel() for p in one_wide_layer().parameters())}
    for rate in RATES:
        torch.manual_seed(seed)
        model, generator = one_wide_layer(), torch.Generator().manual_seed(seed)
        cfg = TrainConfig(
            steps=COPY_TRAINING.steps, learning_rate=rate, warmup=COPY_TRAINING.warmup,
            weight_decay=COPY_TRAINING.weight_decay,
        )  # fmt: skip
        batches = forever(partial(copy_batch, 64, generator))
        finish(train(model, batches, asked_loss, cfg))
        found[f"{rate:g}"] = round(score(model), 4)
    return found
