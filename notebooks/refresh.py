"""Run notebooks and keep their outputs in them.

`make notebooks` runs all of them, `make notebooks NOTEBOOK=01` those that start so. Numbers, sources
and claims that the text names are then written out in it, so that it reads well outside the book.
After a change of text alone, `make notebooks-text` writes them out from the stored run.
"""

import hashlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parent
BOOK = FOLDER.parent / "book"
RESULTS = FOLDER.parent / "src" / "bertgpt" / "results"
sys.path.insert(0, str(BOOK / "_ext"))
from readable import make_readable  # noqa: E402

TEXT_ONLY = "--text-only"
# What stands in the file where a view of BertViz would weigh a third of a megabyte.
INSTEAD = (
    "BertViz draws here when this cell is run. It is not stored in the file; the map of attention "
    "beside it shows the same weights."
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


def refresh(path: Path) -> None:
    """Run one notebook from an empty folder; the file changes only when every cell ran.

    It is read again before it is written: text that was edited meanwhile stays, and where code was
    edited the file is left alone.

    Raises:
        ChangedMeanwhileError: if the code in the file is not the code that ran.
    """
    notebook = nbformat.read(path, as_version=4)
    read = results_read(notebook)  # before the run: a result stored meanwhile was not read by it
    began = time.monotonic()
    print(f"==> {path.name} ...", end=" ", flush=True)
    with tempfile.TemporaryDirectory() as empty:
        # No timestamps in the file: two runs with the same results differ in nothing.
        NotebookClient(
            notebook,
            timeout=None,
            iopub_timeout=600,
            startup_timeout=600,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": empty}},
        ).execute()
    latest = nbformat.read(path, as_version=4)
    with_outputs(latest, notebook)
    make_readable(latest, BOOK)
    latest.metadata["results"] = read
    store(path, without_views(latest))
    print(f"{time.monotonic() - began:.1f} s", flush=True)


def main() -> int:
    wanted = [word for word in sys.argv[1:] if word != TEXT_ONLY] or [""]
    step = write_out if TEXT_ONLY in sys.argv else refresh
    paths = [p for p in sorted(FOLDER.glob("*.ipynb")) if any(p.name.startswith(w) for w in wanted)]
    if not paths:
        names = ", ".join(p.stem for p in sorted(FOLDER.glob("*.ipynb")))
        print(f"No notebook starts with {' or '.join(wanted)}; there are: {names}")
        return 1
    for path in paths:
        try:
            step(path)
        except (CellExecutionError, ValueError) as error:
            print(f"stopped; {path.name} was left as it was\n{error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
