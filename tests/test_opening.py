"""The first page: its sentence comes from the stored models, its numbers from cards and results."""

import re
import sys
from pathlib import Path

import pytest
import torch
from matplotlib.text import Annotation

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))

import nbformat
import opening
from readable import glued_numbers
from small_pages import build
from test_pages_rules import BOOK, ROOT

from bertgpt.evaluation.results import load_result
from bertgpt.figures.opening_drawing import two_readers
from bertgpt.toyland import toyland
from bertgpt.training.stories import toyland_vocab
from bertgpt.weights.course import course_card

PAGE = (BOOK / "intro.md").read_text(encoding="utf-8")
# A number of the first page: the linked page that shows it, and the name it has there.
ALSO_ON = {
    "gpt-minutes": ("12_gpt", "gpt-minutes"),
    "gpt-above": ("12_gpt", "gpt-excess"),
    "bound-15": ("11_bert", "bert-family-15"),
    "bound-all": ("11_bert", "bert-family-all"),
    "whole-bert": ("11_bert", "bert-writes-all"),
    "whole-gpt": ("11_bert", "bert-writes-gpt"),
    "sense-unmasked": ("11_bert", "bert-tuned-sense"),
    "mask-own": ("14_bert_is_not_gpt", "not-kept"),
    "mask-other": ("14_bert_is_not_gpt", "not-sight"),
    "gap-gpt": ("14_bert_is_not_gpt", "not-fill-gpt"),
    "gap-bert": ("14_bert_is_not_gpt", "not-fill-bert"),
}
MINI = """# Mini

It is {opening}`gpt-above` above.

```{opening-figure}
:name: fig-one
:alt: One sentence in two rows of boxes.
Two *readers*.
```
"""


@pytest.mark.filterwarnings("ignore")
def test_a_number_and_the_figure(tmp_path: Path) -> None:
    built = build(tmp_path, MINI, "opening")
    assert built.warnings == ""
    assert f"It is {opening.numbers()['gpt-above']} above." in built.html
    assert 'aria-label="One sentence in two rows of boxes."' in built.html
    assert "<em>readers</em>" in built.html
    assert 'id="fig-one"' in built.html
    assert "birthday" in built.html


@pytest.mark.filterwarnings("ignore")
def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    found = build(tmp_path, "# A\n\n{opening}`gpt-cost`\n", "opening").warnings
    assert re.search(
        r"no number of the first page is called 'gpt-cost'; there are: .*gpt-ab", found
    )


def test_every_name_on_the_page_is_known() -> None:
    used = set(re.findall(r"{opening}`([\w-]+)`", PAGE))
    assert len(used) > 10
    assert used <= set(opening.numbers()), used - set(opening.numbers())


def test_no_number_of_a_measurement_is_typed() -> None:
    """Years, the published 15 %, and how many findings and trainings there are may be."""
    text = PAGE.partition("## Five things")[2].partition("## The one picture")[0]
    text = re.sub(r"\[page \d+\]\([^)]*\)|{\w+}`[^`]*`|^ *%.*$|^\d\. ", "", text, flags=re.M)
    assert set(re.findall(r"\d[\d.,]*\d|\d", text)) <= {"15"}


def test_both_sides_settle_the_word_and_the_left_side_cannot() -> None:
    before, after = opening.BEFORE.split(), opening.AFTER.split()
    said = opening.sentence()
    exact = toyland().masked_word([*before, "it", *after], len(before))
    assert exact == {"it": 1.0}
    assert said["filled"] == pytest.approx(exact, abs=0.01)
    left = toyland().next_words(before)
    assert said["following"] == pytest.approx(left, abs=0.01)
    assert said["written"][0] == max(left, key=lambda word: left[word])
    printed = opening.as_printed(said["written"])  # refused, if it were not a whole story
    assert re.sub(r"[. ]", "", printed.lower()) == re.sub(r"[. ]", "", "".join(said["written"]))
    assert printed.endswith(".")


def test_numbers_follow_cards_and_results(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opening.numbers()
    excess = course_card(opening.GPT)["measured"]["next token"]["excess"]
    assert kept["gpt-above"] == f"{excess:.1%}"
    other = load_result("bert_writes")
    for value in other["values"]:
        value["GPT"]["whole"] = 1
    read = opening.load_result
    monkeypatch.setattr(opening, "load_result", lambda n: other if n == "bert_writes" else read(n))
    opening.numbers.cache_clear()
    assert opening.numbers()["whole-gpt"] == str(len(other["values"]))
    opening.numbers.cache_clear()


@pytest.mark.parametrize("name", ALSO_ON)
def test_the_linked_page_shows_the_same(name: str) -> None:
    page, glued = ALSO_ON[name]
    notebook = nbformat.read(ROOT / "notebooks" / f"{page}.ipynb", as_version=4)
    assert opening.numbers()[name] in glued_numbers(notebook)[glued].split(" to ")
    assert re.search(rf"{{opening}}`{name}`(?:(?!\n\d\.).)*{page}\.ipynb", PAGE, re.DOTALL)


def test_arrows_lead_from_what_is_read_to_the_gap() -> None:
    (axes,) = two_readers(
        ["to", "ruby"], ["was", "her", "day"], filled={"it": 1.0}, following={"she": 0.75},
        written=["she", "was"],
    ).axes  # fmt: skip
    arrows = [a for a in axes.texts if isinstance(a, Annotation)]
    assert len(arrows) == (2 + 3) + 2  # from both sides, and from the left only
    assert len({round(a.xy[0], 6) for a in arrows}) == 2
    assert all(a.xyann[0] < a.xy[0] for a in arrows[5:])
    shown = [text.get_text() for text in axes.texts]
    assert "it 100%" in shown
    assert "she 75%" in shown


def test_the_words_typed_on_the_page_are_those_of_the_picture() -> None:
    alt = re.search(r":alt: (.+)", PAGE)
    assert alt
    said, (n_before, n_after) = opening.sentence(), opening.SHOWN
    before, after = opening.BEFORE.split()[-n_before:], opening.AFTER.split()[:n_after]
    drawn = [before, after[:-1], [*said["filled"]], said["written"][1 : n_after - 1]]
    assert all(" ".join(words) in alt[1] for words in drawn), drawn
    assert f"next word, {said['written'][0]}," in alt[1]
    assert f"BERT sees *{' '.join(after[:-1])}*" in PAGE


def test_the_sentence_is_one_of_toyland() -> None:
    words = {*opening.BEFORE.split(), *opening.AFTER.split()}
    assert words <= set(toyland_vocab().words)
    assert torch.tensor(opening.SHOWN).min() > 0
