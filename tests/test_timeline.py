"""The timeline's data are sound, its sources exist, and its picture holds every event."""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_file

BOOK = Path(__file__).parents[1] / "book"
sys.path.insert(0, str(BOOK / "_ext"))

from timeline import faults, in_words, picture, year_of  # noqa: E402

EVENTS = yaml.safe_load((BOOK / "timeline.yml").read_text(encoding="utf-8"))
GOOD = {"date": "1913", "short": "Markov", "text": "He counts.", "sources": ["markov1913"]}


def test_the_timeline_is_sound():
    assert faults(EVENTS) == []


def test_every_source_is_in_the_bibliography():
    known = set(parse_file(str(BOOK / "references.bib"), encoding="utf-8").entries)
    assert {key for event in EVENTS for key in event["sources"]} <= known


def test_other_dates_belong_to_claims_that_are_wrong_or_qualified():
    claims = yaml.safe_load((BOOK / "claims.yml").read_text(encoding="utf-8"))
    verdicts = {claim["id"]: claim["verdict"] for claim in claims}
    named = [event["claim"] for event in EVENTS if "claim" in event]
    assert named
    assert {verdicts[name] for name in named} <= {"wrong", "qualified"}


def test_dates_in_words_and_years():
    assert [in_words(d) for d in ("1948", "2014-09", "2018-10-11")] == [
        "1948", "Sep 2014", "11 Oct 2018",
    ]  # fmt: skip
    assert year_of("1948") == 1948.5
    assert year_of("2014-01") < year_of("2014-01-31") < year_of("2014-02") < year_of("2014-12")


def test_the_picture_is_well_formed_and_keeps_the_order():
    svg = ET.fromstring(picture(EVENTS))
    words = [element.text for element in svg.iter("text")]
    assert {event["short"] for event in EVENTS} <= set(words)
    dots = [float(dot.attrib["cy"]) for dot in svg.iter("circle")]
    assert len(dots) == len(EVENTS)
    assert dots == sorted(dots)
    assert len(list(svg.iter("rect"))) == sum("article" in event for event in EVENTS)
    assert svg.find("title") is not None
    assert svg.find("desc") is not None


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([], "must hold a list of events"),
        ([{"date": "1913", "short": "Markov"}], "event 1 .Markov.: text, sources missing"),
        ([GOOD | {"colour": "red"}], "colour unknown; allowed are date"),
        ([GOOD | {"date": "23 January 1913"}], "date is '23 January 1913'; write \"YYYY\""),
        ([GOOD | {"short": "M" * 40}], "its label has 40 letters of 34"),
        ([GOOD | {"article": "2013"}], "article and claim go together"),
        ([GOOD, GOOD | {"date": "1912"}], "1912 comes after 1913; the oldest goes first"),
    ],
)
def test_a_fault_says_what_was_given_and_what_is_allowed(events, message):
    (found,) = faults(events)
    assert re.search(message, found)
