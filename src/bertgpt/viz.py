"""What a notebook shows besides figures: numbers for the prose, and the package's own source."""

import inspect
import textwrap
from typing import Any

from IPython.display import Markdown, display


def glue(name: str, value: object) -> None:
    """Store a measured number under `name`, so that the page's prose can quote the run.

    The book puts it in with ``{glue:text}`name` ``. This is the output that ``myst_nb.glue``
    writes, without asking for the book's tools where only the notebook runs.

    Args:
        name: unique in the book, such as ``"counting-order5-bits"``.
        value: what the prose shows; give a formatted string to fix the digits.
    """
    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": value if isinstance(value, str) else repr(value)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def source(thing: Any) -> Markdown:
    """Show the source of a class or function of the package, as the page's own code looks.

    >>> "def source" in source(source).data
    True
    """
    text = textwrap.dedent(inspect.getsource(thing)).rstrip()
    return Markdown(f"```python\n{text}\n```")
