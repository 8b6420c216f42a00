"""A plugin for nbval: it waits for a cell as long as its process lives, and keeps what ran.

nbval gives up when a machine is busy: an output must arrive within 5 s, the first answer of a new
process within 10 s. Given more time it would wait as long for a process that was killed. So it asks
each second whether the process is there.

Of a notebook that passed it writes a copy with the outputs of this run beside it, so that the book
need not run the same cells again. `run_notebooks.py` puts this file beside the notebooks.
"""

from queue import Empty
from typing import Any

import nbformat
import pytest
from nbval.kernel import RunningKernel

ENDED = (
    "the notebook's Python process ended in this cell: it was killed, ran out of memory, or a "
    "library crashed"
)
RAN = ".ran.ipynb"  # how the name of the copy ends
_get_message = RunningKernel.get_message


def get_message(self: RunningKernel, stream: str, timeout: float | None = None) -> Any:
    """The next message, however long it takes.

    Raises:
        RuntimeError: if the process that would send it has ended.
    """
    while True:
        try:
            return _get_message(self, stream, timeout=1)
        except Empty:
            if not self.is_alive():
                raise RuntimeError(ENDED) from None


def ensure_iopub_up(self: RunningKernel) -> None:
    """Ask until outputs arrive: what is sent before the channel stands is lost."""
    while True:
        asked = self.kc.kernel_info()
        self.await_reply(asked)
        try:
            while _get_message(self, "iopub", timeout=5)["parent_header"].get("msg_id") != asked:
                pass
        except Empty:
            continue
        return


def pytest_configure() -> None:
    RunningKernel.get_message = get_message
    RunningKernel._ensure_iopub_up = ensure_iopub_up


def joined(outputs: list[Any]) -> list[Any]:
    """Outputs as a page shows them: what is printed piece by piece stands together."""
    whole: list[Any] = []
    for output in outputs:
        printed = output.output_type == "stream"
        if printed and whole and whole[-1].get("name") == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the outputs of notebooks of which every cell ran as it should."""
    if exitstatus:
        return
    for notebook in {cell.parent for cell in session.items}:
        cells = [cell for cell in session.items if cell.parent is notebook]
        if all(cell.test_outputs is not None for cell in cells):  # none was left out
            for cell in cells:
                cell.cell.outputs = joined(cell.test_outputs)
            nbformat.write(notebook.nb, notebook.path.with_suffix(RAN))
