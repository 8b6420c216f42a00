"""Page 10, C49, E14: parity and counting, trained on short strings, tested on long ones."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bertgpt.config import TransformerConfig
from bertgpt.experiments.recurrent_labeller import RecurrentLabeller
from bertgpt.experiments.runner import experiment
from bertgpt.masks import causal_mask
from bertgpt.objectives import IGNORE
from bertgpt.tasks.parity import LONG, SHORT, counting_batch, parity_batch
from bertgpt.tasks.targets import AskedTokens, asked_loss, is_correct
from bertgpt.training.train import TrainConfig, finish, forever, train
from bertgpt.transformer import Transformer


class Labels(nn.Module):
    """The stack under a causal mask, and two labels at each position.

    Args:
        places: "first": positions are numbered from 0, so those of long strings are new.
            "any": while training a string begins at a random number, so all are known.
            "none": no position table.
    """

    def __init__(self, places: Literal["first", "any", "none"]) -> None:
        super().__init__()
        self.places = places
        cfg = TransformerConfig(
            vocab_size=3, max_positions=LONG, width=32, n_layers=2, n_heads=4, init_std=0.15,
            positions="none" if places == "none" else "learned",
        )  # fmt: skip
        self.stack, self.read = Transformer(cfg), nn.Linear(cfg.width, 2)

    def forward(self, token_ids: Tensor) -> Tensor:
        T, stack = token_ids.shape[1], self.stack
        x = stack.embed(token_ids)  # (B, T, D)
        if stack.positions is not None and self.places == "any" and self.training:
            table, first = stack.positions.weight, int(torch.randint(LONG - T + 1, ()))
            x = x - table[:T] + table[first : first + T]
        return self.read(stack.run(x, causal_mask(T)))  # (B, T, 2)


PARITY_STEPS, COUNTING_STEPS = 900, 600
MODELS: dict[str, Callable[[], nn.Module]] = {
    "RNN": lambda: RecurrentLabeller(nn.RNN, 3, 32, 2),
    "LSTM": lambda: RecurrentLabeller(nn.LSTM, 3, 32, 2),
    "Transformer, first": lambda: Labels("first"),
    "Transformer, any": lambda: Labels("any"),
    "Transformer, none": lambda: Labels("none"),
}


def short_parity(generator: torch.Generator) -> AskedTokens:
    """64 strings of bits."""
    torch.randint(1, SHORT // 2 + 1, (64,), generator=generator)  # the stored runs drew them, too
    return parity_batch(64, SHORT, generator)


def short_counting(generator: torch.Generator) -> AskedTokens:
    """64 strings of n a and n b, n from 1 to 10."""
    counts = torch.randint(1, SHORT // 2 + 1, (64,), generator=generator)
    return counting_batch(counts, SHORT)


def trained(
    make: Callable[[], nn.Module],
    draw: Callable[[torch.Generator], AskedTokens],
    steps: int,
    seed: int,
) -> nn.Module:
    """A new model, trained on strings of at most 20 tokens."""
    torch.manual_seed(seed)
    model, generator = make(), torch.Generator().manual_seed(seed)
    cfg = TrainConfig(steps=steps, learning_rate=5e-3, warmup=50)
    finish(train(model, forever(partial(draw, generator)), asked_loss, cfg))
    return model


@experiment("longer_strings")
def longer_strings(seed: int) -> dict[str, Any]:
    """Train each model twice, on parity and on counting, and test it to 100 tokens.

    Returns for each model "parity", the accuracy at each position of 500 strings of 100; and
    "counting", for each n from 1 to 50 whether all b of n a and n b were labelled correctly.
    """
    bits = parity_batch(500, LONG, torch.Generator().manual_seed(1000))
    counted = counting_batch(torch.arange(1, LONG // 2 + 1), LONG)
    found: dict[str, Any] = {}
    for name, make in MODELS.items():
        model = trained(make, short_parity, PARITY_STEPS, seed)
        by_position = is_correct(model, bits).float().mean(0)
        model = trained(make, short_counting, COUNTING_STEPS, seed)
        fine = is_correct(model, counted) | (counted[1] == IGNORE)
        found[name] = {
            "parity": [round(accuracy, 4) for accuracy in by_position.tolist()],
            "counting": fine.all(1).int().tolist(),
        }
    return found
