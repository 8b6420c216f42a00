"""A state is whole or not there: kills, full disks, damage, other runs, two runs at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from bertgpt.training import state as state_module
from bertgpt.training.state import BEFORE, STATE, State, load_state, save_state

TENSORS = {"weights/a": torch.arange(6.0).view(2, 3), "moments/a/step": torch.tensor(3.0)}


def stored(step: int) -> State:
    return State({n: x + step for n, x in TENSORS.items()}, {"step": step, "text": "ü"})


def test_a_state_comes_back_bit_by_bit(tmp_path: Path) -> None:
    save_state(tmp_path, stored(1))
    back, found = load_state(tmp_path)
    assert found == ""
    assert back is not None
    assert back.notes == {"step": 1, "text": "ü"}
    assert all(x.equal(stored(1).tensors[n]) for n, x in back.tensors.items())
    assert load_state(tmp_path / "empty") == (None, "")


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "emptied"])
def test_a_damaged_state_is_passed_over_for_the_one_before(tmp_path: Path, damage: str) -> None:
    for step in (1, 2):
        save_state(tmp_path, stored(step))
    data = bytearray((tmp_path / STATE).read_bytes())
    if damage == "flipped":
        data[-5] ^= 1
    elif damage == "foreign":
        data = bytearray(b"PK not a tensor file")
    (tmp_path / STATE).write_bytes({"cut": data[:-7], "emptied": b""}.get(damage, data))
    back, found = load_state(tmp_path)
    assert back is not None
    assert back.notes["step"] == 1
    assert "state.safetensors is damaged" in found
    assert "going on from the state before it" in found
    (tmp_path / BEFORE).write_bytes(b"")
    with pytest.raises(ValueError, match="all of them are damaged; name another folder"):
        load_state(tmp_path)


def test_a_file_of_another_program_is_named_as_such(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(2)}, tmp_path / STATE, {"format": "pt"})
    with pytest.raises(ValueError, match="all of them are damaged"):
        load_state(tmp_path)


@pytest.mark.parametrize("at", ["write", "sync", "first move", "second move"])
def test_a_full_disk_leaves_the_last_state(
    tmp_path: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (1, 2):
        save_state(tmp_path, stored(step))
    moves = iter([at == "first move", at == "second move"])
    replace = os.replace

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if at == "write":
        monkeypatch.setattr(state_module, "save_file", full)
    elif at == "sync":
        monkeypatch.setattr(state_module.os, "fsync", full)
    else:
        monkeypatch.setattr(
            state_module.os, "replace", lambda a, b: full() if next(moves) else replace(a, b)
        )
    with pytest.raises(ValueError, match=r"No space left .* the last one is still there"):
        save_state(tmp_path, stored(3))
    monkeypatch.undo()
    back, found = load_state(tmp_path)
    assert back is not None
    assert (back.notes["step"], found) == (2, "")
    assert not (tmp_path / "state.part").exists()
    save_state(tmp_path, stored(4))
    assert load_state(tmp_path)[0].notes["step"] == 4  # type: ignore[union-attr]


SAVES = """
import sys, torch
from pathlib import Path
from bertgpt.training.state import State, save_state
step = 0
while True:
    step += 1
    save_state(Path(sys.argv[1]), State({"x": torch.full((200_000,), step)}, {"step": step}))
    print(step, flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_state(tmp_path: Path) -> None:
    """Ten kills, each a little later after a save has begun."""
    program = tmp_path / "saves.py"
    program.write_text(SAVES)
    for n in range(10):
        with subprocess.Popen(
            [sys.executable, str(program), str(tmp_path / "run")], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(2)]
            time.sleep(0.0007 * n)
            process.send_signal(signal.SIGKILL)
            said += process.stdout.readlines()
        back, found = load_state(tmp_path / "run")
        assert back is not None
        assert found == ""
        whole = [int(line) for line in said if line.endswith(b"\n")]
        assert back.notes["step"] >= whole[-1]
        assert (back.tensors["x"] == back.notes["step"]).all()
