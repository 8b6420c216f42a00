"""Running experiments over several seeds, from the command line.

`python -m bertgpt.experiments [NAMES]` computes them and stores each finished seed at once:
interrupted, it goes on where it stopped when it is run again.
"""

import argparse
import importlib
import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bertgpt.evaluation.results import COMMAND, RESULTS, ResultError, read_result, save_result
from bertgpt.experiments.made_with import made_with
from bertgpt.experiments.seeds import cores, side_by_side

RunOne = Callable[[int], dict[str, Any]]
REGISTERED: dict[str, tuple[RunOne, list[int]]] = {}
NEARLY_0 = 1e-8  # what rounding leaves of a 0: a relative difference of it says nothing
TIMED = {"cost", "process_speed"}  # they measure seconds: nothing of ours may run beside them
FOLDER = Path(__file__).parent  # an experiment is a file here, of the same name


def experiment(name: str, seeds: Iterable[int] = range(5)) -> Callable[[RunOne], RunOne]:
    """Register the function below as the experiment of this name.

    It takes a seed, from which all its randomness comes, and returns what it measured: a dict of
    numbers, texts, and lists and dicts of these; neither nan nor infinity.
    """

    def register(run_one: RunOne) -> RunOne:
        REGISTERED[name] = run_one, list(seeds)
        return run_one

    return register


def names() -> list[str]:
    """All experiments: those registered, and those whose file was not imported yet."""
    files = {
        path.stem
        for path in FOLDER.glob("*.py")
        if f'\n@experiment("{path.stem}"' in path.read_text(encoding="utf8")
    }
    return sorted(files | set(REGISTERED))


def find(name: str) -> tuple[RunOne, list[int]]:
    """The function and the planned seeds of an experiment, whose file is imported if need be.

    Raises:
        ResultError: for an unknown name.
    """
    known = names()
    if name not in known:
        raise ResultError(
            f"no experiment is called {name!r}; there are: {', '.join(known) or 'none'}"
        )
    if name not in REGISTERED:
        importlib.import_module(f"bertgpt.experiments.{name}")
    return REGISTERED[name]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute experiments; each finished seed is stored at once, and kept when run again."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=main.__doc__)
    parser.add_argument("names", nargs="*", help=f"none: all of {', '.join(names())}")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where results are stored")
    parser.add_argument(
        "--at-once", type=int, default=cores(), help="seeds side by side; %(default)s if not given"
    )
    parser.add_argument("--fresh", action="store_true", help="compute stored seeds again")
    parser.add_argument(
        "--check",
        action="store_true",
        help="compute the first stored seed again; if it is equal, the result is this code's",
    )
    parser.add_argument(
        "--within", type=float, default=0.0, help="relative difference that --check calls equal"
    )
    given = parser.parse_args(arguments)
    if not given.within >= 0:
        parser.error(f"--within {given.within:g} must be at least 0; 0.001 is usual")
    try:
        unlike = False
        for name in given.names or names():
            if given.check:
                equal, lines = check(name, given.folder, given.within)
                unlike |= not equal
                print(*lines, sep="\n", flush=True)
                continue
            at_once = 1 if name in TIMED else given.at_once
            with _sigterm_as_ctrl_c():
                for line in run(name, given.folder, fresh=given.fresh, at_once=at_once):
                    print(line, flush=True)
    except ResultError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the finished seeds are stored, the same command goes on", file=sys.stderr)
        return 130
    return int(unlike)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM end the processes of the seeds as well, which would compute on for nobody."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(
    name: str, folder: Path = RESULTS, *, fresh: bool = False, at_once: int = 1
) -> Iterator[str]:
    """Compute the seeds that are not stored yet, yielding lines of progress.

    Args:
        at_once: seeds that are computed side by side; 1 where an experiment measures time.
    Raises:
        ResultError: for an unknown name, a damaged file, stored seeds made in another way, or a
            seed whose process was killed.
    """
    run_one, planned = find(name)
    path, now = folder / f"{name}.json", made_with(run_one)
    result: dict[str, Any] = {"name": name, "planned": planned, "made_with": now, "date": ""}
    result |= {"seeds": [], "values": [], "seconds": []}
    if path.exists() and not fresh:
        result = read_result(path) | {"planned": planned}
    todo = [seed for seed in planned if seed not in result["seeds"]]
    if todo and (changed := [key for key in now if result["made_with"].get(key) != now[key]]):
        shown = f", or show that it makes no difference: {COMMAND} --check {name}"
        raise ResultError(
            f"the stored seeds of {name!r} were made with other {' and '.join(changed)}, and seeds "
            f"are compared only if made alike; compute all of them: {COMMAND} --fresh {name}"
            + (shown if changed == ["code"] else "")
        )
    yield f"{name}: {len(planned) - len(todo)} of {len(planned)} seeds are stored"
    # What is registered elsewhere than in a file here cannot be found by a process of its own.
    apart = (FOLDER / f"{name}.py").is_file() and len(todo) > 1
    compute = partial(compute_seed, name)
    pairs = side_by_side(compute, todo, at_once) if apart else ((s, compute(s)) for s in todo)
    for seed, (value, seconds) in pairs:
        for key, item in (("seeds", seed), ("values", value), ("seconds", seconds)):
            result[key].append(item)
        _order(result, planned)
        save_result(path, result | {"date": datetime.now(UTC).date().isoformat()})
        yield f"{name}: seed {seed} took {seconds} s"


