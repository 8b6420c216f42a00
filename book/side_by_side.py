"""Several jobs side by side on the cores that there are, the longest first.

The build of the book, `make notebooks` and `make test` share this file, and with it one decision
about threads: a process that runs a chapter computes on one thread. The models of this course are
small. On two threads they are hardly faster on a quiet machine, and fall to a fifth of their speed
as soon as another program, or the next chapter, wants the core; and a sum cut in another number of
parts may end in other digits. So the cores are used by several processes.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import psutil

# PyTorch reads the first; the linear algebra below NumPy and SciPy one of the others.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
MEMORY_EACH = 2e9  # bytes: no chapter has been seen above 1.5e9
QUIET_S = 60  # without a line for so long, one says what is still running


class Finished(NamedTuple):
    """A job that has ended, well or not."""

    name: str
    result: Any
    error: Exception | None
    seconds: float


def workers() -> int:
    """How many jobs run at once: one a core, as far as the free memory goes.

    `WORKERS` in the environment decides instead (`make book WORKERS=1`).

    Raises:
        ValueError: if WORKERS is not a whole number from 1.
    """
    if wanted := os.environ.get("WORKERS"):
        if not wanted.isdecimal() or int(wanted) < 1:
            raise ValueError(
                f"WORKERS={wanted} must be a whole number from 1, for example WORKERS=1"
            )
        return int(wanted)
    mine = getattr(os, "sched_getaffinity", None)  # a container may hold fewer cores than there are
    cores = len(mine(0)) if mine else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available // MEMORY_EACH)))


def longest_first(names: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
    """The order in which the last job ends soonest; those never timed come first, as they stand."""
    return sorted(names, key=lambda name: -seconds.get(name, float("inf")))


def side_by_side(
    jobs: Mapping[str, Callable[[], Any]],
    at_once: int,
    stop: Callable[[], None] = lambda: None,
    quiet: Callable[[], None] = lambda: None,
) -> Iterator[Finished]:
    """Do jobs in their order, some at once, and yield each when it ends.

    Args:
        jobs: name -> what to do. It runs in a thread of its own: work that computes belongs in a
            process that the job starts.
        at_once: how many run at the same time.
        stop: called when the caller is interrupted or gives up; it must make running jobs end.
        quiet: called each time that a minute passes without a job's end.
    """
    pool = ThreadPoolExecutor(at_once)
    waiting, running = list(jobs), {}  # running: future -> name and when it began
    last = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                name = waiting.pop(0)
                running[pool.submit(jobs[name])] = name, time.monotonic()
            # Short waits, because on Windows a long one does not hear Ctrl-C.
            done, _ = wait(running, timeout=1, return_when=FIRST_COMPLETED)
            for future in done:
                name, began = running.pop(future)
                last = time.monotonic()
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield Finished(name, None if error else future.result(), error, last - began)
            if time.monotonic() - last > QUIET_S:
                quiet()
                last = time.monotonic()
    finally:
        if running:
            stop()
        pool.shutdown(wait=True, cancel_futures=True)


def remembered(path: Path) -> dict[str, float]:
    """The seconds that each job took the last time; empty where nothing is known."""
    try:
        return {str(name): float(took) for name, took in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(path: Path, name: str, seconds: float) -> None:
    """Keep the seconds of a job for the order of the next time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(remembered(path) | {name: round(seconds, 1)}, indent=1) + "\n")
