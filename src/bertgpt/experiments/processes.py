"""Page scaling: do two processes train as one does, and what does a batch keep in memory?"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from bertgpt.experiments.runner import experiment
from bertgpt.training.recipe import GPT_RECIPE, set_task
from bertgpt.training.run import Run
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.state import load_state
from bertgpt.training.stories import toyland_config
from bertgpt.training.texts import Texts, toyland_texts
from bertgpt.training.train import TrainConfig

STORIES = 4000
COMMON = f"--model gpt --stories {STORIES} --device cpu"
ONE, TWO = 1, 2
# name -> processes, and what the command line says besides; the batch of all is 64 stories
ARMS: dict[str, tuple[int, str]] = {
    "one": (ONE, ""),
    "two": (TWO, ""),
    "two, sharded": (TWO, "--fsdp"),
    "four parts": (ONE, "--parts 4"),
    "bfloat16": (ONE, "--bf16"),
    "twice as wide": (ONE, "--width 256"),
    "twice as wide, bfloat16": (ONE, "--width 256 --bf16"),
}
ALIKE = ("one", "two", "two, sharded", "four parts")  # they should have the same losses
COMPARED = 20  # steps
SPEED = re.compile(r"([\d,]+) tokens/s")


def command(arm: str, steps: int, every: int, seed: int, out: Path) -> list[str]:
    """The command line of a run, as a reader would give it."""
    processes, more = ARMS[arm]
    spread = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    words = f"{COMMON} {more} --steps {steps} --every {every} --seed {seed}".split()
    start = [sys.executable, *spread] if processes > 1 else [sys.executable]
    return [*start, "-m", "bertgpt.training.pretrain", *words, "--out", str(out)]


def run(words: list[str], processes: int, steps: int) -> list[float]:
    """Run a command to its last step, and return the speeds that it reports, in tokens a second.

    It is stopped there: what it would still do is measure the model on test stories.

    Raises:
        ValueError: if it ends before.
    """
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    speeds: list[float] = []
    said = ""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=one_thread
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if found := SPEED.search(line):
                speeds.append(float(found[1].replace(",", "")))
            if line.startswith(f"step {steps} of"):
                # One process waits for the end of a step when it is asked to stop, and there is no
                # further step; torchrun passes the request on to its processes, which obey.
                process.terminate() if processes > 1 else process.kill()
                return speeds
    raise ValueError(f"the run ended before step {steps}; it said: {said[-2000:]}")


def losses_of(arm: str, seed: int) -> list[float]:
    """The loss of each of the first steps, in nats a guess."""
    with TemporaryDirectory() as folder:
        run(command(arm, COMPARED, 1, seed, Path(folder)), ARMS[arm][0], COMPARED)
        state, _ = load_state(Path(folder))
        assert state is not None, "a state is saved with each report"
        return [point["loss"] for point in state.notes["curve"]]


def kept_bytes(forward: Callable[[], Tensor], weights: list[Tensor]) -> int:
    """Bytes that a forward pass keeps for the way back, besides the weights.

    >>> x, w = torch.ones(5, 3), torch.ones(3, 2, requires_grad=True)
    >>> kept_bytes(lambda: (x @ w).sum(), [w])  # x is needed for the gradient of w
    60
    """
    known = {w.untyped_storage().data_ptr() for w in weights}
    kept: dict[int, int] = {}

    def note(x: Tensor) -> Tensor:
        memory = x.untyped_storage()
        if memory.data_ptr() not in known:
            kept[memory.data_ptr()] = memory.nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
        loss = forward()  # holds what is kept, so that no memory is used twice
    assert loss.requires_grad, "nothing is kept without gradients"
    return sum(kept.values())


def kept_of(width: int, parts: int, bf16: bool, texts: Texts) -> dict[str, int]:
    """Memory of the first batch, or of its first part, and the tokens in it."""
    training = TrainConfig(steps=1)
    cfg = PretrainConfig(model="gpt", recipe=GPT_RECIPE, training=training, parts=parts, bf16=bf16)
    trained = Run(cfg, replace(toyland_config(), width=width, ff_width=4 * width), texts)
    whole = set_task(
        cfg.recipe, trained.batches[0], texts.special, vocab_size=texts.vocab_size,
        generator=trained.draws,
    )  # fmt: skip
    part = whole.rows(trained.shares[0])
    weights = [p.detach() for p in trained.model.parameters()]
    kept = kept_bytes(lambda: trained.losses_of(part, whole)[0], weights)
    return {"bytes": kept, "tokens": part.seen.numel(), "texts": len(part.seen)}


@experiment("processes", seeds=range(2))
def processes(seed: int) -> dict[str, Any]:
    """Losses of one process and of two at one batch; memory of a batch."""
    texts = toyland_texts(STORIES)
    return {
        "losses": {arm: losses_of(arm, seed) for arm in ALIKE},
        "kept": {
            "whole": kept_of(128, 1, False, texts),
            "four parts": kept_of(128, 4, False, texts),
            "bfloat16": kept_of(128, 1, True, texts),
            "twice as wide": kept_of(256, 1, False, texts),
        },
    }
