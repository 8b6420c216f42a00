"""A page of one extension, built by Sphinx alone: what it says, and the warnings."""

import re
from pathlib import Path
from types import SimpleNamespace

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils


def build(folder: Path, text: str, extension: str) -> SimpleNamespace:
    """Build a page of MyST Markdown with an extension of `book/_ext`: its html and the warnings."""
    conf = f'extensions = ["myst_parser", "{extension}"]\nhtml_theme = "basic"\n'
    (folder / "conf.py").write_text(conf, encoding="utf-8")
    (folder / "index.md").write_text(text, encoding="utf-8")
    with (
        docutils_namespace(),
        patch_docutils(folder),
        (folder / "warnings.txt").open("w", encoding="utf-8") as stream,
    ):
        app = Sphinx(folder, folder, folder / "out", folder / "tree", "html", status=None,
                     warning=stream)  # fmt: skip
        app.build()
    warnings = re.sub(r"\x1b\[[\d;]*m", "", (folder / "warnings.txt").read_text(encoding="utf-8"))
    html = (folder / "out" / "index.html").read_text(encoding="utf-8")
    return SimpleNamespace(html=html, warnings=warnings)
