"""Training spread over several processes, as `torchrun` starts them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from bertgpt.training.recipe import Learner

TIED = "table.weight"  # a head's table is the stack's
WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


class Place(NamedTuple):
    """Which of how many processes this is."""

    rank: int
    world: int

    def share(self, rows: int, parts: int) -> list[slice]:
        """The rows of a batch that this process reads, cut into parts.

        Raises:
            ValueError: if the rows do not divide.

        >>> Place(rank=1, world=2).share(8, parts=2)
        [slice(4, 6, None), slice(6, 8, None)]
        """
        each, rest = divmod(rows, self.world * parts)
        if rest:
            raise ValueError(
                f"a batch of {rows} texts cannot be cut into {self.world} processes times {parts} "
                f"parts; take a multiple of {self.world * parts}"
            )
        first = self.rank * parts * each
        return [slice(first + i * each, first + (i + 1) * each) for i in range(parts)]


ALONE = Place(0, 1)


@contextmanager
def joined(device: torch.device) -> Iterator[Place]:
    """Join the processes that torchrun started; without torchrun there is only this one."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield ALONE
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Place(distributed.get_rank(), world)
    finally:
        distributed.destroy_process_group()


def spread(learner: Learner, place: Place, sharded: bool) -> nn.Module:
    """A module whose gradients are means over all processes.

    Args:
        learner: with the same weights in each process.
        sharded: True keeps a part of weights and moments in each process (FSDP; Zhao et al. 2023),
            False all of them in each (DDP).
    """
    if place.world == 1:
        return learner
    if sharded:
        for block in learner.model.stack.blocks:
            fully_shard(block)
        fully_shard(learner)
        return learner
    return DistributedDataParallel(learner)


def whole_weights(learner: nn.Module) -> dict[str, Any]:
    """Weights by name, gathered from all processes; empty in all but the first."""
    return get_model_state_dict(learner, options=WHOLE)


def whole_state(learner: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Weights and moments by name, gathered from all processes that hold parts of them."""
    weights = whole_weights(learner)
    tensors = {f"weights/{name}": x for name, x in weights.items() if not name.endswith(TIED)}
    moments: Any = get_optimizer_state_dict(learner, optimizer, options=WHOLE)
    for name, values in moments.get("state", {}).items():
        tensors |= {f"moments/{name}/{key}": torch.as_tensor(x) for key, x in values.items()}
    return tensors


def put_back(
    tensors: dict[str, Tensor], learner: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Give weights and moments their saved values, in each process its part."""
    weights: dict[str, Any] = {}
    moments: dict[str, dict[str, Any]] = {}
    for name, x in tensors.items():
        kind, _, rest = name.partition("/")
        if kind == "weights":
            weights[rest] = x
        elif kind == "moments":
            parameter, _, key = rest.rpartition("/")
            moments.setdefault(parameter, {})[key] = x
    names = {n for n in get_model_state_dict(learner) if not n.endswith(TIED)}
    assert names == weights.keys(), "the settings of a run fix its model"
    # Not strict, since the tied table has a second name, whose weights come with the first.
    set_model_state_dict(
        learner, weights, options=StateDictOptions(full_state_dict=True, strict=False)
    )
    state: Any = get_optimizer_state_dict(learner, optimizer)
    state["state"] = moments
    set_optimizer_state_dict(
        learner, optimizer, state, options=StateDictOptions(full_state_dict=True)
    )
