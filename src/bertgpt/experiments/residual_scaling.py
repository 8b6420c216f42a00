"""Page 09, C53, E13: what GPT-2's smaller first weights do to gradients of deep models."""

from typing import Any, Literal

import torch
from torch import nn

from bertgpt.config import NO_SPECIAL_IDS, TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.tasks.toyland_windows import toyland_text, windows

DEPTHS = {64: (3, 6, 12, 24), 768: (3, 12)}  # by width: blocks
ARMS = ("pre, scaled", "pre", "post")


def new_model(
    norm: Literal["pre", "post"], width: int, depth: int, V: int, seed: int, *, scaled: bool
) -> GPT:
    """A GPT with heads of 64 numbers or 16, and first weights of the papers' size, 0.02.

    Args:
        V: size of the vocabulary.
        scaled: divide the weights of what is added to the stream by sqrt(2 depth), as GPT-2 does
            (Radford et al. 2019, 2.3); False leaves all matrices at 0.02.
    """
    torch.manual_seed(seed)
    cfg = TransformerConfig(
        vocab_size=V, max_positions=32, width=width, n_layers=depth, n_heads=max(4, width // 64),
        norm=norm,
    )  # fmt: skip
    model, generator = GPT(cfg, NO_SPECIAL_IDS), torch.Generator().manual_seed(seed)
    std = cfg.init_std / (2 * depth) ** 0.5 if scaled else cfg.init_std
    for name, weight in model.stack.named_parameters():
        if name.endswith(("out.weight", "down.weight")):
            nn.init.normal_(weight, std=std, generator=generator)
    return model


@experiment("residual_scaling")
def residual_scaling(seed: int) -> dict[str, Any]:
    """The gradient for the last block's last matrix: pre-norm with GPT-2's scaling and without.

    Returns for each width, by arm and depth, the length of the loss's gradient in a new model, on
    8 windows of 32 tokens; post-norm has no scaling, as in BERT.
    """
    text, V = toyland_text()
    seen = windows(text, 8, torch.Generator().manual_seed(seed))
    found: dict[str, Any] = {}
    for width, depths in DEPTHS.items():
        for arm in ARMS:
            norm: Literal["pre", "post"] = "post" if arm == "post" else "pre"
            for depth in depths:
                model = new_model(norm, width, depth, V, seed, scaled="scaled" in arm)
                last = model.get_parameter(f"stack.blocks.{depth - 1}.ff.down.weight")
                gradient = torch.autograd.grad(model.loss(seen), last)[0]
                found[f"{width} {arm} {depth}"] = round(gradient.norm().item(), 5)
    return found
