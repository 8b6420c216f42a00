"""Page 09, C53, E13: pre- and post-norm, gradients by depth, and training with no tricks."""

import math
from functools import partial
from itertools import product
from statistics import fmean
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bertgpt.config import NO_SPECIAL_IDS, TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.tasks.toyland_windows import toyland_text, windows
from bertgpt.training.train import TrainConfig, forever, train

STARTS = ("papers", "Xavier")  # how the first weights are drawn


def stack_for_norms(
    norm: Literal["pre", "post"], n_layers: int, start: str, V: int, seed: int
) -> GPT:
    """A GPT of width 64 that differs in the place of the norm, depth and first weights.

    Args:
        start: "papers", as BERT and GPT-2 begin: normal with 0.02, and under pre-norm less in what
            is added. "Xavier": Glorot and Bengio (2010), wider, and the same for both places.
        V: size of the vocabulary.
    """
    torch.manual_seed(seed)
    D = 64
    cfg = TransformerConfig(
        vocab_size=V, max_positions=32, width=D, n_layers=n_layers, norm=norm,
        init_std=0.02 if start == "papers" else 1 / math.sqrt(D),
    )  # fmt: skip
    model = GPT(cfg, NO_SPECIAL_IDS)
    if start == "Xavier":
        generator = torch.Generator().manual_seed(seed)
        for part in model.stack.blocks.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight, generator=generator)
    return model


def gradients(model: GPT, token_ids: Tensor) -> list[float]:
    """Length of the loss's gradient for the last weights of each block's feed-forward part."""
    model.loss(token_ids).backward()
    lengths = {
        name: p.grad.norm().item() for name, p in model.named_parameters() if p.grad is not None
    }
    return [lengths[f"stack.blocks.{i}.ff.down.weight"] for i in range(len(model.stack.blocks))]


@experiment("norm_place")
def norm_place(seed: int) -> dict[str, Any]:
    """New models by depth, and models trained without clipping and without decay.

    Returns "gradients", by first weights, place and depth a list over the blocks; and "losses",
    by first weights, place, depth, rate and warm-up the mean loss in nats of the last 20 of 120
    steps of 8 windows; and "unigram", the loss of a model that
    knows how frequent each word is and no more.
    """
    text, V = toyland_text()
    shares = torch.bincount(text).float() / len(text)
    found: dict[str, Any] = {"gradients": {}, "losses": {}}
    found["unigram"] = float(torch.special.entr(shares).sum())
    norms: tuple[Literal["pre", "post"], ...] = ("pre", "post")
    for start, norm in product(STARTS, norms):
        for depth in (3, 6, 12, 24):
            model = stack_for_norms(norm, depth, start, V, seed)
            seen = windows(text, 32, torch.Generator().manual_seed(seed))
            found["gradients"][f"{start} {norm} {depth}"] = gradients(model, seen)
        for depth, rate, warmup in product((4, 12), (1e-3, 4e-3), (0, 40)):
            model = stack_for_norms(norm, depth, start, V, seed)
            generator = torch.Generator().manual_seed(seed)
            cfg = TrainConfig(
                steps=120, learning_rate=rate, warmup=warmup, weight_decay=0.0, clip_norm=1e9
            )
            batches = forever(partial(windows, text, 8, generator))
            losses = [step.loss for step in train(model, batches, GPT.loss, cfg)]
            name = f"{start} {norm} {depth} {rate:g} {warmup}"
            found["losses"][name] = round(fmean(losses[-20:]), 4)
    return found
