"""The build of the book, on a book of two chapters: what fails says so and runs again."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
try:
    side_by_side = importlib.import_module("side_by_side")
    chapters = importlib.import_module("chapters")
    whole_build = importlib.import_module("build")
finally:
    sys.path.remove(str(ROOT / "book"))

CONFIG = "title: mini\nexecute: {execute_notebooks: cache, timeout: -1, run_in_temp: true}\n"
TOC = "format: jb-book\nroot: intro\nchapters:\n- file: first\n- file: second\n"


def write_notebook(path: Path, *code: str) -> None:
    cells = [v4.new_markdown_cell(f"# {path.stem}"), *map(v4.new_code_cell, code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A book whose second chapter does what the file `fault` says, and notes each run."""
    for folder in ("book", "src"):
        (tmp_path / folder).mkdir()
    for file in (ROOT / "book").glob("*.py"):
        shutil.copy(file, tmp_path / "book")
    for name in ("requirements.txt", "constraints.txt", "models.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "intro.md").write_text("# Intro\n\nText.\n")
    write_notebook(tmp_path / "first.ipynb", "print('one', 6 * 7)")
    fault = (
        "import os, pathlib, signal, sys, time\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "with open(here / 'runs', 'a') as runs: print('.', end='', file=runs)\n"
        "fault = here / 'fault'\n"
        "exec(fault.read_text() if fault.exists() else '')\n"
        "print('two', 6 * 7)"
    )
    write_notebook(tmp_path / "second.ipynb", "'nothing yet'", fault)
    return tmp_path


def build(mini: Path, *options: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "book/build.py", *options],
        cwd=mini,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout + done.stderr


def page(mini: Path, name: str = "second", where: str = "html") -> str:
    path = mini / "_build" / where / f"{name}.html"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def runs(mini: Path) -> int:
    return len((mini / "runs").read_text())


def test_what_failed_runs_again_until_it_is_mended(mini: Path) -> None:
    (mini / "fault").write_text("raise ValueError('a slip')")
    for again in (1, 2):
        status, said = build(mini)
        assert status == 1
        assert runs(mini) == again
        assert "second.ipynb, code cell 2, `import os, pathlib, signal, sys, time`" in said
        assert "ValueError: a slip" in said
        assert "NOT built: 1 of 2 chapters failed" in said
        assert "What ran is kept (1 chapter)" in said
        assert "it runs only what failed" in said
        assert not list((mini / "_build").rglob("second.html"))
        assert ("2 chapters, 2" in said or "2 chapters, 1" in said) == (again == 1)
    (mini / "fault").unlink()
    status, said = build(mini)
    assert status == 0
    assert "chapter 1 of 1: second ... " in said
    assert "two 42" in page(mini)
    assert "one 42" in page(mini, "first")
    assert "a slip" not in page(mini)
    assert build(mini)[0] == 0
    assert runs(mini) == 3, "a chapter that has not changed ran again"


def test_the_last_good_pages_stay_when_a_chapter_fails(mini: Path) -> None:
    assert build(mini)[0] == 0
    (mini / "src" / "model.py").write_text("changed = True")
    (mini / "fault").write_text("raise ValueError('a slip')")
    status, said = build(mini)
    assert status == 1
    assert "The package has changed: every chapter will run again" in said
    assert "still those of the last good build, 20" in said
    assert "two 42" in page(mini)
    assert "a slip" not in page(mini)


def test_a_killed_process_is_named(mini: Path) -> None:
    (mini / "fault").write_text("os.kill(os.getpid(), signal.SIGKILL)")
    status, said = build(mini)
    assert status == 1
    assert "second.ipynb, code cell 2, `import os" in said
    assert "DeadKernelError: its Python process was killed (signal 9) in mid-cell" in said
    assert "WORKERS=1" in said
    (mini / "fault").write_text("os._exit(3)")
    assert "its Python process ended with exit status 3 in mid-cell" in build(mini)[1]
    (mini / "fault").unlink()
    assert build(mini)[0] == 0
    assert runs(mini) == 3


def test_a_warning_in_an_output_fails_and_is_gone_the_next_time(mini: Path) -> None:
    (mini / "fault").write_text("print('building a cache', file=sys.stderr)")
    status, said = build(mini)
    assert status == 1
    assert "code cell 2" in said
    assert "wrote to stderr\n    | building a cache" in said
    (mini / "fault").unlink()
    assert build(mini)[0] == 0


def test_a_slow_cell_is_no_fault(mini: Path) -> None:
    """The limit of the configuration, the only one that Sphinx would know, is not in force."""
    (mini / "_config.yml").write_text(CONFIG.replace("-1", "1"))
    (mini / "fault").write_text("time.sleep(3)")
    assert build(mini)[0] == 0
    assert "two 42" in page(mini)


def hears_interrupts() -> None:
    """What is started in the background of a script inherits that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_loses_what_runs_alone(mini: Path) -> None:
    (mini / "fault").write_text("(here / 'asleep').touch(); time.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "book/build.py"],
        cwd=mini,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "WORKERS": "2"},
        preexec_fn=hears_interrupts,
    )
    while not (list(mini.rglob("base.ipynb")) and (mini / "asleep").exists()):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Stopped. Chapters that finished are kept; the same command goes on." in said
    (mini / "fault").unlink()
    status, said = build(mini)
    assert status == 0
    assert "To run: 1 chapter (1 have not changed)" in said


def test_a_warning_of_sphinx_is_said_at_each_build(mini: Path) -> None:
    (mini / "intro.md").write_text("# Intro\n\n[](nowhere.md)\n")
    for _ in range(2):
        status, said = build(mini)
        assert status == 1
        assert "nowhere.md" in said
        assert "The chapters that ran are kept" in said
    assert runs(mini) == 1
    (mini / "intro.md").write_text("# Intro\n")
    assert build(mini)[0] == 0


def test_pages_of_a_build_that_failed_are_not_called_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_build, "BUILD", tmp_path)
    assert whole_build.last_good().startswith("There are no pages yet")
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").touch()
    assert "still those of the last good build, 20" in whole_build.last_good()
    (tmp_path / "begun").write_text("html")  # stays where Sphinx failed
    assert whole_build.last_good() == (
        "The pages in _build/html are those of a build that failed: do not rely on them."
    )


def test_a_browser_that_prints_nothing_leaves_no_old_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 7\n")
    browser.chmod(0o755)
    (tmp_path / "singlehtml" / "book").mkdir(parents=True)
    (tmp_path / "singlehtml" / "book" / "intro.html").touch()
    old = tmp_path / "why-bert-is-not-gpt.pdf"
    old.write_text("of last month")
    monkeypatch.setattr(whole_build, "BUILD", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert whole_build.print_pdf() == 7
    said = capsys.readouterr().out
    assert "chromium printed nothing" in said
    assert "The book as a PDF" not in said
    assert not old.exists()


def test_a_tag_that_changed_is_seen(mini: Path) -> None:
    assert build(mini)[0] == 0
    path = mini / "second.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].metadata["tags"] = ["remove-cell"]
    nbformat.write(notebook, path)
    assert build(mini)[0] == 0
    assert "two 42" not in page(mini)
    assert "nothing yet" in page(mini)


def test_what_an_interrupt_tore_runs_again(mini: Path) -> None:
    assert build(mini)[0] == 0
    (torn,) = (
        path for path in (mini / "_build").rglob("base.ipynb") if "two 42" in path.read_text()
    )
    for tear in (lambda: torn.write_text("{"), torn.unlink):
        tear()
        assert build(mini)[0] == 0
        assert "two 42" in torn.read_text()
    assert runs(mini) == 3


def test_read_runs_nothing_and_leaves_the_book_alone(mini: Path) -> None:
    path = mini / "second.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].outputs = [v4.new_output("stream", name="stdout", text="as it was stored")]
    notebook.cells[2].execution_count = 2
    nbformat.write(notebook, path)
    status, said = build(mini, "--read")
    assert status == 0
    assert "from stored outputs: nothing was run" in " ".join(said.split())
    assert "`make book` runs the chapters and draws them" in said
    assert "as it was stored" in page(mini, where="read/html")
    assert "nothing was run to make them" in page(mini, where="read/html")
    assert not (mini / "runs").exists()
    assert page(mini) == ""
    assert build(mini)[0] == 0
    assert "two 42" in page(mini)
    assert "as it was stored" not in page(mini)
    assert "nothing was run to make them" not in page(mini)


def test_chapters_compute_on_one_thread(mini: Path) -> None:
    (mini / "fault").write_text("print(sorted(v for k, v in os.environ.items() if 'THREADS' in k))")
    assert build(mini, OMP_NUM_THREADS="7")[0] == 0
    assert "'1', '1', '1', '1']" in page(mini).replace("&#39;", "'")
    assert "7" not in page(mini).partition("'1'")[2].partition("]")[0]


def test_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "3")
    assert side_by_side.workers() == 3
    for wrong in ("0", "-1", "many"):
        monkeypatch.setenv("WORKERS", wrong)
        with pytest.raises(ValueError, match=f"WORKERS={wrong} must be a whole number from 1"):
            side_by_side.workers()
    monkeypatch.delenv("WORKERS")
    assert side_by_side.workers() >= 1
    monkeypatch.setattr(side_by_side, "MEMORY_EACH", 1e18)  # no machine has room for two
    assert side_by_side.workers() == 1


def test_the_longest_goes_first_and_one_never_timed_before_all() -> None:
    assert side_by_side.longest_first("abc", {"a": 1, "c": 2}) == ["b", "c", "a"]
    assert side_by_side.longest_first("abc", {}) == ["a", "b", "c"]


def test_as_many_jobs_run_at_once_as_asked() -> None:
    now, most = [0], [0]

    def job(result: int) -> Callable[[], int]:
        def run() -> int:
            now[0] += 1
            most[0] = max(most[0], now[0])
            time.sleep(0.05)
            now[0] -= 1
            if result == 3:
                raise ValueError("three")
            return result

        return run

    done = list(side_by_side.side_by_side({str(i): job(i) for i in range(6)}, 2))
    assert most == [2]
    assert sorted(one.name for one in done) == list("012345")
    assert {one.name: one.result for one in done if not one.error} == {
        str(i): i for i in (0, 1, 2, 4, 5)
    }
    (failed,) = (one for one in done if one.error)
    assert (failed.name, str(failed.error)) == ("3", "three")
    assert all(one.seconds >= 0.05 for one in done)


def test_who_gives_up_stops_what_runs() -> None:
    stopped: list[bool] = []

    def wait() -> None:
        while not stopped:
            time.sleep(0.01)

    jobs = {"quick": lambda: None, "slow": wait, "never": lambda: stopped.append(False)}
    for done in side_by_side.side_by_side(jobs, 2, stop=lambda: stopped.append(True)):
        assert done.name == "quick"
        break
    time.sleep(0)  # the generator is closed when it is dropped
    assert stopped == [True]


def test_seconds_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "seconds.json"
    assert side_by_side.remembered(path) == {}
    side_by_side.remember(path, "a", 1.26)
    side_by_side.remember(path, "b", 2)
    assert side_by_side.remembered(path) == {"a": 1.3, "b": 2.0}
    for damaged in ("", "[]", '{"a": "long"}'):
        path.write_text(damaged)
        assert side_by_side.remembered(path) == {}


def test_a_notebook_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "torn.ipynb"
    path.write_text(json.dumps({"cells": []})[:-3])
    (finished,) = chapters.run_chapters([path], tmp_path / "seconds.json", 1)
    assert isinstance(finished.error, chapters.ChapterError)
    assert str(finished.error).startswith("torn.ipynb\n    NotJSONError: ")
