"""Python code that is on every machine that runs this: the standard library."""

import platform
import re
import sysconfig
from pathlib import Path

from bertgpt.corpora.documents import Corpus, Document

# Parts of the standard library that nobody wrote to be read: tests, tables, generated files.
_NOT_READ = re.compile(
    r"(?:^|/)(?:(?:site|dist)-packages|tests?|idlelib|lib2to3|encodings|turtledemo|pydoc_data)/"
    r"|^(?:_sysconfig|config-)"
)


def python_code(max_bytes: int | None = None) -> Corpus:
    """The standard library of the Python that runs this, one document per file, sorted by path.

    Another version of Python has another library, so numbers measured on it differ a little; the
    version is in the corpus' name and attribution. Tests, tables and generated files are left out.

    Args:
        max_bytes: stop before the file that would take the text over this size (in UTF-8); None
            takes every file.
    Returns:
        A corpus; a document's title is the file's path in the library.
    Raises:
        ValueError: if the library comes without source, or its first file is over the limit.
    """
    root = Path(sysconfig.get_path("stdlib"))
    named = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*.py"))
    documents: list[Document] = []
    size = 0
    for name, path in named:
        text = "" if _NOT_READ.search(name) else path.read_text("utf-8", errors="replace").strip()
        size += len(text.encode())
        if max_bytes is not None and size > max_bytes:
            break
        documents += [Document(name, text)] if text else []
    if not documents:
        raise ValueError(
            f"max_bytes={max_bytes} leaves no file of the library in {root}; give a higher limit, "
            "or use a Python that comes with its source (.py files)"
        )
    library = f"standard library of Python {platform.python_version()}"
    attribution = f"Python Software Foundation and contributors; {library}"
    return Corpus(f"The {library}", "PSF-2.0", attribution, tuple(documents))
