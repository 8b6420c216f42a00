"""Page 08, C51, E12: do weights say which item counts, in a model and in a twin paid to hide it?"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.attention import AttentionRecord
from bertgpt.config import TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.masks import bidirectional_mask
from bertgpt.tasks.pointer import ASK, DIGITS, ITEMS, pointer_texts
from bertgpt.training.train import TrainConfig, finish, forever, train
from bertgpt.transformer import Transformer


class Pointer(nn.Module):
    """The stack, every position reading every other, with the answer read out at ASK."""

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        cfg = TransformerConfig(
            vocab_size=ASK + 1, max_positions=ITEMS + 1, width=32, n_layers=n_layers, n_heads=2
        )
        self.stack = Transformer(cfg)
        self.head = nn.Linear(cfg.width, DIGITS)

    def forward(
        self, ids: Tensor, records: list[AttentionRecord] | None = None, without: int = -1
    ) -> Tensor:
        """Scores of the answers (B, DIGITS); item `without` is read by no other position."""
        mask = bidirectional_mask(ITEMS + 1)
        if without >= 0:
            mask[:, without] = torch.arange(ITEMS + 1) == without
        return self.head(self.stack(ids, mask, records=records)[:, -1])


def asking_weights(records: list[AttentionRecord]) -> Tensor:
    """Attention weights of ASK on the items: (layers, B, ITEMS), the mean over heads."""
    return torch.stack([record.weights[:, :, -1, :ITEMS].mean(1) for record in records])


def train_pointer(n_layers: int, seed: int, *, hide: float = 0.0, steps: int = 600) -> Pointer:
    """Train a model that names the marked digit.

    Args:
        hide: above 0, the loss has a second term, hide times -log(1 - weight on the marked item),
            for each layer: a twin that is paid for reading elsewhere (as in Pruthi et al. 2020).
    """
    torch.manual_seed(seed)
    model, generator = Pointer(n_layers), torch.Generator().manual_seed(seed)

    def loss(model: Pointer, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        ids, answers, marked = batch
        records: list[AttentionRecord] | None = [] if hide else None
        wrong = F.cross_entropy(model(ids, records), answers)
        if records is None:
            return wrong
        elsewhere = 1 - asking_weights(records)[:, marked]  # (layers, B)
        return wrong - hide * elsewhere.clamp_min(1e-6).log().mean()

    cfg = TrainConfig(steps=steps, learning_rate=3e-3, warmup=steps // 6)
    finish(train(model, forever(partial(pointer_texts, 128, generator)), loss, cfg))
    return model.eval()


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation along the last axis, the mean over all others."""
    a, b = (x - x.mean(-1, keepdim=True) for x in (a.double(), b.double()))
    norms = (a.norm(dim=-1) * b.norm(dim=-1)).clamp_min(1e-30)
    return ((a * b).sum(-1) / norms).mean().item()


def measured(model: Pointer, seed: int) -> tuple[dict[str, Any], Tensor]:
    """How well weights and leave-one-out say which of the items counts, on 1000 texts.

    Leave-one-out is how far the answer's probabilities move (total variation) when an item is
    read by nobody.

    Returns:
        the numbers that are stored; what ASK reads, (layers, B, ITEMS).
    """
    ids, answers, marked = pointer_texts(1000, torch.Generator().manual_seed(1000 + seed))
    records: list[AttentionRecord] = []
    with torch.no_grad():
        p = model(ids, records).softmax(-1)  # (B, DIGITS)
        moved = [(p - model(ids, without=i).softmax(-1)).abs().sum(-1) / 2 for i in range(ITEMS)]
    weights, out = asking_weights(records), torch.stack(moved, dim=-1)
    numbers = {
        "accuracy": (p.argmax(-1) == answers).double().mean().item(),
        "weight_on_mark": [layer[marked].mean().item() for layer in weights],
        "weights_truth": [correlation(layer, marked) for layer in weights],
        "weights_out": [correlation(layer, out) for layer in weights],
        "out_truth": correlation(out, marked),
    }
    return numbers, weights


@experiment("weights_and_relevance")
def weights_and_relevance(seed: int) -> dict[str, Any]:
    """Measure a model, and a twin paid to hide what counts.

    Returns the numbers by "model, layers" and "twin, layers"; and the correlation of the weights
    of the two, layer by layer, by "model and twin, layers".
    """
    found: dict[str, Any] = {}
    for n_layers in (1, 3):
        weights = {}
        for name, hide in (("model", 0.0), ("twin", 0.1)):
            model = train_pointer(n_layers, seed, hide=hide)
            found[f"{name}, {n_layers}"], weights[name] = measured(model, seed)
        pairs = zip(weights["model"], weights["twin"], strict=True)
        found[f"model and twin, {n_layers}"] = [correlation(a, b) for a, b in pairs]
    return found
