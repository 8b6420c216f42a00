"""Losses and scores of tasks whose batches are pairs of inputs and targets."""

import torch
from torch import Tensor, nn

from bertgpt.objectives import IGNORE, token_loss

AskedTokens = tuple[Tensor, Tensor]  # token ids (B, T); targets (B, T), IGNORE where none is asked


def squared_error(model: nn.Module, pair: tuple[Tensor, Tensor]) -> Tensor:
    """Mean squared error of numbers: pair holds inputs, and targets of the outputs' shape."""
    return (model(pair[0]) - pair[1]).square().mean()


def asked_loss(model: nn.Module, pair: AskedTokens) -> Tensor:
    """Mean surprise in nats where something is asked."""
    asked = pair[1] != IGNORE
    return token_loss(model(pair[0])[asked], pair[1][asked])


def is_correct(model: nn.Module, pair: AskedTokens) -> Tensor:
    """Where the best guess is the target: (B, T) booleans, False where nothing is asked."""
    with torch.inference_mode():
        return model.eval()(pair[0]).argmax(-1) == pair[1]
