"""Several seeds side by side, each in a process of its own."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any, TypeVar

from bertgpt.evaluation.results import ResultError

Item = TypeVar("Item")


def cores() -> int:
    """How many processes can compute at once on this machine."""
    mine = getattr(os, "sched_getaffinity", None)  # a container may hold fewer cores than there are
    return len(mine(0)) if mine else os.cpu_count() or 1


def side_by_side(
    compute: Callable[[int], Item], seeds: Sequence[int], at_once: int
) -> Iterator[tuple[int, Item]]:
    """Compute seeds, each in a fresh process, and yield each with its value when it is ready.

    When one fails, no other is begun; those that run are waited for, and then the error is raised.
    Who stops listening (Ctrl-C) ends those that run.

    Args:
        compute: importable by name, and so fit to be sent to another process.
        seeds: begun in this order.
        at_once: how many run at the same time.
    Raises:
        ResultError: if a process ends without a value: killed, or out of memory; or if `at_once`
            is below 1.
    """
    if at_once < 1:
        raise ResultError(f"--at-once {at_once} must be at least 1; leave it out for one a core")
    waiting, failed = list(seeds), None
    running: dict[Any, tuple[int, Any]] = {}  # where its value arrives -> seed, process
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                seed = waiting.pop(0)
                arrives, process = _begin(compute, seed)
                running[arrives] = seed, process
            ready: list[Any] = connection.wait(list(running), timeout=1)
            for arrival in ready:
                seed, process = running.pop(arrival)
                try:
                    value, error = arrival.recv()
                except EOFError:
                    value, error = None, _ended(seed, process)
                process.join()
                if error:
                    waiting, failed = [], failed or error
                else:
                    yield seed, value
        if failed:
            raise failed
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()


def _begin(compute: Callable[[int], Any], seed: int) -> tuple[Any, Any]:
    """Start a process; where its value will arrive, and the process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_compute, args=(compute, seed, sender))
    with _one_thread():
        process.start()
    sender.close()  # ours: when the process ends, the other end is seen to close
    return receiver, process


def _ended(seed: int, process: Any) -> ResultError:
    process.join()
    return ResultError(
        f"the process of seed {seed} ended with exit status {process.exitcode} and no value: it "
        "was killed, or the memory ran out. Finished seeds are stored; run the same command again, "
        "with --at-once 1 if memory is short"
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let a process that is started here use one thread in what reads it at import (OpenBLAS)."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before


def _compute(compute: Callable[[int], Any], seed: int, sender: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it decides
    try:
        sender.send((compute(seed), None))
    except Exception as error:
        error.add_note(f"In the process of seed {seed}:\n{traceback.format_exc()}")
        sender.send((None, error))
