"""Run notebooks and keep their outputs in them.

`make notebooks` runs all of them, `make notebooks NOTEBOOK=01` those that start so. Numbers, sources
and claims that the text names are then written out in it, so that it reads well outside the book.
After a change of text alone, `make notebooks-text` writes them out from the stored run.
"""

import hashlib
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
    nbformat.write(notebook, path)


def refresh(path: Path) -> None:
    """Run one notebook from an empty folder; the file changes only when every cell ran."""
    notebook = nbformat.read(path, as_version=4)
    began = time.monotonic()
    print(f"==> {path.name} ...", end=" ", flush=True)
    with tempfile.TemporaryDirectory() as empty:
        # No timestamps in the file: two runs with the same results differ in nothing.
        NotebookClient(
            notebook,
            timeout=300,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": empty}},
        ).execute()
    make_readable(notebook, BOOK)
    notebook.metadata["results"] = results_read(notebook)
    nbformat.write(without_views(notebook), path)
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
