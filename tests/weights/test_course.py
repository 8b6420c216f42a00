"""The course's own models: whole, small, and as good as their cards say."""

import json
from math import log2
from pathlib import Path

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS, tiny
from bertgpt.corpora.documents import Corpus, Document
from bertgpt.gpt import GPT
from bertgpt.toyland import toyland
from bertgpt.toyland.lengths import lengths
from bertgpt.training import course as training_course
from bertgpt.training import texts as training_texts
from bertgpt.training.held_out import floors, left_to_right, one_gap
from bertgpt.training.measured import first
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import BERT_RECIPE, GPT_RECIPE
from bertgpt.training.stories import TEST_SEED, draw_stories, toyland_config
from bertgpt.training.texts import parts_of, real_texts
from bertgpt.weights import course
from bertgpt.weights.course import (
    CHECKPOINTS,
    course_card,
    course_folder,
    course_model,
    course_names,
)
from bertgpt.weights.files import WEIGHTS, digest

NAMES = course_names()


def test_there_are_models_and_together_they_are_small() -> None:
    assert "toyland-gpt" in NAMES
    assert sum(f.stat().st_size for f in CHECKPOINTS.rglob("*") if f.is_file()) <= 12e6


@pytest.mark.parametrize("name", NAMES)
def test_a_card_tells_what_its_model_is(name: str) -> None:
    card, model = course_card(name), course_model(name)
    assert card["sha256"] == digest(course_folder(name) / WEIGHTS)
    assert isinstance(model, GPT if card["settings"]["model"] == "gpt" else BERT)
    assert not model.training
    assert next(model.parameters()).dtype == torch.float32
    assert sum(p.numel() for p in model.parameters()) == card["parameters"]
    for key in ("corpus", "licence", "attribution", "steps", "seconds", "measured", "curve"):
        assert card[key], key
    assert card["steps"] == card["settings"]["training"]["steps"] == card["curve"][-1]["step"]
    assert name in training_course.RUNS
    if card["corpus"] == "Toyland":
        assert model.stack.cfg == toyland_config()


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("toyland")])
def test_a_model_is_as_far_above_the_floor_as_its_card_says(name: str) -> None:
    model, measured = course_model(name), course_card(name)["measured"]
    if isinstance(model, GPT):
        texts = first(draw_stories(2000, TEST_SEED), 200)
        bits = left_to_right(model, texts, SPECIAL_IDS, GPT_RECIPE).bits
        floor, told = floors(texts, gaps=False).left_to_right.bits, measured["next token"]
    else:
        texts = first(draw_stories(2000, TEST_SEED), 120)
        bits = one_gap(model, texts, SPECIAL_IDS, BERT_RECIPE).bits
        floor, told = floors(texts).one_gap.bits, measured["one gap"]
    # The card's own texts begin with these; the rest of them makes the difference.
    assert bits / floor - 1 == pytest.approx(told["excess"], abs=0.25 * told["excess"] + 0.01)
    assert bits > floor


def test_an_unknown_name_and_damaged_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"no model of the course is called 'x'; there are: toy"):
        course_model("x")
    with pytest.raises(ValueError, match="no model of the course is called 'x'"):
        course_card("x")
    folder = tmp_path / "toyland-gpt"
    folder.mkdir()
    for file in course_folder("toyland-gpt").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(course, "CHECKPOINTS", tmp_path)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"not the file that bertgpt\.json was written for"):
        course_model("toyland-gpt")
    (folder / "card.json").write_text("{")
    with pytest.raises(ValueError, match=r"card.json is damaged .* install the package again"):
        course_card("toyland-gpt")


def test_storing_rounds_first_and_measures_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertgpt.training import pretrain, texts

    monkeypatch.setattr(texts, "TEST_STORIES", 30)
    tiny = "--stories 300 --width 16 --layers 1 --heads 2 --batch 8 --steps 2 --every 1"
    runs = {"toyland-gpt": f"--model gpt {tiny}", "b": f"--model bert --begin toyland-gpt {tiny}"}
    monkeypatch.setattr(training_course, "RUNS", runs)
    monkeypatch.setattr(training_course, "NOT_STORED", {"toyland-gpt"})
    monkeypatch.setattr(training_course, "texts_of", lambda *_: texts.toyland_texts(300))
    place = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert training_course.main(place) == 0
    assert not (tmp_path / "out" / "toyland-gpt" / WEIGHTS).exists()  # its card alone
    card = json.loads((tmp_path / "out" / "b" / "card.json").read_text())
    assert card["settings"]["begins_as"] == digest(
        tmp_path / "runs" / "toyland-gpt" / "model" / WEIGHTS
    )
    assert {"one gap", "bound"} == card["measured"].keys()
    monkeypatch.setattr(course, "CHECKPOINTS", tmp_path / "out")
    assert course_names() == ["b"]
    model = course_model("b")
    again = one_gap(model, texts.toyland_texts(300).test, SPECIAL_IDS, BERT_RECIPE)
    assert again.bits == pytest.approx(card["measured"]["one gap"]["bits"], abs=1e-5)
    with pytest.raises(SystemExit):
        training_course.main(["nobody", *place])
    assert pretrain.main is not training_course.main


def test_the_bound_of_a_reader_who_knows_nothing_but_how_long_a_story_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training_texts, "TEST_STORIES", 30)
    texts = training_texts.toyland_texts(300)
    flat = BERT(tiny(texts.vocab_size, max_positions=96)).eval()
    torch.nn.init.zeros_(flat.stack.tokens.weight)  # every score is the bias, and that is 0
    words = [len(story) - 2 for story in texts.test]
    chances = lengths(toyland())
    bits = sum(n * log2(texts.vocab_size) - log2(chances[n]) for n in words)
    guesses = sum(words) + len(words)  # and the end of each, as GPT is asked
    bound = training_course.measured(flat, texts)["bound"]
    assert (bound["guesses"], bound["texts"]) == (guesses, 30)
    assert bound["bits"] == pytest.approx(bits / guesses, abs=1e-5)


def test_real_text_is_measured_by_the_byte() -> None:
    words = "the cat sat on a mat and saw the dog run to a hill where it lay in the sun".split()
    documents = tuple(
        Document(f"article {i}", " ".join(words[(i * j) % len(words)] for j in range(1, 150)))
        for i in range(1, 13)
    )
    corpus = Corpus("small", "none", "nobody", documents)
    texts = real_texts(corpus, 32, vocab_size=280)
    stack = tiny(texts.vocab_size, max_positions=32)
    gpt = training_course.measured(GPT(stack, texts.special).eval(), texts)
    bert = training_course.measured(BERT(stack, texts.special).eval(), texts)
    test = parts_of(corpus)[2]
    assert gpt["next token"]["bytes"] == sum(len(d.text.encode()) for d in test.documents)
    few, pieces = gpt[training_course.FEW], bert["bound"]
    assert few["texts"] == pieces["texts"] == len(texts.test) <= training_course.TEST_PIECES
    assert few["bytes"] == pieces["bytes"]
    for found in (*gpt.values(), *bert.values()):
        bits = found["bits"] * found["guesses"] / found["bytes"]
        assert found["bits a byte"] == pytest.approx(bits, rel=1e-4)
        assert found["bits"] == pytest.approx(log2(texts.vocab_size), rel=0.2)  # nothing learned


def test_some_pieces_are_taken_from_all_over_the_text() -> None:
    pieces = Ragged.of([[i] for i in range(10)])
    assert list(training_course.spread(pieces, 4)) == [[0], [2], [5], [7]]
    assert len(training_course.spread(pieces, 20)) == 10
