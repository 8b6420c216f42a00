"""Wiki markup becomes what a reader of the article would read aloud."""

import pytest

from bertgpt.corpora.wikitext import prose, split_sentences

END = " and so the story goes on."  # makes a fragment a sentence of six words or more


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("'''Fog''' is a ''low'' [[cloud]]", "Fog is a low cloud"),
        ("[[Physics|the study of ''matter'']]s", "the study of matters"),
        ("[[a\nlong name]]", "a long name"),
        ("[[File:Fog.jpg|thumb|A [[cloud]] in [[London|town]]]]Fog", "Fog"),
        ("[[Category:Weather]][[fr:Brume]]Fog", "Fog"),
        ("[http://fog.example/a?b the page] and [//fog.example here]", "the page and here"),
        ("fog<ref>Ash, p. 3</ref> rose<ref name=a />, it<!-- check -->", "fog rose, it"),
        ("fog<ref name=a>{{cite book|title=[[Fog]]}}</ref>", "fog"),
        ("{{Infobox|a={{b|c}}|d=[[e]]}}Fog", "Fog"),
        ("fog{{citation needed|date=May 2016}}, it", "fog, it"),
        ("{{convert|3|km|mi}} by {{convert|5|to|6|km}}", "3 km by 5 to 6 km"),
        ("{{convert|5|ft|10|in|m|abbr=on}}", "5 ft 10 in"),
        ("{{convert|60|and(-)|80|kg}}", "60 and 80 kg"),
        ("{{convert|3|km|0|abbr=on}}", "3 km"),
        ("{{lang|la|nebula}} or {{lang-fr|brume|lit=mist}}", "nebula or brume"),
        ("{{as of|2014|lc=y}} and {{As of|2015|5}}", "as of 2014 and As of 2015"),
        ("Eagle{{'s}} 7{{nbsp}}legs {{nowrap|1=E = 2}}", "Eagle's 7 legs E = 2"),
        ("CO<sub>2</sub> and <span style='a'>mist</span>", "CO2 and mist"),
        ("AT&amp;T&nbsp;&ndash; a &lt; b", "AT&T - a < b"),
        ("\u201cfog\u201d, it\u2019s 3\u20134", '"fog", it\'s 3-4'),
        ("thick\u2014very", "thick - very"),
        ("fog ({{IPAc-en|f|o|g}}; {{lang-fr|brume}})", "fog (brume)"),
        ("fog ({{IPAc-en|f|o|g}}), it", "fog, it"),
        ("fog, {{IPA-fr|bʁym}}, it<br />rose", "fog, it rose"),
        ("a [[b and c]] and d]]", "a b and c and d"),
        ("e\u0301tude", "\u00e9tude"),
    ],
)  # fmt: skip
def test_markup_is_read_aloud(markup: str, said: str) -> None:
    assert prose(markup + END) == said + END


@pytest.mark.parametrize(
    "gone",
    [
        "== History of the fog, at length. ==\n",
        "{| class=wikitable\n|-\n| The fog rose high above the town.\n{|\n| Inner.\n|}\n|}\n",
        "* fog\n* mist, the thin kind of fog near water\n",
        "<gallery>\nFog.jpg|The fog rose high above the town.\n</gallery>\n",
        "It was thick.\n\n",  # too short
        "* Ash, A. ''Fog''. London: Mist and Sons. ISBN 0-00-000000-0.\n",
        "The height is <math>h = 2</math>, and nobody knows why.\n\n",
        "It rose by {{frac|1|2}}, and nobody knows why.\n\n",
    ],
)
def test_what_is_no_prose_is_left_out(gone: str) -> None:
    assert prose(f"{gone}Fog{END}") == f"Fog{END}"


def test_a_lost_formula_takes_its_own_sentence_alone() -> None:
    text = "The town lay in thick fog. Its height is <math>h</math> today. Nobody saw it come."
    assert prose(text) == "The town lay in thick fog. Nobody saw it come."


def test_sections_at_the_back_are_left_out_with_their_subsections() -> None:
    back = f"== References ==\nAsh{END}\n=== In print ===\nMist{END}\n"
    text = f"Fog{END}\n{back}== Kinds ==\nIce fog{END}"
    assert prose(text) == f"Fog{END}\n\nIce fog{END}"


def test_lines_join_to_paragraphs_and_items_stand_alone() -> None:
    text = f"Fog\nrose{END}\nIt stayed.\n\n* Ice fog{END}\n* Sea fog{END}\n:Thick{END}"
    parts = [f"Fog rose{END} It stayed.", f"Ice fog{END}", f"Sea fog{END}", f"Thick{END}"]
    assert prose(text) == "\n\n".join(parts)


def test_a_line_that_announces_a_list_stays() -> None:
    assert prose("There are three kinds of it:\n* ice\n* sea") == "There are three kinds of it:"


@pytest.mark.parametrize(
    "parts",
    [
        ["The fog rose.", "It stayed!", "Why?", "3 of us left."],
        ['He said "Go."', '"No," she said.'],
        ["(It rose.)", "[Then] it fell."],
        ["Dr. Ash of the U.S. Army met J. S. Bach, cf. Fig. 3, vol. 2 of Mist."],
        ["It is 3.5 m high, e.g. Here, e.g. in Ash, i.e. There."],
        ["It rose in the fog... and fell.", "Then it rained."],
    ],
)
def test_sentences_end_where_they_end(parts: list[str]) -> None:
    assert split_sentences(" ".join(parts)) == parts
