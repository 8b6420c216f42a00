"""Sphinx's part of a build, in a process of its own: `python book/pages.py BUILDER FOLDER`.

Every warning is an error, and all of them are shown. Where the system can, Sphinx works on several
pages at once. With `--stored` the pages show the outputs that the notebooks store, and say so.
"""

import argparse
import sys
from functools import cache
from pathlib import Path

import pybtex.plugin
import sphinx_multitoc_numbering
from jupyter_book.sphinx import build_sphinx
from side_by_side import workers
from sphinx.util.console import nocolor

ROOT = Path(__file__).resolve().parent.parent
STORED = (
    "These pages show the outputs that are stored with the chapters; nothing was run to make them. "
    "<code>make book</code> runs the chapters."
)


def remember_plugins() -> None:
    """Let pybtex look up each of its plugins once.

    For each citation it asks what is installed, and goes through every package to find out: in a
    book of 600 citations a third of the time that the pages take.
    """
    pybtex.plugin._load_entry_point = cache(pybtex.plugin._load_entry_point)


def read_side_by_side() -> None:
    """Say of the numbering of parts what it does not say itself: pages may be read side by side.

    It looks at the titles when all pages have been read; Sphinx brings them together before.
    """
    setup = sphinx_multitoc_numbering.setup
    sphinx_multitoc_numbering.setup = lambda app: {**(setup(app) or {}), "parallel_read_safe": True}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builder", choices=("html", "singlehtml"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stored", action="store_true")
    given = parser.parse_args()
    remember_plugins()
    read_side_by_side()
    settings = {
        "external_toc_path": str(ROOT / "_toc.yml"),
        "latex_individualpages": False,
        "nitpicky": True,
        "nb_execution_raise_on_error": True,
    }
    if given.stored:
        settings["nb_execution_mode"] = "off"
        settings["html_theme_options"] = {"announcement": STORED}
    watched = sys.stdout.isatty()
    if not watched:
        nocolor()
    status = build_sphinx(
        ROOT,
        given.folder / given.builder,
        noconfig=True,
        path_config=ROOT / "_config.yml",
        confoverrides=settings,
        builder=given.builder,
        warningiserror=True,
        keep_going=True,
        quiet=not watched,
        jobs=workers(),
    )
    return status if isinstance(status, int) else 1


if __name__ == "__main__":
    sys.exit(main())
