"""Page 08, C48, E10: name the token two places back, with and without a table of positions."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.config import TransformerConfig
from bertgpt.experiments.influence import MASKS
from bertgpt.experiments.runner import experiment
from bertgpt.training.train import TrainConfig, finish, forever, train
from bertgpt.transformer import Transformer

T, V = 16, 8
TRAINING = TrainConfig(steps=1000, warmup=100, learning_rate=2e-3)


class TwoBack(nn.Module):
    """A stack under a fixed mask; at each position it names the token two places before."""

    def __init__(self, cfg: TransformerConfig, mask: Tensor) -> None:
        super().__init__()
        self.stack, self.read, self.mask = Transformer(cfg), nn.Linear(cfg.width, V), mask

    def forward(self, ids: Tensor) -> Tensor:
        return self.read(self.stack(ids, self.mask))[:, 2:]  # (B, T - 2, V)

    def loss(self, ids: Tensor) -> Tensor:
        """Mean surprise in nats."""
        return F.cross_entropy(self(ids).flatten(0, 1), ids[:, :-2].flatten())


def draw(n: int, generator: torch.Generator) -> Tensor:
    """Random texts: (n, T)."""
    return torch.randint(V, (n, T), generator=generator)


def bag_limit(texts: Tensor) -> float:
    """The best accuracy of a reader to whom a text is a bag.

    It guesses the token that occurs most often among all others.
    """
    others = F.one_hot(texts, V).sum(1, keepdim=True) - F.one_hot(texts, V)  # (B, T, V)
    return (others.max(-1).values / (T - 1)).mean().item()


@experiment("two_back")
def two_back(seed: int) -> dict[str, Any]:
    """Accuracy on 2000 fresh texts, by mask and positions; and the "limit" of `bag_limit`."""
    test = draw(2000, torch.Generator().manual_seed(1000 + seed))
    found: dict[str, Any] = {"limit": bag_limit(test)}
    for positions in ("none", "learned"):
        for name, make in MASKS.items():
            torch.manual_seed(seed)
            cfg = TransformerConfig(
                vocab_size=V, max_positions=T, width=64, n_layers=2, positions=positions
            )
            model = TwoBack(cfg, make(T))
            batches = forever(partial(draw, 64, torch.Generator().manual_seed(seed)))
            finish(train(model, batches, TwoBack.loss, TRAINING))
            with torch.no_grad():
                correct = model.eval()(test).argmax(-1) == test[:, :-2]
            found[f"{name}, {positions}"] = correct.float().mean().item()
    return found
