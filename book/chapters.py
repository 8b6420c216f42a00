"""Run chapters: each notebook in a Python process of its own, several side by side.

`make book` and `make notebooks` run them here. No cell has a time limit: a slow machine makes a run
slow, never broken. What hangs for ever is stopped with Ctrl-C; chapters that finished are kept.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from side_by_side import ONE_THREAD, Finished, longest_first, remember, remembered, side_by_side

# How long a process may take to start, or to hand over its last output: a machine may be busy.
PATIENCE_S = 3600
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NOISE = "IPKernelApp"  # a kernel says at each start that its messages are not encrypted


class ChapterError(Exception):
    """A chapter that did not run to its end.

    Attributes:
        where: the chapter, its cell and the cell's first line.
        why: the error, and what to do where that is not plain.
        details: the traceback, or what the process said last.
    """

    def __init__(self, where: str, why: str, details: str = "") -> None:
        super().__init__(where, why, details)
        self.where, self.why, self.details = where, why, COLOURS.sub("", details)

    def __str__(self) -> str:
        indented = "".join(f"\n    | {line}" for line in self.details.splitlines())
        return f"{self.short()}{indented}"

    def short(self) -> str:
        """Without the details."""
        return "\n    ".join([self.where, *self.why.splitlines()])


class Chapter:
    """One notebook on its way from the file to its outputs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self.notebook = nbformat.read(path, as_version=4)
        self._client: NotebookClient | None = None
        self._cell = -1  # index of the cell that runs
        self._stopped = False
        self._traceback = ""
        self._ended: int | None = None  # the exit status of its process

    def run(self) -> None:
        """Run every cell in an empty folder, on one thread; the outputs stand in `notebook`.

        Raises:
            ChapterError: if a cell raises or writes to stderr, or its process ends.
        """
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            said = Path(folder) / "stderr"
            empty = Path(folder) / "empty"
            empty.mkdir()
            client = self._client = NotebookClient(
                self.notebook,
                timeout=None,
                startup_timeout=PATIENCE_S,
                iopub_timeout=PATIENCE_S,
                record_timing=False,  # two runs with the same results differ in nothing
                coalesce_streams=True,
                resources={"metadata": {"path": str(empty)}},
                on_cell_start=self._begins,
                on_cell_error=self._keep_traceback,
                on_notebook_error=self._look_at_process,
            )
            client.log.disabled = True  # what it would say stands in the error
            try:
                # The loop that Jupyter's sockets need, on Windows too; closed at the end.
                with (
                    said.open("wb") as stderr,
                    asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
                ):
                    # The Makefile sets the seed of hashes too; who builds without it sees the same.
                    environment = {**os.environ, **ONE_THREAD, "PYTHONHASHSEED": "0"}
                    runner.run(client.async_execute(env=environment, stderr=stderr))
            except CellExecutionError as error:
                what = f"{error.ename}: {error.evalue}"
                raise ChapterError(self.where(), what, self._traceback) from None
            except (DeadKernelError, RuntimeError) as error:
                lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
                tail = [line for line in lines if NOISE not in line][-20:]
                raise ChapterError(self.where(), self._death(error), "\n".join(tail)) from None

        self.complain()

    def complain(self) -> None:
        """A warning in a cell's output is a failure: a reader would find it on the page.

        It is found here and not when the page is written, so that the chapter is not kept: a
        warning may be due to the machine, and be gone the next time.

        Raises:
            ChapterError: if a cell wrote to stderr.
        """
        for index, cell in enumerate(self.notebook.cells):
            for output in cell.get("outputs", ()):
                if output.output_type == "stream" and output.name == "stderr":
                    self._cell = index
                    raise ChapterError(self.where(), "wrote to stderr", output.text)

    def stop(self) -> None:
        """End the process that runs the chapter, wherever it is."""
        self._stopped = True
        if process := self._process():
            process.kill()

    def where(self) -> str:
        """The cell that runs now, as a person finds it: its number and its first line."""
        if self._cell < 0:
            return f"{self.path.name}, before its first cell"
        cells = self.notebook.cells
        number = sum(cell.cell_type == "code" for cell in cells[: self._cell + 1])
        code = cells[self._cell].source.strip().splitlines()
        return f"{self.path.name}, code cell {number}, `{code[0] if code else ''}`"

    def _begins(self, cell: nbformat.NotebookNode, cell_index: int) -> None:
        if self._stopped:
            raise DeadKernelError("stopped")
        if cell.cell_type == "code":
            self._cell = cell_index

    def _keep_traceback(
        self, cell: nbformat.NotebookNode, cell_index: int, execute_reply: dict[str, Any]
    ) -> None:
        self._traceback = "\n".join(execute_reply["content"].get("traceback", ()))

    def _process(self) -> "subprocess.Popen[bytes] | None":
        manager = self._client and self._client.km
        return getattr(getattr(manager, "provisioner", None), "process", None)

    def _look_at_process(self, notebook: nbformat.NotebookNode) -> None:
        process = self._process()
        self._ended = process.poll() if process else None

    def _death(self, error: RuntimeError) -> str:
        if not isinstance(error, DeadKernelError):
            return f"its Python process did not start: {error}"
        status = self._ended
        how = "ended" if status is None else f"ended with exit status {status}"
        if status is not None and status < 0:
            how = f"was killed (signal {-status})"
        return (
            f"DeadKernelError: its Python process {how} in mid-cell\n"
            "It ran out of memory, a library crashed, or someone killed it. Close other programs, "
            "or run\none chapter at a time: set WORKERS=1 and run the same command again."
        )


def run_chapters(
    paths: Sequence[Path], times: Path, at_once: int, kind: type[Chapter] = Chapter
) -> Iterator[Finished]:
    """Run chapters side by side, the longest first, and print each one's seconds when it ends.

    Args:
        paths: of the notebooks.
        times: the file that remembers how long each took.
        at_once: how many run at the same time.
        kind: what is made of each path and run.
    Yields:
        The :class:`Chapter` as `result`; a ChapterError as `error` if it failed.
    """
    # A chapter is read when its turn comes: what is edited before then counts.
    begun: dict[str, Chapter] = {}

    def run(path: Path) -> Chapter:
        chapter = begun[path.stem] = kind(path)
        chapter.run()
        return chapter

    ended: set[str] = set()

    def stop() -> None:
        for name in begun.keys() - ended:
            begun[name].stop()

    def quiet() -> None:
        for name in sorted(begun.keys() - ended):
            print(f"    still running: {begun[name].where()}", flush=True)

    # On a new machine Matplotlib looks through the fonts once, and each chapter that meets it doing
    # so would warn of it.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=False)
    by_name = {path.stem: path for path in paths}
    order = longest_first(by_name, remembered(times))
    jobs = {name: partial(run, by_name[name]) for name in order}
    for number, finished in enumerate(side_by_side(jobs, at_once, stop, quiet), 1):
        ended.add(finished.name)
        failed = "FAILED after " if finished.error else ""
        line = (
            f"chapter {number} of {len(jobs)}: {finished.name} ... {failed}{finished.seconds:.0f} s"
        )
        print(line, flush=True)
        if not finished.error:
            remember(times, finished.name, finished.seconds)
        elif not isinstance(finished.error, ChapterError):
            what = f"{type(finished.error).__name__}: {finished.error}"  # such as: it is no JSON
            error = ChapterError(by_name[finished.name].name, what)
            finished = finished._replace(error=error)
        yield finished
