"""A claim in a notebook: a plain link where the notebook is opened, a claim box in the book.

JupyterLab, Colab and GitHub do not know the ``{claim}`` directive and would show it as an error. So
a notebook writes, on a line of its own::

    [Claim C03](../book/verdicts.md#claim-c03)

and here each such line becomes the directive before the page is parsed. A stored notebook has the
claim's words and verdict after the link (`readable` writes them); the box has its own.
"""

import json
import re
from typing import Any

from sphinx.application import Sphinx

LINE = re.compile(
    r"^\[Claim (C\d\d)\]\(\.\./book/verdicts\.md#claim-(c\d\d)\)(?:: .*| *)$", re.MULTILINE
)


def boxes_for_links(text: str) -> str:
    """Replace each line that is a link to a claim by the directive that shows the claim.

    Raises:
        ValueError: if a link names one claim and leads to another.
    """

    def directive(match: re.Match[str]) -> str:
        name, anchor = match.groups()
        if name.lower() != anchor:
            raise ValueError(
                f"the link {match[0]!r} names claim {name} but leads to {anchor.upper()}; "
                "write the same number twice"
            )
        return f"```{{claim}} {name}\n```\n"

    return LINE.sub(directive, text)


def _expand(app: Sphinx, docname: str, source: list[str]) -> None:
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = boxes_for_links("".join(cell["source"]))
            cell["source"] = text.splitlines(keepends=True)
    source[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.connect("source-read", _expand)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
