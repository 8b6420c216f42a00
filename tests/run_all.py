"""`make test`: all that CI checks, from quick to slow, with the seconds of each step at the end.

`python tests/run_all.py unit` runs the steps that begin with this word.

A step that fails does not stop the next ones, so that one run shows all there is to mend. The jobs
of a step run side by side, as many as there are cores and each on one thread; what a job says is
printed when it ends. Tests that can be cut are cut in parts. Nothing is stopped for being slow: a
run above its budget is reported, and the budget is that of two quiet cores.

Each notebook runs once, from the wheel; the book shows what it put out there.
"""

import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
from side_by_side import (  # noqa: E402
    ONE_THREAD,
    longest_first,
    remember,
    remembered,
    side_by_side,
    workers,
)

PYTHON = sys.executable
TIMES = ROOT / "build" / "test-seconds.json"
# The files that take longest, for the first run of a fresh clone.
FIRST_TIMES = ROOT / "tests" / "seconds.json"
BUDGET_S = 600
QUICK = {
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
}
running: set["subprocess.Popen[bytes]"] = set()
writing = threading.Lock()  # the file of seconds is read and written again


def run(*command: str | Path, show: bool = True) -> int:
    """Run a command in the root; what it says is shown as it comes, or all of it at its end."""
    words = list(map(str, command))
    if show:
        return subprocess.run(words, cwd=ROOT, check=False).returncode
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    running.add(process)
    said, _ = process.communicate()
    running.discard(process)
    sys.stdout.write(said.decode("utf-8", "replace"))
    sys.stdout.flush()
    return process.returncode


def stop() -> None:
    """End what runs side by side."""
    for process in list(running):
        process.terminate()


def together(jobs: Mapping[str, Callable[[], int]]) -> int:
    """Run jobs side by side; 1 if one of them failed."""
    status = 0
    for number, done in enumerate(side_by_side(jobs, min(workers(), len(jobs)), stop), 1):
        if done.error:
            raise done.error
        status |= bool(done.result)
        verdict = "FAILED" if done.result else "passed"
        print(f"    {number} of {len(jobs)}: {done.name} {verdict} in {done.seconds:.0f} s")
    return status


def quick() -> dict[str, Callable[[], int]]:
    """Lint, format and types: through Python, which knows where its tools are on each system."""
    return {name: partial(run, PYTHON, "-m", *words, show=False) for name, words in QUICK.items()}


def unit_files() -> list[str]:
    """What the unit tests are cut into: files of tests, files with doctests."""
    files = [p for folder in ("tests", "src") for p in (ROOT / folder).rglob("*.py")]
    wanted = [
        path
        for path in files
        if path.name.startswith("test_") or ">>> " in path.read_text(encoding="utf-8")
    ]
    browser = ROOT / "tests" / "book"
    return [p.relative_to(ROOT).as_posix() for p in sorted(wanted) if browser not in p.parents]


def parts(names: Iterable[str], seconds: Mapping[str, float], number: int) -> list[list[str]]:
    """Deal names into parts that take about as long: the longest first, each to the shortest part.

    One that was never timed counts as a second.

    >>> parts("abcd", {"a": 5, "b": 2, "c": 2, "d": 1}, 2)
    [['a'], ['b', 'c', 'd']]
    """
    known = {name: seconds.get(name, 1.0) for name in names}
    dealt: list[list[str]] = [[] for _ in range(number)]
    for name in longest_first(known, known):
        min(dealt, key=lambda part: sum(known[each] for each in part)).append(name)
    return [part for part in dealt if part]


def seconds_of_files(results: Path) -> dict[str, float]:
    """The seconds of each test file, from what pytest wrote down."""
    seconds: dict[str, float] = {}
    for case in ElementTree.parse(results).iter("testcase"):
        name = Path(case.get("file", "")).as_posix()
        seconds[name] = seconds.get(name, 0.0) + float(case.get("time", 0))
    return seconds


def pytest_part(number: int, files: list[str]) -> int:
    """Run pytest on files, and remember each one's seconds."""
    results = ROOT / "build" / f"tests-{number}.xml"
    results.unlink(missing_ok=True)
    xml = [f"--junitxml={results}", "-o", "junit_family=xunit1"]
    status = run(PYTHON, "-m", "pytest", "-q", "-rs", *xml, *files, show=False)
    if results.exists():
        with writing:
            for name, took in seconds_of_files(results).items():
                remember(TIMES, name, took)
    return status


def unit() -> dict[str, Callable[[], int]]:
    """The unit tests in two parts for each core: one that ends early takes another."""
    seconds = remembered(FIRST_TIMES) | remembered(TIMES)
    dealt = parts(unit_files(), seconds, 2 * workers())
    return {
        f"unit tests, part {number} ({len(files)} files)": partial(pytest_part, number, files)
        for number, files in enumerate(dealt, 1)
    }


def wheel() -> dict[str, Callable[[], int]]:
    """The environment that the notebooks will run in: mostly waiting, so beside other work."""
    return {"wheel": partial(run, PYTHON, "tests/run_notebooks.py", "--install", show=False)}


def first() -> int:
    return together(quick() | unit() | wheel())


STEPS: tuple[tuple[str, Callable[[], int]], ...] = (
    ("lint, types, unit and parity tests", first),
    ("notebooks, from the wheel", partial(run, PYTHON, "tests/run_notebooks.py")),
    ("the book, strictly", partial(run, PYTHON, "book/build.py")),
    ("pages in a browser", partial(run, PYTHON, "tests/run_pages.py")),
)
ALONE = (("unit and parity tests", lambda: together(unit())),)  # when asked for by name


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    known = (*STEPS, *ALONE)
    steps = [step for step in known if step[0].startswith(wanted)] if wanted else STEPS
    if not steps:
        print(f"no step begins with {wanted!r}; there are: {'; '.join(name for name, _ in known)}")
        return 1
    rows = []
    for number, (name, step) in enumerate(steps, 1):
        print(f"\n==> [{number}/{len(steps)}] {name}", flush=True)
        began = time.monotonic()
        try:
            status = step()
        except KeyboardInterrupt:
            print("\n==> Stopped")
            return 130
        except ValueError as error:
            print(error)
            return 1
        rows.append((name, status, time.monotonic() - began))
    print(f"\n{'step':35s} {'seconds':>8s}")
    for name, status, seconds in rows:
        print(f"{name:35s} {seconds:8.0f}  {'FAILED' if status else 'passed'}")
    total = sum(seconds for *_, seconds in rows)
    late = f"  over the {BUDGET_S} s that two quiet cores need at most" if total > BUDGET_S else ""
    print(f"{'all':35s} {total:8.0f}{late}")
    failed = sum(bool(status) for _, status, _ in rows)
    print(f"\n{len(rows) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
