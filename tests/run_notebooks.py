"""Every notebook as a learner elsewhere runs it: in an empty folder, with only the wheel installed.

Builds the wheel, installs it with what it declares (and nothing of the book's tools) in an
environment of its own, copies each notebook into a folder of its own and runs nbval there. Every
code cell runs; the cells tagged ``nbval-check-output`` are compared with the stored outputs.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
HOME = BUILD / "wheel-venv"
EMPTY = BUILD / "empty"
# What checks the notebooks; everything else comes in because the wheel asks for it.
CHECKERS = ("nbval", "pytest", "ipykernel")
LIMIT_S = 75


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
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    # The same versions as the book, but only those that the wheel or nbval asks for.
    pins = BUILD / "pins.txt"
    pins.write_text(
        (ROOT / "requirements.txt").read_text() + (ROOT / "constraints.txt").read_text()
    )
    pip = [python, "-m", "pip", "-q", "--disable-pip-version-check", "install"]
    status = run(*pip, "-c", pins, wheel, *CHECKERS)
    status = status or run(*pip, "--force-reinstall", "--no-deps", wheel)
    if status:
        sys.exit("The wheel could not be installed with what it declares.")
    return python


def report(results: Path, notebooks: list[Path]) -> None:
    """Print the seconds of each notebook and how many of its cells are compared."""
    seconds: dict[str, float] = {}
    for case in ElementTree.parse(results).iter("testcase"):
        name = Path(case.get("file") or case.get("classname", "").replace(".", "/")).stem
        seconds[name] = seconds.get(name, 0.0) + float(case.get("time", 0))
    total = compared = 0
    print(f"\n{'notebook':28s} {'cells':>6s} {'compared':>9s} {'seconds':>8s}")
    for path in notebooks:
        cells = [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
        checked = sum("nbval-check-output" in c["metadata"].get("tags", []) for c in cells)
        took = seconds.get(path.stem, float("nan"))
        late = f"  over the {LIMIT_S} s that a page may take" if took > LIMIT_S else ""
        print(f"{path.stem:28s} {len(cells):6d} {checked:9d} {took:8.1f}{late}")
        total, compared = total + len(cells), compared + checked
    print(f"{'all':28s} {total:6d} {compared:9d} {sum(seconds.values()):8.1f}", flush=True)
    print(f"{compared} of {total} code cells are compared ({compared / total:.0%})", flush=True)


def main() -> int:
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    python = install_wheel()
    shutil.rmtree(EMPTY, ignore_errors=True)
    for path in notebooks:
        (EMPTY / path.stem).mkdir(parents=True)
        shutil.copy(path, EMPTY / path.stem)
    # Nothing of the repository may be found: no PYTHONPATH, no settings, no other kernels.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER"))}
    environment = {**clean, "PATH": f"{python.parent}{os.pathsep}{clean['PATH']}"}
    where = "import bertgpt; print('==> The notebooks run on', bertgpt.__file__)"
    status = run(python, "-c", where, cwd=EMPTY, env=environment)
    results = BUILD / "nbval.xml"
    nbval = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "300"]
    quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", EMPTY]
    xml = [f"--junitxml={results}", "-o", "junit_family=xunit1"]
    command = [python, "-m", "pytest", *nbval, *quiet, *xml, "--durations=5", EMPTY]
    status = status or run(*command, cwd=EMPTY, env=environment)
    if results.exists():
        report(results, notebooks)
    return status


if __name__ == "__main__":
    sys.exit(main())
