"""A plugin for nbval: it waits for a cell as long as its process lives.

nbval gives up when a machine is busy: an output must arrive within 5 s, the first answer of a new
process within 10 s. Given more time it would wait as long for a process that was killed. So it asks
each second whether the process is there. `run_notebooks.py` puts this file beside the notebooks.
"""

from queue import Empty
from typing import Any

from nbval.kernel import RunningKernel

ENDED = (
    "the notebook's Python process ended in this cell: it was killed, ran out of memory, or a "
    "library crashed"
)
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
