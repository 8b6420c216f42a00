"""The rules of CONTRIBUTING.md that a program can check, over all notebooks and pages of prose."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bertgpt.figures.style import COLOURS

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
UNSEEN = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
WIDEST = 84  # characters of a line of code or output: more are cut at 1400 px

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def is_seen(cell: dict[str, Any], kept_out: set[str]) -> bool:
    return not kept_out & set(cell["metadata"].get("tags", []))


def printed(cell: dict[str, Any]) -> Iterator[str]:
    """What a reader sees of the stored outputs as text: prints, reprs and listings of code."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text" in output:
            yield "".join(output["text"])
        elif "text/markdown" in data:
            yield "".join(data["text/markdown"])
        elif "text/plain" in data and "text/html" not in data:
            yield "".join(data["text/plain"])


def caption(cell: dict[str, Any]) -> str:
    return cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "")


def without_code(text: str) -> str:
    """Prose as it is read: no fenced blocks, code, formulas, targets of links or tags."""
    text = re.sub(r"(?ms)^(```+|~~~+)(?!\{(?:note|tip|exercise|solution)).*?^\1\s*$", "", text)
    text = re.sub(r"(?s)\$\$.*?\$\$|\$[^$\n]+\$", " ", text)
    text = re.sub(r"</?[a-zA-Z][^<>\n]*>", " ", text)
    text = re.sub(r"\{[\w:-]+\}`[^`\n]*`|``.+?``|`[^`\n]*`", " ", text)
    return re.sub(r"(?<=\])\([^)]*\)|^\([\w-]+\)=$", "", text, flags=re.MULTILINE)


def whole_text(path: Path) -> str:
    """The text cells and captions of a notebook, or a page of the book, as they are stored."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    texts = [
        source(cell) if cell["cell_type"] == "markdown" else caption(cell)
        for cell in cells_of(path)
    ]
    return "\n\n".join(texts)


def prose(path: Path) -> str:
    """All that a notebook says in words, or the text of a page of the book."""
    return without_code(whole_text(path))


def fences(text: str) -> Iterator[str]:
    """The insides of fenced blocks that are not directives."""
    for found in re.finditer(r"(?ms)^(```+)[\w-]*\n(.*?)^\1\s*$", text):
        yield found[2]


# ---------------------------------------------------------------- what fits on the screen


def too_wide(path: Path) -> list[str]:
    """Lines of code or output that a reader sees and that are cut, as 'cell: line'."""
    found = []
    for cell in cells_of(path):
        texts = []
        if cell["cell_type"] == "markdown":
            texts += list(fences(source(cell)))
        if cell["cell_type"] == "code" and is_seen(cell, FOLDED):
            texts.append(source(cell))
        if cell["cell_type"] == "code" and is_seen(cell, UNSEEN):
            texts += list(printed(cell))
        lines = [line.rstrip() for text in texts for line in text.splitlines()]
        found += [f"{cell['id']}: {line}" for line in lines if len(line) > WIDEST]
    return found


@each_notebook
def test_no_line_of_code_or_output_is_cut(path):
    assert too_wide(path) == []


def foreign_colours(path: Path) -> set[str]:
    """Colours in the figures that are none of the style's: they fit one theme and not the other."""
    outputs = (output for cell in cells_of(path) for output in cell.get("outputs", []))
    drawn = ("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    figures = (html for html in drawn if 'class="bg-figure"' in html)
    used = {colour for html in figures for colour in re.findall(r"(?:fill|stroke): ?(#\w+)", html)}
    return used - {*COLOURS}


@each_notebook
def test_figures_have_no_colour_that_only_one_theme_can_show(path):
    """A legend's frame is white unless it is left out; its words then vanish in the dark."""
    assert foreign_colours(path) == set()


LONG = "x = " + "1 + " * 20 + "1"  # 85 characters


def code(text: str, *tags: str, prints: str = "") -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": prints}
    outputs = [output] if prints else []
    cell = {"cell_type": "code", "id": "c", "source": text, "outputs": outputs}
    return cell | {"metadata": {"tags": list(tags)}}


def text(words: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "t", "source": words, "metadata": {}}


@pytest.fixture
def page(tmp_path):
    """A notebook of the cells given."""

    def write(*cells: dict[str, Any]) -> Path:
        path = tmp_path / "01_tiny.ipynb"
        path.write_text(json.dumps({"cells": list(cells)}), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (code(LONG), 1),
        (code(LONG[:-4]), 0),
        (code(LONG, "hide-input"), 0),
        (code("x", prints=LONG + "\n" + LONG), 2),
        (code("x", "hide-input", prints=LONG), 1),
        (code("x", "remove-cell", prints=LONG), 0),
        (text(f"A line of prose may be long. {LONG}"), 0),
        (text(f"```python\n{LONG}\n```"), 1),
    ],
)
def test_what_counts_as_cut(page, cell, found):
    assert len(too_wide(page(cell))) == found


# ---------------------------------------------------------------- questions before answers

BOX = re.compile(r"^>\s*\*\*(?!What we saw)[^*]+\*\*", re.MULTILINE)


def given_away(path: Path) -> list[str]:
    """Cells that assert something between a prediction box and the output that answers it."""
    found, asked = [], False
    for cell in cells_of(path):
        if cell["cell_type"] == "markdown":
            asked = bool(BOX.search(source(cell)))
        elif asked and is_seen(cell, FOLDED):
            if re.search(r"^\s*assert\b", source(cell), re.MULTILINE):
                found.append(cell["id"])
            asked = False
    return found


@each_notebook
def test_no_assertion_answers_a_prediction_before_its_output(path):
    assert given_away(path) == []


