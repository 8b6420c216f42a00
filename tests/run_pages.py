"""The built pages in real browsers: `tests/book` in as many parts as there are cores."""

import sys
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).parent.parent / "book")]
from run_all import PYTHON, run, together  # noqa: E402
from side_by_side import workers  # noqa: E402


def main() -> int:
    command = [PYTHON, "-m", "pytest", "-q", "-rs", "tests/book"]
    try:
        number = workers()
        jobs = {
            f"part {i}": partial(run, *command, f"--part={i}/{number}", show=False)
            for i in range(1, number + 1)
        }
        return together(jobs)
    except KeyboardInterrupt:
        print("\n==> Stopped")
        return 130
    except ValueError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
