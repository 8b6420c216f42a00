"""A stored notebook shows numbers, sources and claims; the book still takes them from its run."""

import copy
import json
import re
import sys
from pathlib import Path

import pytest
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "book")]
from build import for_print  # noqa: E402
from claim_links import boxes_for_links  # noqa: E402
from readable import glued_numbers, make_readable, readable, roles, with_claims  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOURCES = parse_file(str(ROOT / "book" / "references.bib"), "bibtex")
GLUED = {"counting-best": "0.42 (0.40 to 0.44)", "counting-other": "7"}
WRITTEN = [
    ("It is {glue:text}`counting-best` bits.", "It is 0.42 (0.40 to 0.44) bits."),
    ("{cite:t}`devlin2019` say so.", "Devlin et al. (2019) say so."),
    ("So {cite:p}`shannon1948,bengio2003`.", "So (Shannon 1948; Bengio et al. 2003)."),
    ("{cite:t}`rehurek2025`", "Řehůřek (2025)"),
    ("See it ({numref}`fig-counting-floor`).", "See it (figure above)."),
    ("It falls ({numref}`fig-counting-floor`, left).", "It falls (figure above, left)."),
    ("(of 9; {numref}`fig-counting-floor`)", "(of 9; figure above)"),
    ("In {numref}`fig-counting-floor` all fall.", "In the figure above all fall."),
    ("({numref}`fig-counting-floor` has one.)", "(the figure above has one.)"),
]


def seen(text: str) -> str:
    """The text without its tags, as a reader sees it."""
    return re.sub(r"<[^>]+>", "", text)


@pytest.mark.parametrize(("plain", "shown"), WRITTEN)
def test_a_role_is_shown_and_comes_back(plain: str, shown: str) -> None:
    text = readable(plain, GLUED, SOURCES)
    assert seen(text) == shown
    assert roles(text) == plain
    assert readable(text, GLUED, SOURCES) == text  # a second time changes nothing


def test_a_new_run_brings_new_numbers() -> None:
    text = readable("{glue:text}`counting-best`", GLUED, SOURCES)
    assert seen(readable(text, GLUED | {"counting-best": "0.5"}, SOURCES)) == "0.5"


def test_two_roles_on_a_line_stay_two() -> None:
    plain = "{glue:text}`counting-best` and {glue:text}`counting-other`"
    assert roles(readable(plain, GLUED, SOURCES)) == plain


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="glues 'counting-bset'; it glues counting-best, counting"):
        readable("{glue:text}`counting-bset`", GLUED, SOURCES)
    with pytest.raises(ValueError, match=r"references.bib has no source 'markov2013'; add it"):
        readable("{cite:p}`markov2013`", GLUED, SOURCES)


def test_a_claim_has_its_words_and_still_becomes_a_box() -> None:
    line = "[Claim C03](../book/verdicts.md#claim-c03)"
    claims = {"C03": {"words": "It all started: in 2013", "verdict": "wrong"}}
    text = with_claims(line, claims)
    assert text == f"{line}: “It all started: in 2013” **Wrong.**"
    assert with_claims(text, claims) == text
    assert boxes_for_links(text) == boxes_for_links(line) == "```{claim} C03\n```\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stored_notebook_shows_its_own_run(path: Path) -> None:
    """No number, source or claim in the text differs from the stored outputs and the book."""
    notebook = json.loads(path.read_text("utf-8"))
    fresh = copy.deepcopy(notebook)
    make_readable(fresh, ROOT / "book")
    assert glued_numbers(notebook)
    for before, after in zip(notebook["cells"], fresh["cells"], strict=True):
        assert before["source"] == after["source"], "run `make notebooks-text`"


def test_links_of_the_printed_book_stay_inside_it() -> None:
    page = '<a href="book/intro.html#a">b</a><span class="bibtex-citation" id="id1">c</span>'
    assert for_print(page) == '<a href="#a">b</a><span class="bibtex-citation">c</span>'
