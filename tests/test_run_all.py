"""How `make test` deals its work, and how nbval waits."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import run_all
from nbformat import v4

ROOT = Path(__file__).resolve().parent.parent


def test_every_file_of_tests_is_dealt_once() -> None:
    files = run_all.unit_files()
    here = {p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob("test_*.py")}
    assert {file for file in files if Path(file).name.startswith("test_")} == {
        file for file in here if not file.startswith("tests/book/")
    }
    dealt = run_all.parts(files, {files[0]: 1e6}, 3)
    assert sorted(file for part in dealt for file in part) == sorted(files)
    assert [files[0]] in dealt, "the part that holds the longest file holds no other"


def test_a_fresh_clone_knows_the_files_that_take_longest() -> None:
    known = run_all.remembered(run_all.FIRST_TIMES)
    assert known
    assert set(known) <= set(run_all.unit_files()), "a file was renamed or removed"
    slowest = max(known, key=known.__getitem__)
    one, other = run_all.parts(run_all.unit_files(), known, 2)
    assert (slowest in one) != (slowest in other)


def test_fewer_files_than_parts() -> None:
    assert run_all.parts(["a"], {}, 4) == [["a"]]


def test_one_that_fails_fails_all_and_each_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_all.together({"good": lambda: 0, "other": lambda: 0}) == 0
    assert run_all.together({"good": lambda: 0, "bad": lambda: 3}) == 1
    said = capsys.readouterr().out
    assert "bad FAILED in 0 s" in said
    assert "good passed in 0 s" in said


def test_what_a_part_says_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code = "import os; print('threads', os.environ['OMP_NUM_THREADS']); raise SystemExit(2)"
    assert run_all.run(sys.executable, "-c", code, show=False) == 2
    assert capsys.readouterr().out == "threads 1\n"


def test_nbval_names_a_killed_process_and_waits_for_a_slow_one(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "nbval_patience.py", tmp_path / "conftest.py")
    slow = "import time; print(1, flush=True); time.sleep(2); print(2)"
    cells = [v4.new_code_cell(slow), v4.new_code_cell("import os; os._exit(9)")]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "page.ipynb")
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "1", "-q"]
    alone = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *alone, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout
    assert "the notebook's Python process ended in this cell" in done.stdout


def test_an_unknown_step_is_told_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_all.sys, "argv", ["run_all.py", "browsers"])
    assert run_all.main() == 1
    assert "no step begins with 'browsers'; there are: lint, " in capsys.readouterr().out


def test_one_step_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = (("lint", lambda: 0), ("unit tests", lambda: 1))
    monkeypatch.setattr(run_all, "STEPS", steps)
    monkeypatch.setattr(run_all.sys, "argv", ["run_all.py", "lint"])
    assert run_all.main() == 0
    assert "1 passed, 0 failed" in capsys.readouterr().out
    monkeypatch.setattr(run_all.sys, "argv", ["run_all.py"])
    assert run_all.main() == 1
    assert "1 passed, 1 failed" in capsys.readouterr().out
