"""One training loop for every model: a generator that yields what happened."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from bertgpt.config import check_at_least

Batch = TypeVar("Batch")
Model = TypeVar("Model", bound=nn.Module)
Report = TypeVar("Report")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Hyperparameters of training with AdamW (Loshchilov and Hutter 2019)."""

    steps: int  # updates, at least 1
    learning_rate: float = 1e-3  # at its highest
    warmup: int = 0  # steps in which the rate rises to it in a straight line
    final_share: float = 0.1  # fraction of it left at the last step; it falls along a cosine
    weight_decay: float = 0.01  # on matrices and tables, not on biases and norms
    clip_norm: float = 1.0  # largest norm of a gradient; a larger one is scaled down to it

    def __post_init__(self) -> None:
        check_at_least(1, self, "steps")
        if not 0 <= self.warmup < self.steps:
            raise ValueError(
                f"warmup={self.warmup} must be at least 0 and below steps={self.steps}"
            )
        if not self.learning_rate > 0 or not self.clip_norm > 0 or not 0 <= self.final_share <= 1:
            raise ValueError(
                f"learning_rate={self.learning_rate} and clip_norm={self.clip_norm} must be above "
                f"0, final_share={self.final_share} between 0 and 1; 1e-3, 1 and 0.1 are usual"
            )
        if not self.weight_decay >= 0:  # below 0, AdamW makes weights grow and says nothing
            raise ValueError(f"weight_decay={self.weight_decay} must be at least 0; 0.01 is usual")

    def rate(self, number: int) -> float:
        """The learning rate of a step; the first is number 1."""
        if number <= self.warmup:
            return self.learning_rate * number / self.warmup
        done = (number - self.warmup) / (self.steps - self.warmup)
        share = self.final_share + (1 - self.final_share) * (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate * share


class Step(NamedTuple):
    """Record of one update."""

    number: int  # from 1
    loss: float  # nats per target, before the update
    grad_norm: float  # before clipping
    rate: float  # learning rate


def train(
    model: Model,
    batches: Iterable[Batch],
    loss_fn: Callable[[Model, Batch], Tensor],
    cfg: TrainConfig,
) -> Iterator[Step]:
    """Train, one update for each batch, until `cfg.steps` or the batches are over.

    Args:
        model: left in training mode.
        batches: anything that yields what `loss_fn` takes; `itertools.cycle` repeats a list,
            `forever` calls a function.
        loss_fn: (model, batch) -> the mean loss, a scalar.
        cfg: steps, rates, decay, clipping.
    Yields:
        a `Step` after each update; the caller prints, plots or stops.
    Raises:
        ValueError: if the loss or its gradient is not a number or infinite. The weights are then
            those before the step.
    """
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    vectors = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": cfg.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=cfg.learning_rate)
    model.train()
    for number, batch in zip(range(1, cfg.steps + 1), batches, strict=False):
        for group in optimizer.param_groups:
            group["lr"] = cfg.rate(number)
        loss = loss_fn(model, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), cfg.clip_norm)
        step = Step(number, loss.item(), norm.item(), cfg.rate(number))
        if not math.isfinite(step.loss) or not _finite(model, step.grad_norm):
            raise ValueError(
                f"step {number}: loss={step.loss:g}, gradient norm {step.grad_norm:g}; the weights "
                "are still those before this step: take a lower learning_rate "
                f"(now {cfg.learning_rate:g}) or more warmup, and look for nan in the batch"
            )
        optimizer.step()
        yield step


def _finite(model: nn.Module, norm: float) -> bool:
    """Whether all gradients are numbers. Their norm may overflow where each of them does not."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return math.isfinite(norm) or all(bool(g.isfinite().all()) for g in gradients)


def forever(draw: Callable[[], Batch]) -> Iterator[Batch]:
    """One batch after another, without end."""
    while True:
        yield draw()


def finish(steps: Iterable[Report]) -> Report:
    """Run training to its end: of `train`, or of anything that reports on its way.

    Returns:
        the last report.
    Raises:
        ValueError: if there was not one step.

    >>> finish(iter([0.9, 0.5, 0.4]))
    0.4
    """
    last: list[Report] = []
    for step in steps:
        last = [step]
    if not last:
        raise ValueError("training made no step; there were no batches, or all of them were used")
    return last[0]
