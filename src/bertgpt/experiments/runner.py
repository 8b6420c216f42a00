"""Running experiments over several seeds, from the command line.

`python -m bertgpt.experiments [NAMES]` computes them and stores each finished seed at once:
interrupted, it goes on where it stopped when it is run again.
"""

import argparse
import hashlib
import inspect
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from bertgpt.evaluation.results import COMMAND, RESULTS, ResultError, read_result, save_result

RunOne = Callable[[int], dict[str, Any]]
REGISTERED: dict[str, tuple[RunOne, list[int]]] = {}


def experiment(name: str, seeds: Iterable[int] = range(5)) -> Callable[[RunOne], RunOne]:
    """Register the function below as the experiment of this name.

    It takes a seed, from which all its randomness comes, and returns what it measured: a dict of
    numbers, texts, and lists and dicts of these; neither nan nor infinity.
    """

    def register(run_one: RunOne) -> RunOne:
        REGISTERED[name] = run_one, list(seeds)
        return run_one

    return register


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute experiments; each finished seed is stored at once, and kept when run again."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=main.__doc__)
    parser.add_argument("names", nargs="*", help=f"none: all of {', '.join(sorted(REGISTERED))}")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where results are stored")
    parser.add_argument("--fresh", action="store_true", help="compute stored seeds anew")
    given = parser.parse_args(arguments)
    try:
        for name in given.names or sorted(REGISTERED):
            for line in run(name, given.folder, fresh=given.fresh):
                print(line, flush=True)
    except ResultError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the finished seeds are stored, the same command goes on", file=sys.stderr)
        return 130
    return 0


def run(name: str, folder: Path = RESULTS, *, fresh: bool = False) -> Iterable[str]:
    """Compute the seeds that are not stored yet, yielding lines of progress.

    Raises:
        ResultError: for an unknown name, a damaged file, or stored seeds made in another way.
    """
    if name not in REGISTERED:
        known = ", ".join(sorted(REGISTERED)) or "none"
        raise ResultError(f"no experiment is called {name!r}; there are: {known}")
    run_one, planned = REGISTERED[name]
    path, made_with = folder / f"{name}.json", _made_with(run_one)
    result: dict[str, Any] = {"name": name, "planned": planned, "made_with": made_with, "date": ""}
    result |= {"seeds": [], "values": [], "seconds": []}
    if path.exists() and not fresh:
        result = read_result(path) | {"planned": planned}
    todo = [seed for seed in planned if seed not in result["seeds"]]
    if todo and (changed := [k for k in made_with if result["made_with"].get(k) != made_with[k]]):
        raise ResultError(
            f"the stored seeds of {name!r} were made with other {' and '.join(changed)}, and seeds "
            f"are compared only if made alike; compute all of them: {COMMAND} --fresh {name}"
        )
    yield f"{name}: {len(planned) - len(todo)} of {len(planned)} seeds are stored"
    for seed in todo:
        start = time.perf_counter()
        value = run_one(seed)
        seconds = round(time.perf_counter() - start, 1)
        for key, item in (("seeds", seed), ("values", value), ("seconds", seconds)):
            result[key].append(item)
        save_result(path, result | {"date": datetime.now(UTC).date().isoformat()})
        yield f"{name}: seed {seed} took {seconds} s"


def _made_with(run_one: RunOne) -> dict[str, Any]:
    packages = ("torch", "numpy", "scipy", "gensim", "bertgpt")
    versions = {package: metadata.version(package) for package in packages}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "versions": {"python": platform.python_version(), **versions},
        "hardware": {"machine": platform.machine(), "cores": os.cpu_count(), "gpu": gpu},
        "code": hashlib.sha256(inspect.getsource(run_one).encode()).hexdigest()[:12],
    }
