"""Figures, numbers for the prose, and source code: the means of a notebook to fill its page."""

import html
import inspect
import io
import re
import textwrap
import warnings
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure
from matplotlib.text import Text

from bertgpt.figures.style import INK, STYLE


def show(figure: Figure, *, alt: str) -> HTML:
    """Turn a figure into inline SVG that follows the page's light or dark theme.

    Args:
        figure: any matplotlib figure drawn in the book's style.
        alt: what is seen, in a sentence or two, for readers who do not see it.

    Raises:
        ValueError: if `alt` says nothing.
    """
    if len(alt.split()) < 4:
        raise ValueError(
            f"alt={alt!r} does not say what is seen; write a sentence of at least four words"
        )
    for words in figure.findobj(Text):  # black unless they were given a colour: unseen in the dark
        if mpl.colors.same_color(words.get_color(), "black"):
            words.set_color(INK)
    buffer = io.StringIO()
    # Salted by its text: the same drawing gets the same ids, two on a page never share one.
    with mpl.rc_context({**STYLE, "svg.hashsalt": alt}), warnings.catch_warnings():
        # Letters stay letters in the SVG. Chinese or an emoji, which our font does
        # not have, the reader's browser has; only the width that we set aside for it is a guess.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    # Group names repeat in every figure, and a style sheet would reach out of it into the page.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"<style.*?</style>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', "", svg, count=1)
    text = html.escape(alt, quote=True)
    head = f'<svg role="img" aria-label="{text}" class="bg-figure" stroke-linejoin="round" '
    svg = svg.replace("<svg ", head, 1)
    # On a phone the figure scrolls inside its own box rather than shrinking out of sight; the box
    # takes the keyboard's focus, so that the arrow keys scroll it too.
    width = figure.get_figwidth() * 100
    box = f"max-width:{width:.0f}px;overflow-x:auto"
    svg = svg.replace("<svg ", f'<svg style="width:100%;min-width:{0.62 * width:.0f}px" ', 1)
    return HTML(f'<div class="bg-figure-box" tabindex="0" style="{box}">{svg}</div>')


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
        {f"{prefix}text/plain": repr(value)},  # the book reads it as a literal: '1.50' stays so
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def glue_all(prefix: str, values: Mapping[str, object]) -> None:
    """Store several numbers: ``glue_all("gates", {"error": "0.1"})`` glues ``gates-error``.

    Args:
        prefix: what all names of a page begin with.
        values: the rest of each name -> what the prose shows.
    """
    for name, value in values.items():
        glue(f"{prefix}-{name}", value)


def source(thing: Any) -> Markdown:
    """Show the source of a class or function of the package, as the page's own code records.

    >>> "def source" in source(source).data
    True
    """
    text = textwrap.dedent(inspect.getsource(thing)).rstrip()
    return Markdown(f"```python\n{text}\n```")
