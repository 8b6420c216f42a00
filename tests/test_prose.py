"""Pages that run nothing: terms in order, addresses equal, every pinned package explained."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
PAGES = sorted([*BOOK.glob("*.md"), *BOOK.glob("api/*.md"), ROOT / "CONTRIBUTING.md"])
GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^### (.+)$", GLOSSARY, re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def test_terms_are_sorted_and_unique():
    plain = [re.sub(r"[^a-z0-9]+", " ", term.lower().replace("'", "")) for term in TERMS]
    assert plain == sorted(set(plain))


def test_every_term_is_explained_shortly():
    for entry in GLOSSARY.split("\n### ")[1:]:
        term, _, text = entry.partition("\n")
        assert 4 <= len(text.split()) <= 70, term


@each_page
def test_the_address_of_the_repository_is_the_same_everywhere(page):
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    owner = address.split("/")[3]
    found = re.findall(rf"https://github\.com/{owner}/[\w-]+", page.read_text(encoding="utf-8"))
    assert set(found) <= {address}


@each_page
def test_no_sentence_promises_ease(page):
    assert not re.search(r"(?<!\")\b(simply|obviously|easily)\b", page.read_text(), re.IGNORECASE)


def test_every_pinned_package_is_explained():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}
    table = (ROOT / "CONTRIBUTING.md").read_text().partition("## Dependencies")[2]
    explained = set(re.findall(r"^\| ([\w-]+) \|", table, re.MULTILINE)) - {"Package"}
    assert explained == pinned


def documented():
    """Each public function and class of the package that has a docstring, and its methods."""
    for path in sorted((ROOT / "src" / "bertgpt").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                yield f"{path.stem}.{node.name}", ast.get_docstring(node)


def test_no_returned_thing_is_described_as_a_type():
    """Napoleon reads what stands before a colon under `Returns:` as a type; the book then fails."""
    wrong = []
    for name, text in documented():
        first = re.search(r"^(?:Returns|Yields):\n\s+(.*)", text, re.MULTILINE)
        if first and re.search(r":\s", re.sub(r"`[^`]*`|\([^)]*\)", "", first[1])):
            wrong.append(f"{name}: {first[1]}")
    assert not wrong


def test_no_property_is_described_as_a_type():
    """Of a property Napoleon reads what stands before a colon in the first line as a type."""
    wrong = []
    for path in (ROOT / "src" / "bertgpt").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "property" in " ".join(
                map(ast.unparse, node.decorator_list)
            ):
                first = (ast.get_docstring(node) or "").split("\n")[0]
                if re.search(r":\s", re.sub(r"`[^`]*`|\([^)]*\)", "", first)):
                    wrong.append(f"{path.name}: {first}")
    assert not wrong


def test_no_example_is_wider_than_a_reference_page():
    """A block holds 85 characters at 1400 px; a longer line would have to be pushed sideways."""
    wide = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "src" / "bertgpt").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith((">>> ", "... ")) and len(line.strip()) > 85
    ]
    assert wide == []


def test_the_colophon_names_the_pages_that_read_each_text():
    """A page that begins to read a text must say so there: its licence asks for it."""
    colophon = (BOOK / "colophon.md").read_text(encoding="utf-8")
    used = {
        "English Wikipedia": "corpora.wikipedia(",
        "Python's standard library": "corpora.python_code(",
        "WordSim-353": "corpora.word_similarity(",
        "Questions of analogy": "corpora.analogies(",
        "Toyland": "toyland",
    }
    for text, call in used.items():
        row = next(line for line in colophon.splitlines() if line.startswith(f"| {text}"))
        named = {int(n) for n in re.findall(r"\d+", row.split("|")[2])}
        reading = {
            int(path.stem[:2])
            for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")
            if call in path.read_text(encoding="utf-8")
        }
        assert reading, f"no page has {call}"
        assert reading <= named, text