ASKS = text("Some words.\n\n> **Before you run it.** Which?")


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([ASKS, code("x = 1\nassert x == 1")], 1),
        ([text("> **Before you read on.** Which?"), code("assert 1")], 1),
        ([ASKS, code("assert 1", "hide-input"), code("print(1)"), code("assert 1")], 0),
        ([ASKS, text("A sentence."), code("assert 1")], 0),
        ([text("> **What we saw.** This."), code("assert 1")], 0),
        ([ASKS, code("print('assert')  # asserted below")], 0),
    ],
)
def test_what_counts_as_given_away(page, cells, found):
    assert len(given_away(page(*cells))) == found


# ---------------------------------------------------------------- one form of interval

# 0.61 [0.58, 0.64], 0.61 (0.58, 0.64), 0.61 (0.58-0.64), 0.61 ± 0.03
NUMBER = r"[-−+]?\d[\d,]*(?:\.\d+)?\s?%?"  # noqa: RUF001 - a minus sign is one of the two
OTHER_FORMS = re.compile(
    rf"{NUMBER}\s*\[\s*{NUMBER}\s*(?:,|;|to|–|-)\s*{NUMBER}\s*\]"  # noqa: RUF001
    rf"|{NUMBER}\s*\(\s*{NUMBER}\s*(?:,|;|–|-)\s*{NUMBER}\s*\)"  # noqa: RUF001
    rf"|{NUMBER}\s*(?:±|\+/-)\s*{NUMBER}"
)


def other_intervals(path: Path) -> list[str]:
    """Intervals that are not written 0.61 (0.58 to 0.64), in words and in outputs."""
    texts = [prose(path)]
    if path.suffix == ".ipynb":
        for cell in cells_of(path):
            if cell["cell_type"] == "code" and is_seen(cell, UNSEEN):
                texts += list(printed(cell))
    return [found[0] for text in texts for found in OTHER_FORMS.finditer(text)]


@pytest.mark.parametrize(
    "path", [*NOTEBOOKS, *sorted(BOOK.glob("*.md"))], ids=lambda path: path.stem
)
def test_intervals_have_one_form(path):
    assert other_intervals(path) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a share of 0.61 (0.58 to 0.64)", False),
        ("0.61 [0.58, 0.64]", True),
        ("61 % (58 %, 64 %)", True),
        ("2.31 ± 0.04 bits", True),
        ("a number in [0, 1], the list [3, 4] and the shape (2, 3)", False),
    ],
)
def test_what_counts_as_another_form(text, is_one):
    assert bool(OTHER_FORMS.search(text)) is is_one


# ---------------------------------------------------------------- one form of per cent

GLUED = re.compile(r'<span data-role="[^"]+">.*?</span>|\{[\w:-]+\}`[^`\n]*`')


def spaced_percents(text: str) -> list[str]:
    """Places where an author typed 15 % for 15%; a number that a run brings counts as 0."""
    typed = without_code(GLUED.sub("0", text))
    return [typed[max(0, m.start() - 30) : m.end() + 10] for m in re.finditer(r"\d %", typed)]


@pytest.mark.parametrize(
    "path",
    [*NOTEBOOKS, *sorted(BOOK.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"],
    ids=lambda path: path.stem,
)
def test_per_cent_has_one_form(path):
    assert spaced_percents(whole_text(path)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("15 % of the words", 1),
        ("15% of the words, `5 % 3`, and\n```python\n7 % 5\n```\n", 0),
        ('12 to <span data-role="{glue:text}`a-b`">15</span> % above', 1),
        ("{glue:text}`a-b` % above", 1),
        ('<span data-role="{glue:text}`a-b`">8.8 % (1.8 to 19.6)</span>', 0),
    ],
)
def test_what_counts_as_another_form_of_per_cent(text, found):
    assert len(spaced_percents(text)) == found


# ---------------------------------------------------------------- first used

ENTRY = re.compile(r"^### (?P<term>.+)\n\n(?P<text>(?:.+\n)+)", re.MULTILINE)
FIRST_USED = re.compile(r"First used in \[\]\(\.\./notebooks/(\w+)\.ipynb\)")


def anchor(term: str) -> str:
    """The target of a heading, as links name it."""
    return re.sub(r"[^\w\- ]", "", term.lower()).replace(" ", "-")


def terms() -> dict[str, str]:
    """Terms of the glossary with the page that is said to use them first."""
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    pages = {entry["term"]: FIRST_USED.search(entry["text"]) for entry in ENTRY.finditer(text)}
    return {term: page[1] for term, page in pages.items() if page}


def uses(path: Path, term: str) -> bool:
    """Whether the page links to the term, or has its words."""
    text = "\n".join(source(c) for c in cells_of(path) if c["cell_type"] == "markdown")
    words = re.escape(re.sub(r"s$", "", term)).replace(r"\ ", r"[\s-]+")
    return f"glossary.md#{anchor(term)})" in text or bool(
        re.search(rf"(?i)\b{words}(?:e?s)?\b", prose(path))
    )


@pytest.mark.parametrize("term", terms())
def test_the_page_that_is_said_to_use_a_term_first_uses_it(term):
    page = ROOT / "notebooks" / f"{terms()[term]}.ipynb"
    assert page.exists()
    assert uses(page, term)


@pytest.mark.parametrize("term", terms())
def test_no_earlier_page_links_to_a_term(term):
    link = f"glossary.md#{anchor(term)})"
    earlier = [path for path in NOTEBOOKS if path.stem < terms()[term]]
    assert [path.stem for path in earlier if link in path.read_text(encoding="utf-8")] == []
