"""Data of the claim boxes and the verdicts page: complete, in order, with real sources."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from pybtex.database import parse_file

BOOK = Path(__file__).parents[1] / "book"
CLAIMS: list[dict[str, Any]] = yaml.safe_load((BOOK / "claims.yml").read_text(encoding="utf-8"))
SOURCES = parse_file(str(BOOK / "references.bib"), encoding="utf-8").entries
NEEDED = {"id", "part", "words", "verdict", "correction", "sources", "page", "evidence"}
OPTIONAL = {"words_from", "verdict_note"}
PAGES = {
    "01_counting", "02_words_as_vectors", "03_inside_the_word", "04_recurrence", "05_gates",
    "06_attention", "07_tokens", "08_self_attention", "09_the_transformer", "10_cost_and_depth",
    "11_bert", "12_gpt", "13_published_weights", "14_bert_is_not_gpt",
}  # fmt: skip
# The pages that are written: their claims need evidence.
WRITTEN = {path.stem for path in (BOOK.parent / "notebooks").glob("[0-9][0-9]_*.ipynb")}

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])


def test_all_claims_are_there_in_order():
    assert [claim["id"] for claim in CLAIMS] == [f"C{n:02d}" for n in range(1, 84)]


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CITATION.cff", "book/*.md"])
def test_pages_that_no_extension_writes_state_the_right_number(name):
    """In the book the role `claims-count` writes it; other files have it typed."""
    for path in BOOK.parent.glob(name):
        stated = re.findall(r"\b(\d+)\s+(?:claims|statements)\b", path.read_text(encoding="utf-8"))
        assert set(stated) <= {str(len(CLAIMS))}, path
        assert not stated or path.parent != BOOK, f"{path}: write {{claims-count}}`all`"


def test_tally_of_verdicts():
    tally = Counter(claim["verdict"] for claim in CLAIMS)
    assert tally == {"holds": 30, "qualified": 36, "wrong": 11, "undecided": 3, "opinion": 3}


@each_claim
def test_fields(claim):
    assert set(claim) >= NEEDED
    assert set(claim) <= NEEDED | OPTIONAL
    for field in ("part", "words", "correction", *OPTIONAL & set(claim)):
        assert isinstance(claim[field], str)
        assert claim[field].strip()
    assert claim["verdict"] in {"holds", "qualified", "wrong", "undecided", "opinion"}
    assert claim["page"] in PAGES


@each_claim
def test_texts_are_short(claim):
    assert len(claim["words"].split()) <= 20, "quote only what the verdict needs"
    sentences = re.split(r"(?<=[.?!:]) ", claim["correction"].strip())
    assert len(sentences) <= 4
    assert len(claim["correction"].split()) <= 70


@each_claim
def test_sources_exist(claim):
    assert claim["sources"]
    assert set(claim["sources"]) <= set(SOURCES)
    assert len(claim["sources"]) == len(set(claim["sources"]))


@each_claim
def test_evidence(claim):
    evidence = claim["evidence"]
    if claim["page"] in WRITTEN:
        assert evidence is not None, f"{claim['page']} is written, so {claim['id']} needs evidence"
    if evidence is None:
        return
    assert set(evidence) == {"page", "target", "kind"}
    assert evidence["page"] == f"notebooks/{claim['page']}"
    assert evidence["target"] == f"evidence-{claim['id'].lower()}"
    assert evidence["kind"] in {"measured", "documentary"}


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_can_be_found(key):
    entry = SOURCES[key]
    assert re.fullmatch(r"\d{4}[ab]?", entry.fields["year"])
    if entry.type not in {"book", "incollection"}:
        assert {"doi", "eprint", "url"} & set(entry.fields), "a DOI, an arXiv number or an address"
    assert not entry.fields.get("doi", "10.").startswith("http"), "the number alone"


def test_every_source_says_how_it_was_checked():
    """The lines above an entry are a comment: read, listed, or what could not be verified."""
    lines = (BOOK / "references.bib").read_text(encoding="utf-8").splitlines()
    bare = [line for before, line in pairwise(lines) if line[:1] == "@" and before[:1] != "%"]
    assert bare == []
