"""Page 10, C55, E15: one layer of attention, two, and an LSTM: who can say a string again?"""

from collections.abc import Callable
from functools import partial
from statistics import fmean
from typing import Any

import torch
from torch import nn

from bertgpt.config import NO_SPECIAL_IDS, TransformerConfig
from bertgpt.experiments.recurrent_labeller import RecurrentLabeller
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.objectives import IGNORE
from bertgpt.tasks.copying import COPY_LENGTH, COPY_TOKENS, PERIODS, copy_batch
from bertgpt.tasks.targets import asked_loss, is_correct
from bertgpt.training.train import TrainConfig, forever, train

COPY_TRAINING = TrainConfig(steps=2000, learning_rate=5e-3, warmup=50, weight_decay=0.0)


def attention_only(n_layers: int) -> GPT:
    """A GPT without feed-forward layers, width 64, two heads."""
    cfg = TransformerConfig(
        vocab_size=COPY_TOKENS, max_positions=COPY_LENGTH, width=64, n_layers=n_layers, n_heads=2,
        ff_width=0, init_std=0.125,
    )  # fmt: skip
    return GPT(cfg, NO_SPECIAL_IDS)  # token 0 is one like any other


@experiment("copy")
def copy(seed: int) -> dict[str, Any]:
    """Train all three on the same texts.

    Returns for each model the token accuracy by period, on the same 200 texts per period;
    every 200 steps the mean over all periods; and its parameters.
    """
    makers: dict[str, Callable[[], nn.Module]] = {
        "1 layer": lambda: attention_only(1),
        "2 layers": lambda: attention_only(2),
        "LSTM": lambda: RecurrentLabeller(nn.LSTM, COPY_TOKENS, 128, COPY_TOKENS, 64),
    }
    test = {n: copy_batch(200, torch.Generator().manual_seed(1000 + n), n) for n in PERIODS}

    def score(model: nn.Module) -> dict[int, float]:
        asked = {n: int((pair[1] != IGNORE).sum()) for n, pair in test.items()}
        return {n: int(is_correct(model, pair).sum()) / asked[n] for n, pair in test.items()}

    found: dict[str, Any] = {}
    for name, make in makers.items():
        torch.manual_seed(seed)
        model, generator = make(), torch.Generator().manual_seed(seed)
        batches = forever(partial(copy_batch, 64, generator))
        curve = []
        for step in train(model, batches, asked_loss, COPY_TRAINING):
            if step.number % 200 == 0:
                curve.append(round(fmean(score(model).values()), 4))
                model.train()
        size = sum(p.numel() for p in model.parameters())
        by_period = {n: round(value, 4) for n, value in score(model).items()}
        found[name] = {"by period": by_period, "curve": curve, "parameters": size}
    return found
