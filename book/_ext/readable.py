"""Text of a notebook that reads well wherever it is opened, and still follows the run.

JupyterLab, Colab and GitHub do not know the book's roles: they show the name of a glued number, not
the number. So a stored notebook carries what a role stands for, and the role with it::

    <span data-role="{glue:text}`counting-markov-vv`">0.128</span>

`make notebooks` writes these from the plain roles that an author writes (:func:`readable`) and from
the outputs of the run; after a link to a claim it writes the claim's words and verdict. Before the
book parses a page, only the roles are left (:func:`roles`), so that a page that is built takes
each number from its own run.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from claim_links import LINE
from claims import VERDICTS
from pybtex.database import BibliographyData, parse_file
from sphinx.application import Sphinx

ROLE = re.compile(r"\{(glue:text|cite:[pt]|numref)\}`([^`]+)`")
SPAN = re.compile(r'<span data-role="([^"]+)">.*?</span>')


def roles(text: str) -> str:
    """Turn readable text back into what the author wrote.

    >>> roles('It is <span data-role="{glue:text}`a-b`">0.5</span>.')
    'It is {glue:text}`a-b`.'
    """
    return SPAN.sub(r"\1", text)


def readable(text: str, glued: Mapping[str, str], sources: BibliographyData) -> str:
    """Show what each role stands for: a number, a source, a figure.

    Args:
        text: of a cell, plain or made readable before.
        glued: name -> number, as the run stored them.
        sources: the book's bibliography.
    Raises:
        ValueError: if a name was not glued, or a source is not in the bibliography.
    """

    def shown(match: re.Match[str]) -> str:
        role, content = match.groups()
        if role == "numref":
            # Only the book has captions, and so numbers; there the role stands for "Fig. 3".
            before, after = match.string[: match.start()], match.string[match.end() :]
            bracketed = before.endswith(("(", "; ")) and after.startswith((")", ",", ";"))
            seen = "figure above" if bracketed else "the figure above"
        elif role == "glue:text":
            if content not in glued:
                raise ValueError(
                    f"no cell of this notebook glues {content!r}; it glues {', '.join(glued)}"
                )
            seen = glued[content]
        else:
            cited = [
                cite(key.strip(), sources, inside=role == "cite:p") for key in content.split(",")
            ]
            seen = "; ".join(cited)
            seen = f"({seen})" if role == "cite:p" else seen
        return f'<span data-role="{match[0]}">{seen}</span>'

    return ROLE.sub(shown, roles(text))


def cite(key: str, sources: BibliographyData, *, inside: bool) -> str:
    """Names and year: "Devlin et al. 2019" inside brackets, "Devlin et al. (2019)" in a sentence.

    Raises:
        ValueError: if the bibliography has no such key.
    """
    if key not in sources.entries:
        raise ValueError(f"references.bib has no source {key!r}; add it, or correct the key")
    entry = sources.entries[key]
    people = entry.persons.get("author", entry.persons.get("editor", []))
    names = [" ".join(map(str, [*p.rich_prelast_names, *p.rich_last_names])) for p in people]
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    who, year = who or entry.fields.get("title", key), entry.fields.get("year", "")
    return f"{who} {year}".strip() if inside else f"{who} ({year})"


def glued_numbers(notebook: Mapping[str, Any]) -> dict[str, str]:
    """The texts that the cells of a stored notebook glued, by name."""
    found = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if scrap := output.get("metadata", {}).get("scrapbook"):
                value = output["data"][scrap["mime_prefix"] + "text/plain"]
                found[scrap["name"]] = str(value).strip("'\"")
    return found


def with_claims(text: str, claims: Mapping[str, Mapping[str, str]]) -> str:
    """Put the words and the verdict of a claim after each line that is a link to it."""

    def line(match: re.Match[str]) -> str:
        claim = claims[match[1]]
        return (
            f"{match[0].partition(': ')[0]}: “{claim['words']}” **{VERDICTS[claim['verdict']]}.**"
        )

    return LINE.sub(line, text)


def make_readable(notebook: Mapping[str, Any], book: Path) -> None:
    """Rewrite the text cells of a notebook, in place; each source is one string or lines.

    Args:
        notebook: with the outputs of a run.
        book: the folder that holds references.bib and claims.yml.
    """
    glued, sources = glued_numbers(notebook), parse_file(str(book / "references.bib"), "bibtex")
    claims = {c["id"]: c for c in yaml.safe_load((book / "claims.yml").read_text("utf-8"))}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            whole = isinstance(cell["source"], str)
            text = cell["source"] if whole else "".join(cell["source"])
            text = with_claims(readable(text, glued, sources), claims)
            cell["source"] = text if whole else text.splitlines(keepends=True)


def _plain(app: Sphinx, docname: str, source: list[str]) -> None:
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = roles("".join(cell["source"])).splitlines(keepends=True)
    source[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.connect("source-read", _plain)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
