"""Experiments over several seeds, and their stored results.

A page reads a result with `load_result`. `python -m bertgpt.experiments [NAMES]` computes them and
stores each finished seed at once: interrupted, it goes on where it stopped when it is run again.
"""

import argparse
import hashlib
import inspect
import json
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

RunOne = Callable[[int], dict[str, Any]]
REGISTERED: dict[str, tuple[RunOne, list[int]]] = {}
RESULTS = Path(__file__).parent.parent / "results"
COMMAND = "python -m bertgpt.experiments"


class ResultError(ValueError):
    """A result or an experiment that is not there, not whole, or not to be stored."""


def experiment(name: str, seeds: Iterable[int] = range(5)) -> Callable[[RunOne], RunOne]:
    """Register the function below as the experiment of this name.

    It takes a seed, from which all its randomness comes, and returns what it measured: a dict of
    numbers, texts, and lists and dicts of these; neither nan nor infinity.
    """

    def register(run_one: RunOne) -> RunOne:
        REGISTERED[name] = run_one, list(seeds)
        return run_one

    return register


def load_result(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """A stored result, whole.

    Returns:
        A dictionary with "seeds"; "values", what each seed measured, in the order of the seeds;
        "seconds" that each took; "planned" seeds; "made_with" (versions, hardware, code); "name";
        "date".
    Raises:
        ResultError: if there is no such result, or its file is damaged or not finished.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        stored = ", ".join(sorted(file.stem for file in folder.glob("*.json")))
        raise ResultError(
            f"no result is called {name!r}; there are: {stored or 'none'}. An experiment of this "
            f"name is computed by: {COMMAND} {name}"
        )
    result = _read(path)
    if missing := [seed for seed in result["planned"] if seed not in result["seeds"]]:
        raise ResultError(f"result {name!r} lacks seeds {missing}; finish it: {COMMAND} {name}")
    return result


def save_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result in one step, so that an interrupt leaves the old file or the new one.

    Raises:
        ResultError: if it holds something that JSON does not; the old file stays.
    """
    try:
        text = json.dumps(result, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ResultError(
            f"a result for {path.name} cannot be stored ({error}); return numbers, texts, lists "
            "and dicts, without nan or infinity"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text + "\n", encoding="utf-8")
    os.replace(unfinished, path)


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
        result = _read(path) | {"planned": planned}
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


def _read(path: Path) -> dict[str, Any]:
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lengths = {len(result[key]) for key in ("seeds", "values", "seconds")}
        whole = len(lengths) == 1 and {"planned", "made_with", "date"} <= set(result)
        if whole and result["name"] == path.stem:
            return result
    except (ValueError, TypeError, KeyError):
        pass
    raise ResultError(
        f"{path} is damaged; get it from the repository again, or compute it anew: "
        f"{COMMAND} --fresh {path.stem}"
    )


def _made_with(run_one: RunOne) -> dict[str, Any]:
    packages = ("torch", "numpy", "scipy", "gensim", "bertgpt")
    versions = {package: metadata.version(package) for package in packages}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "versions": {"python": platform.python_version(), **versions},
        "hardware": {"machine": platform.machine(), "cores": os.cpu_count(), "gpu": gpu},
        "code": hashlib.sha256(inspect.getsource(run_one).encode()).hexdigest()[:12],
    }
