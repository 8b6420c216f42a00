"""Page 10, C55, E15: where the heads of a model that learned to copy look, by distance."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from bertgpt.attention import AttentionRecord
from bertgpt.experiments.copy import COPY_TRAINING, attention_only
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.objectives import IGNORE
from bertgpt.tasks.copying import copy_batch
from bertgpt.tasks.targets import asked_loss, is_correct
from bertgpt.training.train import finish, forever, train

FARTHEST = 24  # tokens back
PERIODS = (12, 18)


def weight_by_distance(weights: Tensor, asked: Tensor, farthest: int = FARTHEST) -> list[float]:
    """The mean weight that an asked position gives to the token k places back, k from 0.

    Args:
        weights: (B, T, T) of one head.
        asked: (B, T) booleans; positions with fewer than k tokens before them are left out of
            the mean for k.
    """
    back = []
    for k in range(farthest + 1):
        those = weights.diagonal(-k, dim1=1, dim2=2)  # (B, T - k): position t reads t - k
        back.append(those[asked[:, k:]].mean().item())
    return back


def profiles(model: GPT, period: int) -> dict[str, list[float]]:
    """For each head of a copying model its weights by distance, on 300 texts of one period."""
    ids, targets = copy_batch(300, torch.Generator().manual_seed(5), period)
    records: list[AttentionRecord] = []
    with torch.inference_mode():
        model.eval().hidden(ids, records=records)
    return {
        f"layer {n}, head {h + 1}": weight_by_distance(record.weights[:, h], targets != IGNORE)
        for n, record in enumerate(records, start=1)
        for h in range(record.weights.shape[1])
    }


@experiment("copy_heads", seeds=range(3))
def copy_heads(seed: int) -> dict[str, Any]:
    """Train two layers to copy, as in "copy"; where do their heads look, by period?

    Returns for each period the token accuracy, "right", and the profiles of the heads.
    """
    torch.manual_seed(seed)
    model, generator = attention_only(2), torch.Generator().manual_seed(seed)
    batches = forever(partial(copy_batch, 64, generator))
    finish(train(model, batches, asked_loss, COPY_TRAINING))
    found: dict[str, Any] = {}
    for period in PERIODS:
        pair = copy_batch(300, torch.Generator().manual_seed(5), period)
        hits = is_correct(model, pair).sum().item() / int((pair[1] != IGNORE).sum())
        heads = {
            name: [round(w, 4) for w in back] for name, back in profiles(model, period).items()
        }
        found[str(period)] = {"right": round(hits, 4), **heads}
    return found
