"""Page scaling: how fast are two processes, parts of a batch, 16 bits and a wider model?"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bertgpt.experiments.processes import ARMS, command, run
from bertgpt.experiments.runner import experiment

UNTIMED, STEPS = 20, 40  # the first steps are not counted: a program begins slowly


def seconds_of(arm: str, seed: int) -> float:
    """Seconds for 1,000 tokens, once the run has warmed up."""
    with TemporaryDirectory() as folder:
        speeds = run(command(arm, STEPS, UNTIMED, seed, Path(folder)), ARMS[arm][0], STEPS)
    return 1000 / speeds[-1]


@experiment("process_speed", seeds=range(2))
def process_speed(seed: int) -> dict[str, Any]:
    """Seconds for 1,000 tokens of each run, on a machine with nothing else to do."""
    return {"seconds": {arm: seconds_of(arm, seed) for arm in ARMS}}
