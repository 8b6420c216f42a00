"""How `make test` deals its work, and how nbval waits."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import run_all
import run_notebooks
import run_pages
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


def nbval(folder: Path, *code: str) -> str:
    """Run a notebook of these cells as `make test` does; return what pytest said."""
    shutil.copy(ROOT / "tests" / "nbval_plugin.py", folder / "conftest.py")
    cells = [v4.new_code_cell(text) for text in code]
    nbformat.write(v4.new_notebook(cells=cells), folder / "page.ipynb")
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "1", "-q"]
    alone = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *alone, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_nbval_names_a_killed_process_and_waits_for_a_slow_one(tmp_path: Path) -> None:
    slow = "import time; print(1, flush=True); time.sleep(2); print(2)"
    said = nbval(tmp_path, slow, "import os; os._exit(9)")
    assert "1 failed, 1 passed" in said
    assert "the notebook's Python process ended in this cell" in said
    assert not list(tmp_path.glob("*.ran.ipynb")), "a notebook that failed is not kept"


def test_the_book_shows_what_nbval_s_run_put_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "page"
    empty.mkdir()
    printed = "import os\nprint('one', flush=True)\nprint('two', flush=True)\n6 * 7"
    assert "1 passed" in nbval(empty, printed)
    ran = nbformat.read(empty / "page.ran.ipynb", as_version=4)
    both, result = ran.cells[0].outputs
    assert (both.name, both.text) == ("stdout", "one\ntwo\n")
    assert result.data["text/plain"] == "42"

    build = run_notebooks.build
    for name in ("ROOT", "BUILD"):
        monkeypatch.setattr(build, name, tmp_path)
    monkeypatch.setattr(build, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(run_notebooks, "EMPTY", tmp_path)
    path = Path(shutil.copy(empty / "page.ipynb", tmp_path))
    cache = build.get_cache(str(build.CACHE))
    assert not build.holds(cache, path)
    passed = run_notebooks.Checked(0, "", 1.0)
    assert run_notebooks.hand_on(path, passed) == passed
    assert build.holds(cache, path)
    kept = cache.get_cache_bundle(cache.match_cache_notebook(nbformat.read(path, 4)).pk)
    assert kept.nb.cells[0].outputs == ran.cells[0].outputs

    views = importlib.import_module("bertgpt.figures.bertviz_frame")
    with pytest.raises(views.MissingPackageError) as missing:
        views.folder_of("no_such_package")
    bare = nbformat.from_dict(ran)
    bare.cells[0].source += "  # a view"
    nbformat.write(bare, path)
    bare.cells[0].outputs = [v4.new_output("display_data", {"text/html": str(missing.value)})]
    nbformat.write(bare, empty / "page.ran.ipynb")
    assert run_notebooks.hand_on(path, passed) == passed
    assert "the book runs it again" in capsys.readouterr().out
    assert not build.holds(cache, path)

    ran.cells[0].outputs.append(v4.new_output("stream", name="stderr", text="a warning"))
    ran.cells[0].source += "  # another cell"
    nbformat.write(ran, empty / "page.ran.ipynb")
    nbformat.write(ran, path)
    assert run_notebooks.hand_on(path, passed).status == 1
    assert "wrote to stderr\n    | a warning" in capsys.readouterr().out
    assert not build.holds(cache, path)


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


@pytest.mark.parametrize("module", [run_all, run_notebooks, run_pages])
def test_a_wrong_number_of_workers_is_told_in_a_sentence(
    module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKERS", "0")
    monkeypatch.setattr(sys, "argv", [module.__file__])
    # Nothing is installed and nothing runs.
    monkeypatch.setattr(run_all, "STEPS", run_all.ALONE)
    monkeypatch.setattr(run_notebooks, "EMPTY", tmp_path / "empty")
    monkeypatch.setattr(run_notebooks, "install_wheel", lambda: Path(sys.executable))
    monkeypatch.setattr(run_notebooks, "run", lambda *command, **keywords: 0)
    monkeypatch.setattr(run_notebooks.build, "forget_stale_runs", lambda: None)
    assert module.main() == 1
    said = capsys.readouterr().out
    assert said.endswith("WORKERS=0 must be a whole number from 1, for example WORKERS=1\n")
