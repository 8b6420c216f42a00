"""The runs of one process and of two: their commands, what is read of them, and what is stored."""

import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from bertgpt.evaluation.results import RESULTS
from bertgpt.experiments import processes
from bertgpt.training.budget import activation_bytes
from bertgpt.training.stories import toyland_config
from bertgpt.training.texts import toyland_texts


def test_commands_differ_in_one_thing_each() -> None:
    lines = {arm: processes.command(arm, 9, 3, 1, Path("out")) for arm in processes.ARMS}
    assert all(line[-2:] == ["--out", "out"] for line in lines.values())
    for arm, (n, more) in processes.ARMS.items():
        line = " ".join(lines[arm])
        assert ("--nproc-per-node 2" in line) == (n == 2)
        settings = line[line.index("--model") :].replace(f" {more} ", " ") if more else line
        one = " ".join(lines["one"])
        assert settings[settings.index("--model") :].split() == one[one.index("--model") :].split()


def test_what_should_change_no_loss_changes_neither_model_nor_batch() -> None:
    changed = {arm: set(processes.ARMS[arm][1].split()) for arm in processes.ALIKE}
    assert changed == {
        "one": set(), "two": set(), "two, sharded": {"--fsdp"}, "four parts": {"--parts", "4"}
    }  # fmt: skip


def test_a_run_is_read_to_its_last_step_and_stopped_there() -> None:
    program = (
        "import time\nfor i in (2, 4):\n"
        " print(f'step {i} of 4: loss 1.0; {1000 * i:,} tokens/s; 0 s left', flush=True)\n"
        "time.sleep(60)"
    )
    assert processes.run([sys.executable, "-c", program], 1, 4) == [2000.0, 4000.0]
    with pytest.raises(ValueError, match="ended before step 5; it said: step 2 of 4"):
        processes.run([sys.executable, "-c", program.replace("time.sleep(60)", "")], 1, 5)


def test_what_is_kept_for_the_way_back() -> None:
    x = torch.ones(7, 3)
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    kept = processes.kept_bytes(lambda: net(x).sum(), list(net.parameters()))
    assert kept == 4 * (7 * 3 + 7 * 5)  # what each layer reads; ReLU keeps what it gives


def test_blocks_keep_what_the_budget_says() -> None:
    texts = toyland_texts(100)
    found = processes.kept_of(128, 1, False, texts)
    blocks = activation_bytes(toyland_config(), found["tokens"], 4)
    assert blocks < found["bytes"] < 1.15 * blocks  # the rest is the head's, and the mask
    quarter = processes.kept_of(128, 4, False, texts)
    assert quarter["bytes"] == pytest.approx(found["bytes"] / 4, rel=0.02)


def test_stored_losses_agree() -> None:
    values = json.loads((RESULTS / "processes.json").read_text(encoding="utf-8"))["values"]
    for value in values:
        one = value["losses"]["one"]
        assert len(one) == processes.COMPARED
        for losses in value["losses"].values():
            assert losses == pytest.approx(one, abs=1e-5)
    assert values[0]["losses"]["one"] != values[1]["losses"]["one"]
