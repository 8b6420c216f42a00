"""`make test`: all that CI checks, from quick to slow, with the seconds of each step at the end.

A step that fails does not stop the next ones, so that one run shows all there is to mend.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent
STEPS = (
    ("lint", [f"{BIN}/ruff", "check", "."]),
    ("format", [f"{BIN}/ruff", "format", "--check", "."]),
    ("types", [f"{BIN}/mypy"]),
    ("unit and parity tests", [PYTHON, "-m", "pytest", "-q", "--ignore=tests/book"]),
    ("notebooks, from the wheel", [PYTHON, "tests/run_notebooks.py"]),
    ("the book, strictly", [PYTHON, "book/build.py"]),
    ("pages in a browser", [PYTHON, "-m", "pytest", "-q", "-rs", "tests/book"]),
)


def main() -> int:
    rows = []
    for number, (name, command) in enumerate(STEPS, 1):
        print(f"\n==> [{number}/{len(STEPS)}] {name}", flush=True)
        began = time.monotonic()
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        rows.append((name, status, time.monotonic() - began))
    print(f"\n{'step':30s} {'seconds':>8s}")
    for name, status, seconds in rows:
        print(f"{name:30s} {seconds:8.0f}  {'FAILED' if status else 'passed'}")
    failed = sum(bool(status) for _, status, _ in rows)
    print(f"\n{len(rows) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