def _order(result: dict[str, Any], planned: list[int]) -> None:
    """Put the seeds in the order in which they are planned, whichever was ready first."""
    seeds = result["seeds"]
    order = sorted(range(len(seeds)), key=lambda i: (*planned, seeds[i]).index(seeds[i]))
    for key in ("seeds", "values", "seconds"):
        result[key] = [result[key][i] for i in order]


def compute_seed(name: str, seed: int) -> tuple[dict[str, Any], float]:
    """Run one seed of an experiment on one thread; return what it measured, and its seconds.

    It needs nothing but the two arguments, so it can run in a process of its own. One thread,
    because the models are small, and because more threads add up numbers in another order.
    """
    run_one, _ = find(name)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    start = time.perf_counter()
    try:
        value = run_one(seed)
    finally:
        torch.set_num_threads(threads)
    return value, round(time.perf_counter() - start, 1)


def check(name: str, folder: Path = RESULTS, within: float = 0.0) -> tuple[bool, list[str]]:
    """Compute the first stored seed again, and compare.

    If it is equal, the stored result counts as made with today's code.

    Args:
        within: the relative difference that counts as equal. On another processor sums round
            differently, and training makes that grow.
    Returns:
        whether the two are equal; lines that say what was found.
    Raises:
        ResultError: for an unknown name, or a missing or damaged file.
    """
    run_one, _ = find(name)
    path = folder / f"{name}.json"
    if not path.is_file():
        raise ResultError(f"{name!r} is not stored yet; compute it: {COMMAND} {name}")
    result = read_result(path)
    seed = result["seeds"][0]
    value, seconds = compute_seed(name, seed)
    found = differences(result["values"][0], json.loads(json.dumps(value)), within)
    line = f"{name}: seed {seed} again, {seconds} s: "
    if found:
        return False, [f"{line}{len(found)} numbers differ", *(f"  {text}" for text in found[:5])]
    result["made_with"]["code"] = made_with(run_one)["code"]
    save_result(path, result)
    return True, [f"{line}equal"]


def _alike(stored: Any, now: Any, within: float) -> bool:
    numbers = isinstance(stored, int | float) and isinstance(now, int | float)
    return numbers and math.isclose(stored, now, rel_tol=within, abs_tol=min(within, NEARLY_0))


def differences(stored: Any, now: Any, within: float = 0.0, where: str = "") -> list[str]:
    """Where two measured values differ; what is called "seconds" differs in every run."""
    if isinstance(stored, dict) and isinstance(now, dict):
        if stored.keys() != now.keys():
            return [f"{where}: stored {list(stored)}, now {list(now)}"]
        places: Any = [key for key in stored if key != "seconds"]
    elif isinstance(stored, list) and isinstance(now, list):
        if len(stored) != len(now):
            return [f"{where}: {len(stored)} items stored, now {len(now)}"]
        places = range(len(stored))
    else:
        if stored == now or _alike(stored, now, within):
            return []
        return [f"{where}: stored {stored!r}, now {now!r}"]
    found = []
    for place in places:
        found += differences(stored[place], now[place], within, f"{where}/{place}")
    return found
