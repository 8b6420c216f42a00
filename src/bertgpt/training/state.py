"""The whole state of a training run in one file, so that a run killed at any moment goes on.

A state is written beside the last one and then takes its place in one step; the one before it
stays as well. So whatever happens, a kill or a full disk, there is a whole state to go on from.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

STATE, BEFORE, UNFINISHED = "state.safetensors", "state-before.safetensors", "state.part"


class State(NamedTuple):
    """All that a run needs to go on bit by bit as if nothing had happened."""

    tensors: dict[str, Tensor]  # weights, moments of the optimizer, states of generators
    notes: dict[str, Any]  # whole numbers, texts and lists: the step, the settings, the curve


def save_state(folder: Path, state: State) -> None:
    """Write a state; the last one becomes the one before.

    Raises:
        ValueError: if it cannot be written; the last state is still there.
    """
    tensors = {name: x.detach().cpu().contiguous() for name, x in state.tensors.items()}
    about = {"notes": json.dumps(state.notes), "digest": _digest(tensors, state.notes)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / UNFINISHED, about)
        with open(folder / UNFINISHED, "rb+") as file:
            os.fsync(file.fileno())  # on the disk before the old one is let go
        if (folder / STATE).exists():
            os.replace(folder / STATE, folder / BEFORE)
        os.replace(folder / UNFINISHED, folder / STATE)
    except (OSError, SafetensorError) as error:
        (folder / UNFINISHED).unlink(missing_ok=True)
        raise ValueError(
            f"the state could not be written to {folder} ({error}); the last one is still there: "
            "make room or name another disk, and give the same command again"
        ) from None


def load_state(folder: Path) -> tuple[State | None, str]:
    """The last whole state of a folder, or None; and a line on what was damaged, or ""."""
    found = ""
    for name in (STATE, BEFORE):
        path = folder / name
        if not path.exists():
            continue
        try:
            return _read(path), found
        except ValueError as error:
            found = f"{path} is damaged ({error}); going on from the state before it"
    if found:
        raise ValueError(
            f"{folder} holds states and all of them are damaged; name another folder to begin again"
        )
    return None, ""


def _read(path: Path) -> State:
    try:
        with safe_open(path, framework="pt") as file:
            about: Mapping[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        notes = json.loads(about["notes"])
        if about["digest"] != _digest(tensors, notes):
            raise ValueError("its contents and their digest differ")
        return State(tensors, notes)
    except KeyError as error:
        raise ValueError(f"it is of another program: {error} is missing") from None
    except (OSError, SafetensorError) as error:
        raise ValueError(str(error)) from None


def _digest(tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(notes).encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
