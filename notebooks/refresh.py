"""Run notebooks and keep their outputs in them.

`make notebooks` runs all of them side by side, `make notebooks NOTEBOOK=01` those that start so.
Numbers, sources and claims that the text names are then written out in it, so that it reads well
outside the book. After a change of text alone, `make notebooks-text` writes them out from the
stored run. A notebook may be edited while it runs: see `Refreshed`.
"""

import hashlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

FOLDER = Path(__file__).resolve().parent
BOOK = FOLDER.parent / "book"
RESULTS = FOLDER.parent / "src" / "bertgpt" / "results"
TIMES = FOLDER.parent / "_build" / "seconds.json"
sys.path[:0] = [str(BOOK), str(BOOK / "_ext")]
from chapters import Chapter, run_chapters  # noqa: E402
from readable import make_readable  # noqa: E402
from side_by_side import workers  # noqa: E402

TEXT_ONLY = "--text-only"
# What stands in the file where a view of BertViz would weigh a third of a megabyte.
INSTEAD = (
    "BertViz draws here when this cell is run, and `make book` draws it on the page.\n"
    "It is not stored in the file; the map of attention beside it shows the same weights."
)


def without_views(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Put a line of text in the place of each BertViz frame; all other outputs stay."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if 'class="bertviz-frame"' in output.get("data", {}).get("text/html", ""):
                output["data"] = nbformat.from_dict({"text/plain": INSTEAD})
    return notebook


def results_read(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """The stored results that a notebook reads, each with a digest of its file.

    They are found in the code: `load_result("wordsim")`; in an f-string, `{...}` stands for any.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    names = re.findall(r"load_result\(\s*f?[\"']([^\"']+)[\"']", code)
    files = {f for name in names for f in RESULTS.glob(re.sub(r"\{[^}]*\}", "*", name) + ".json")}
    return {f.stem: hashlib.sha256(f.read_bytes()).hexdigest()[:12] for f in sorted(files)}


def write_out(path: Path) -> None:
    """Write out what the text names, from the stored run."""
    notebook = nbformat.read(path, as_version=4)
    make_readable(notebook, BOOK)
    store(path, notebook)


class ChangedMeanwhileError(ValueError):
    """The notebook's code was edited while it ran: the outputs are not those of the file."""


def code_of(notebook: nbformat.NotebookNode) -> list[str]:
    """The source of each code cell, in order: all that a run depends on."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def with_outputs(latest: nbformat.NotebookNode, run: nbformat.NotebookNode) -> None:
    """Put the outputs of a run into the notebook as it now stands, whatever else was edited.

    Raises:
        ChangedMeanwhileError: if a code cell was edited, added, moved or taken out since.
    """
    if code_of(latest) != code_of(run):
        raise ChangedMeanwhileError("code cells were edited while the notebook ran: run it again")
    ran = iter([cell for cell in run.cells if cell.cell_type == "code"])
    for cell in latest.cells:
        if cell.cell_type == "code":
            done = next(ran)
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
    for key in ("language_info", "widgets"):
        if key in run.metadata:
            latest.metadata[key] = run.metadata[key]


def store(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook in one step: an interrupt leaves the old file or the new one."""
    unfinished = path.with_suffix(".part")
    nbformat.write(notebook, unfinished)
    os.replace(unfinished, path)


class Refreshed(Chapter):
    """A notebook whose file changes only when every cell has run.

    It is read again before it is written: text that was edited meanwhile stays, and where code was
    edited the file is left alone.
    """

    def run(self) -> None:
        """Run it and store its outputs.

        Raises:
            ChapterError: if it does not run to its end.
            ChangedMeanwhileError: if the code in the file is not the code that ran.
            ValueError: if the text names what the run does not give.
        """
        read = results_read(self.notebook)  # a result stored during the run was not read by it
        super().run()
        latest = nbformat.read(self.path, as_version=4)
        with_outputs(latest, self.notebook)
        make_readable(latest, BOOK)
        latest.metadata["results"] = read
        store(self.path, without_views(latest))


def refresh(path: Path) -> None:
    """Run one notebook and store its outputs; see :meth:`Refreshed.run`."""
    Refreshed(path).run()


def run_all(paths: Sequence[Path]) -> list[str]:
    """Run notebooks side by side; what is wrong with each that was left as it was."""
    failed = []
    for finished in run_chapters(paths, TIMES, min(workers(), len(paths)), Refreshed):
        if finished.error:
            print(f"\n{finished.error}\n", flush=True)
            failed.append(finished.error.short())
    return failed


def write_out_all(paths: Sequence[Path]) -> list[str]:
    """Write out the texts of notebooks; what is wrong with each that was left as it was."""
    failed = []
    for path in paths:
        try:
            write_out(path)
        except ValueError as error:
            failed.append(f"{path.name}: {error}")
    return failed


def main() -> int:
    wanted = [word for word in sys.argv[1:] if word != TEXT_ONLY] or [""]
    paths = [p for p in sorted(FOLDER.glob("*.ipynb")) if any(p.name.startswith(w) for w in wanted)]
    if not paths:
        names = ", ".join(p.stem for p in sorted(FOLDER.glob("*.ipynb")))
        print(f"No notebook starts with {' or '.join(wanted)}; there are: {names}")
        return 1
    try:
        failed = write_out_all(paths) if TEXT_ONLY in sys.argv else run_all(paths)
    except KeyboardInterrupt:
        print("\n==> Stopped. Notebooks that finished hold their new outputs.")
        return 130
    except ValueError as error:
        print(error)
        return 1
    if failed:
        print(f"==> {len(failed)} of {len(paths)} were left as they were:")
        print("\n".join("  * " + text for text in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
