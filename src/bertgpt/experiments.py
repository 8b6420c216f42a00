"""Experiments over several seeds, and their stored results.

A notebook reads a result with `load_result`. `python -m bertgpt.experiments [NAMES]` computes them:
each finished seed is stored at once, so an interrupted run goes on where it stopped.
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
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import torch

RunOne = Callable[[int], dict[str, Any]]
REGISTERED: dict[str, tuple[RunOne, tuple[int, ...]]] = {}
FIELDS = ("name", "planned", "seeds", "values", "seconds", "made_with", "date")


def experiment(name: str, seeds: Iterable[int] = range(5)) -> Callable[[RunOne], RunOne]:
    """Register the function below as the experiment of this name.

    The function takes a seed and returns a dict of what was measured: numbers, texts, lists and dicts of
    these, no nan. All its randomness comes from the seed.
    """

    def register(run_one: RunOne) -> RunOne:
        REGISTERED[name] = (run_one, tuple(seeds))
        return run_one

    return register


def load_result(name: str, folder: Path | None = None) -> dict[str, Any]:
    """A stored result: "values" holds what each of "seeds" measured, in the same order.

    Args:
        name: the experiment's name.
        folder: where results lie; None takes those that come with the package.
    Returns:
        A dict with name, planned, seeds, values, seconds (for each seed), made_with (versions,
        hardware, code) and date.
    Raises:
        ValueError: if there is no such result, or its file is damaged or unfinished.
    """
    results = folder or resources.files("bertgpt") / "results"
    stored = sorted(f.name[:-5] for f in results.iterdir() if f.name.endswith(".json"))
    if name not in stored:
        raise ValueError(
            f"no result is called {name!r}; there are: {', '.join(stored) or 'none'}. "
            f"To compute it: python -m bertgpt.experiments {name}"
        )
    result = _read((results / f"{name}.json").read_text(encoding="utf-8"), name)
    if missing := [seed for seed in result["planned"] if seed not in result["seeds"]]:
        raise ValueError(
            f"result {name!r} still lacks seeds {missing} of {result['planned']}; "
            f"finish it: python -m bertgpt.experiments {name}"
        )
    return result


def save_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result in one step: an interrupt leaves the old file or the new one, whole."""
    try:
        text = json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"result {result['name']!r} cannot be stored ({error}); an experiment returns plain "
            "numbers, texts, lists and dicts, and no nan or infinity"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(text + "\n", encoding="utf-8")
    os.replace(temporary, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the one place of the package that prints."""
    parser = argparse.ArgumentParser(prog="python -m bertgpt.experiments", description=main.__doc__)
    parser.add_argument("names", nargs="*", help="experiments to run; all when none is named")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--fresh", action="store_true", help="forget seeds that are stored")
    given = parser.parse_args(arguments)
    try:
        for name in given.names or sorted(REGISTERED):
            _run(name, given.folder / f"{name}.json", fresh=given.fresh)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; finished seeds are stored, run again to go on", file=sys.stderr)
        return 130
    return 0


def _run(name: str, path: Path, *, fresh: bool) -> None:
    if name not in REGISTERED:
        raise ValueError(
            f"no experiment is called {name!r}; there are: {', '.join(sorted(REGISTERED))}"
        )
    run_one, planned = REGISTERED[name]
    result = {
        "name": name,
        "seeds": [],
        "values": [],
        "seconds": [],
        "made_with": _made_with(run_one),
    }
    if path.exists() and not fresh:
        stored = _read(path.read_text(encoding="utf-8"), name)
        todo = [seed for seed in planned if seed not in stored["seeds"]]
        differing = [k for k, v in result["made_with"].items() if stored["made_with"].get(k) != v]
        if todo and differing:
            raise ValueError(
                f"stored seeds of {name!r} were made with other {', '.join(differing)}; seeds must "
                "be alike to be compared: run again with --fresh to compute all of them anew"
            )
        result = stored
    result["planned"] = list(planned)
    for seed in planned:
        if seed in result["seeds"]:
            print(f"{name}: seed {seed} is stored already", flush=True)
            continue
        print(f"{name}: seed {seed} ...", flush=True)
        start = time.perf_counter()
        value = run_one(seed)
        seconds = round(time.perf_counter() - start, 1)
        for key, item in (("seeds", seed), ("values", value), ("seconds", seconds)):
            result[key].append(item)
        result["date"] = datetime.now(UTC).date().isoformat()
        save_result(path, result)
        print(f"{name}: seed {seed} took {seconds} s", flush=True)


def _read(text: str, name: str) -> dict[str, Any]:
    try:
        result = json.loads(text)
        lengths = {len(result[key]) for key in ("seeds", "values", "seconds")}
        whole = all(key in result for key in FIELDS) and len(lengths) == 1
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole or result["name"] != name:
        raise ValueError(
            f"the file of result {name!r} is damaged; compute it again with "
            f"python -m bertgpt.experiments --fresh {name}, or take the file from the repository"
        )
    return result


def _made_with(run_one: RunOne) -> dict[str, Any]:
    packages = ("torch", "numpy", "scipy", "gensim", "bertgpt")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "versions": {
            "python": platform.python_version(),
            **{package: metadata.version(package) for package in packages},
        },
        "hardware": {"machine": platform.machine(), "cores": os.cpu_count(), "gpu": gpu},
        "code": hashlib.sha256(inspect.getsource(run_one).encode()).hexdigest()[:12],
    }


if __name__ == "__main__":
    from bertgpt import experiments  # the module that others import, not this second copy of it

    sys.exit(experiments.main())
