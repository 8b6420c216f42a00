"""Words and turns that sound translated, each with what a native speaker writes instead.

The prose of notebooks and pages, and the docstrings, comments and messages of the package and of
the book's extensions, are read; quotations, code and formulas are not.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from test_pages_rules import BOOK, NOTEBOOKS, ROOT, prose

EVERYWHERE = {
    r"\banew\b": "again",
    r"\bbare eyes\b": "by eye",
    r"\bbehind (?:(?:an?|the|each|every) (?:last )?(?:word|token|letter|pair|line)|it\b)": "after",
    r"\bbelongs? into\b": "belongs in",
    r"\bbends?\b": "a non-linearity; applies tanh to",
    r"\bdearest\b": "most expensive",
    r"\bhas it\?": "does it have?",
    r"\bheld to (?:a|the|its|their)\b": "tested against",
    r"\bhelps? nothing\b": "does not help",
    r"\blacks?\b": "has no; does not have; is missing",
    r"\blittle text\b": "not much text",
    r"\bnot above warm-up\b": "gains from warm-up too",
    r"\bprivate picture\b": "a picture that nobody else uses",
    r"\breaders? of the left\b": "reads only what comes before",
    r"\bruns? an? road\b|\bthe road (?:from|to|of|between)\b": "leads a path",
    r"\bshares? of (?:the )?(?:right|correct)\b": "token accuracy; fraction of positions where",
    r"\bslopes? by\b": "gradient with respect to",
    r"\bstands? (?:there|on)\b": "is; appears",
    r"\btold before\b": "mentioned earlier",
    r"(?:^|(?<=[.!?] ))Who [^?.!]*[.!]": "A reader who ...",
}
IN_CODE = {
    r"(?<!let )(?<!left )(?<!were )(?<!never )\balone(?=\s*(?:[.,;:)\"]|$))": "only",
    r"\b(?:an?|one) \w+ an? \w+(?=[.,;:)])": "one ... per ...",
    r"\b(?:is|are|was|were) told\b": "is named in the message; says",
    r"\b(?:is|are|was|were) to be \w+": "target; should",
    r"\bcannot mean\b": "has an invalid",
    r"(?<!there )\bis no (?:word|mark|share|number|name|part|state|rule|token)\b": "is not a",
    r"\bstands?\b(?! for)|\bstood\b(?! for)": "is; appears; is placed",
    r"\bthe right ones?\b": "the correct",
    r"\bwhere \S.* is needed\b": "expected ..., got ...",
    r"\A(?:[rf]?\"{3})What (?!is wrong\?)": "a noun: 'Record of ...', 'Sizes and variants of ...'",
}
KINDS = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)}
SOURCES = sorted([*(ROOT / "src" / "bertgpt").rglob("*.py"), *(BOOK / "_ext").glob("*.py")])


def written(path: Path) -> Iterator[tuple[str, str]]:
    """Docstrings, comments and messages of a source, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type in KINDS:
            yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def claims() -> str:
    """The corrections; the article's own words are not ours to mend."""
    entries = yaml.safe_load((BOOK / "claims.yml").read_text(encoding="utf-8"))
    return "\n\n".join(f"{e['correction']} {e.get('verdict_note', '')}" for e in entries)


def events() -> str:
    entries = yaml.safe_load((BOOK / "timeline.yml").read_text(encoding="utf-8"))
    return "\n\n".join(f"{e['short']}. {e['text']}" for e in entries)


def hits(text: str, words: dict[str, str]) -> list[str]:
    """Each banned turn in the text with what comes around it, and what to write instead."""
    found = []
    for pattern, instead in words.items():
        for hit in re.finditer(pattern, text, re.MULTILINE):
            around = " ".join(text[max(0, hit.start() - 30) : hit.end() + 30].split())
            found.append(f"{' '.join(hit[0].split())!r} in '...{around}...': write {instead!r}")
    return found


PROSE = [*NOTEBOOKS, *sorted(BOOK.glob("*.md")), *sorted(BOOK.glob("api/*.md"))]
PROSE += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.stem)
def test_prose_is_native(path):
    # A hand-wrapped line is one with the next.
    paragraphs = re.sub(r"(?<!\n)\n(?!\n|[-*>|#])", " ", prose(path))
    assert hits(paragraphs, EVERYWHERE) == []


@pytest.mark.parametrize("text", [claims(), events()], ids=["claims", "timeline"])
def test_the_data_of_the_book_are_native(text):
    assert hits(text, EVERYWHERE) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_comments_and_messages_are_native(path):
    found = [
        f"{where}: {hit}"
        for where, text in written(path)
        for hit in hits(text, EVERYWHERE | IN_CODE)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_banned"),
    [
        ("Each text is drawn anew.", True),
        ("A word that the vocabulary lacks.", True),
        ("Who knows the rules is certain.", True),
        ("Who wrote it? Markov.", False),
        ("the score behind the word", True),
        ("the story behind the scenes", False),
        ("WordPiece carries `##`", False),
    ],
)
def test_the_list_knows_a_turn_when_it_sees_one(text, is_banned):
    assert bool(hits(text, EVERYWHERE)) is is_banned


@pytest.mark.parametrize(
    ("text", "is_banned"),
    [
        ('"""What one layer did."""', True),
        ('"needs weights alone"', True),
        ('"let alone"', False),
        ("# a row an event, the oldest first", True),
        ("# stands for any name", False),
        ('"where (B, T=7) is needed"', True),
    ],
)
def test_the_list_of_code_knows_a_turn_when_it_sees_one(text, is_banned):
    assert bool(hits(text, IN_CODE)) is is_banned
