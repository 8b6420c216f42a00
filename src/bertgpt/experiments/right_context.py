"""Page 14, C64 C74, E02: label each token with one some places off: what does each mask reach?"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from bertgpt.config import TransformerConfig
from bertgpt.experiments.influence import MASKS
from bertgpt.experiments.runner import experiment
from bertgpt.heads import TokenHead
from bertgpt.objectives import IGNORE, token_loss
from bertgpt.training.train import TrainConfig, finish, train
from bertgpt.transformer import Transformer

SYMBOLS, LENGTH = 8, 16
OFFSETS = (-2, 1, 3)  # the label of place t is the symbol of place t + offset
BATCH, TEST, RATE = 64, 500, 3e-3
UPDATES = 1000


def labelled(n: int, offset: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random symbols, (n, T), and for each place the symbol `offset` places on, IGNORE if none.

    >>> symbols, labels = labelled(1, 3, torch.Generator().manual_seed(0))
    >>> torch.equal(labels[:, :-3], symbols[:, 3:])
    True
    """
    symbols = torch.randint(SYMBOLS, (n, LENGTH), generator=generator)
    labels = torch.full_like(symbols, IGNORE)
    if offset > 0:
        labels[:, :-offset] = symbols[:, offset:]
    else:
        labels[:, -offset:] = symbols[:, : LENGTH + offset]
    return symbols, labels


class Tagger(nn.Module):
    """A stack under one of two masks, with a score for each label at each place."""

    def __init__(self, mask: str) -> None:
        super().__init__()
        cfg = TransformerConfig(
            vocab_size=SYMBOLS, max_positions=LENGTH, width=64, n_layers=2, n_heads=4
        )
        self.mask = MASKS[mask](LENGTH)
        self.stack = Transformer(cfg)
        self.head = TokenHead(self.stack, SYMBOLS)

    def forward(self, symbols: Tensor) -> Tensor:
        """(B, T) symbols to (B, T, C) scores."""
        return self.head(self.stack(symbols, self.mask))


def learned(mask: str, offset: int, seed: int, updates: int) -> dict[str, float]:
    """Accuracy and surprise in bits on fresh texts, after training."""
    torch.manual_seed(seed)  # first weights: the same under both masks
    model = Tagger(mask)
    generator = torch.Generator().manual_seed(seed)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield labelled(BATCH, offset, generator)

    def loss(model: Tagger, batch: tuple[Tensor, Tensor]) -> Tensor:
        return token_loss(model(batch[0]), batch[1])

    cfg = TrainConfig(steps=updates, learning_rate=RATE, warmup=updates // 20, final_share=0.02)
    finish(train(model, batches(), loss, cfg))
    model.eval()
    symbols, labels = labelled(TEST, offset, torch.Generator().manual_seed(seed + 1_000_003))
    asked = labels != IGNORE
    with torch.inference_mode():
        scores = model(symbols)
        bits = token_loss(scores, labels).item() / math.log(2)
    right = (scores.argmax(-1) == labels)[asked]
    return {"accuracy": right.float().mean().item(), "bits": bits}


def limits(mask: str, offset: int) -> dict[str, float]:
    """Exact accuracy and surprise of the best reader that a mask allows.

    >>> limits("causal", 3)  # one symbol of eight, unseen
    {'accuracy': 0.125, 'bits': 3.0}
    """
    unseen = mask == "causal" and offset > 0
    return {
        "accuracy": 1 / SYMBOLS if unseen else 1.0,
        "bits": math.log2(SYMBOLS) if unseen else 0.0,
    }


def measure(seed: int, updates: int) -> dict[str, Any]:
    """See `right_context`; with fewer updates for a test."""
    return {
        "updates": updates,
        "parameters": sum(p.numel() for p in Tagger("causal").parameters()),
        "limits": {str(k): {mask: limits(mask, k) for mask in MASKS} for k in OFFSETS},
        "learned": {
            str(k): {mask: learned(mask, k, seed, updates) for mask in MASKS} for k in OFFSETS
        },
    }


@experiment("right_context", seeds=range(5))
def right_context(seed: int) -> dict[str, Any]:
    """By offset and mask, what the same first weights learn from the same texts.

    Returns "updates", "parameters", "limits" of the best readers, and "learned", both by offset
    and mask.
    """
    return measure(seed, UPDATES)
