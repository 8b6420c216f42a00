"""Blocks that read as a quotation or a paragraph anywhere, and as a box in this book.

* A paragraph or block quote that opens with the bold words ``What we saw.`` gets the class
  ``what-we-saw``.
* A block quote that opens with any other bold words, such as ``Before you run it.``, is a
  prediction box: the page's script puts a field for a guess into it.
* Screen readers announce the entries of the bibliography as a list.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

RESULT = "What we saw."


class block(nodes.General, nodes.Element):  # type: ignore[misc]  # noqa: N801
    """An HTML element of any name: ``tag``, and ``html`` with its further attributes."""


def _visit(translator: Any, node: block) -> None:
    html = {name: value for name, value in node.get("html", {}).items() if value is not None}
    translator.body.append(translator.starttag(node, node.get("tag", "div"), "", **html))


def _depart(translator: Any, node: block) -> None:
    translator.body.append(f"</{node.get('tag', 'div')}>\n")


def _nothing(translator: Any, node: block) -> None:
    """Other builders show only the children."""


def bold_opening(node: nodes.Element) -> str | None:
    """The bold words that the node's text begins with; None where it begins otherwise."""
    # MyST puts an empty text before bold words that open a paragraph.
    first = next((child for child in node.children if child.astext()), None)
    if isinstance(node, nodes.block_quote) and isinstance(first, nodes.paragraph):
        return bold_opening(first)
    return first.astext().strip() if isinstance(first, nodes.strong) else None


class Boxes(SphinxTransform):
    """Turns the marked quotations and paragraphs into boxes."""

    default_priority = 500

    def apply(self, **_: Any) -> None:
        for quote in list(self.document.findall(nodes.block_quote)):
            words = bold_opening(quote)
            if words == RESULT:
                quote["classes"].append("what-we-saw")
            elif words:
                box = block(tag="div", html={"role": "note", "aria-label": "Prediction"})
                box["classes"] += ["prediction"]
                box.source, box.line = quote.source, quote.line
                box += quote.children
                quote.replace_self(box)
        for paragraph in self.document.findall(nodes.paragraph):
            inside = isinstance(paragraph.parent, nodes.block_quote)
            if bold_opening(paragraph) == RESULT and not inside:
                paragraph["classes"].append("what-we-saw")


def _page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    # Sphinx's role for an entry is deprecated, and not one that a list may hold.
    if body := context.get("body"):
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def _same_on_one_page(app: Sphinx) -> None:
    # Sphinx gives a builder the handlers of its format only when no extension named the builder
    # itself. sphinx-exercise names singlehtml, so that there the nodes of all others are unknown.
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = {**handlers.get("html", {}), **handlers.get("singlehtml", {})}


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    plain = (_nothing, _nothing)
    app.add_node(block, html=(_visit, _depart), latex=plain, text=plain, man=plain)
    app.add_transform(Boxes)
    app.connect("html-page-context", _page)
    app.connect("builder-inited", _same_on_one_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
