"""Texts that BERTs write from nothing, and a BERT that is trained further on a field."""

import math
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS, tiny
from bertgpt.experiments import adapting, bert_writes
from bertgpt.toyland import toyland
from bertgpt.training.stories import decode_story, draw_stories, toyland_vocab


def new_bert() -> BERT:
    torch.manual_seed(0)
    return BERT(tiny(len(toyland_vocab()), max_positions=96)).eval()


def test_the_field_is_toyland_with_words_in_other_places() -> None:
    ours, theirs = toyland(), adapting.field()
    assert set(ours.vocabulary) == set(theirs.vocabulary)
    assert set(theirs.classes["colour"]) == set(ours.classes["weather"])
    assert set(theirs.classes["treat"]) == set(ours.classes["vehicle"])
    assert theirs.classes["toy"] == ours.classes["toy"]


def test_a_reader_of_both_languages_mixes_them_by_what_each_says_of_the_text() -> None:
    words = decode_story(draw_stories(300, 11)[1])
    places = range(len(words))
    unsure = [i for i in places if max(toyland().masked_word(words, i).values()) < 0.5]
    for i in unsure[:2]:
        joint = adapting._joint(toyland(), words, i)
        whole = math.exp(toyland().log_probability(words))
        # a story's probability is so small that an absolute tolerance would let all pass
        assert joint[words[i]] == pytest.approx(whole, rel=1e-9, abs=0)
        exact = toyland().masked_word(words, i)
        total = sum(joint.values())
        assert {w: p / total for w, p in joint.items()} == pytest.approx(exact)
    assert adapting._joint(toyland(), ["anna", "anna", "anna"], 1) == {}


def test_who_is_not_told_the_language_can_know_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapting, "TEST", 6)
    adapting.exact_bits.cache_clear()
    adapting.exact_bits_of_both.cache_clear()
    for of_field in (True, False):
        told, untold = adapting.exact_bits(of_field), adapting.exact_bits_of_both(of_field)
        assert told <= untold < 1.5 * told
    adapting.exact_bits.cache_clear()
    adapting.exact_bits_of_both.cache_clear()


def test_a_bert_that_reads_a_field_comes_closer_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TEST": 3, "READ": 100, "LOOKS": (0, 30), "STORIES": 8}.items():
        monkeypatch.setattr(adapting, name, value)
    adapting.exact_bits.cache_clear()
    first, last = adapting._looks("field only", 0.0, 1e-3, seed=0)
    adapting.exact_bits.cache_clear()
    assert (first["step"], last["step"]) == (0, 30)
    assert last["field"] < 0.8 * first["field"]


def test_lengths_are_drawn_as_stories_have_them() -> None:
    drawn = bert_writes.drawn_lengths(3000, seed=1)
    told = [len(text) - 2 for text in draw_stories(2000, 11)]
    assert sum(drawn) / len(drawn) == pytest.approx(sum(told) / len(told), rel=0.02)
    assert {min(drawn), max(drawn)} <= set(range(min(told), 71))


def test_whole_stories_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    stories = draw_stories(300, 11)
    ids = stories.padded(range(4), SPECIAL_IDS.pad)
    broken = ids.clone()
    broken[0, 3] = broken[0, 2]
    assert bert_writes.whole([ids]) == 4
    assert bert_writes.whole([broken, ids]) == 7


def test_every_way_of_writing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"TEXTS": 4, "FEW": 2, "SWEEPS": 1, "AT_ONCE": 2}
    for name, value in small.items():
        monkeypatch.setattr(bert_writes, name, value)
    found = bert_writes.written(new_bert(), seed=0)
    assert {way: n["texts"] for way, n in found.items()} == {
        "left": 4, "right": 4, "random": 4, "confident": 4, "all at once": 4, "Gibbs": 4,
        "Gibbs, from stories": 2,
    }  # fmt: skip
    assert all(n["whole"] == 0 for n in found.values())  # it has learned nothing


def test_each_order_is_asked_for_and_a_walk_counts_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"TEXTS": 4, "FEW": 2, "AT_ONCE": 4}.items():
        monkeypatch.setattr(bert_writes, name, value)
    orders: list[str] = []
    stories = draw_stories(300, 11)

    def left_blank(model: BERT, ids: torch.Tensor, order: str, **_: object) -> SimpleNamespace:
        orders.append(order)
        return SimpleNamespace(ids=ids)

    def walk(model: BERT, ids: torch.Tensor, *_: object, **__: object) -> Iterator[torch.Tensor]:
        yield ids
        yield stories.padded(range(len(ids)), SPECIAL_IDS.pad)  # only its end is whole

    monkeypatch.setattr(bert_writes, "fill", left_blank)
    monkeypatch.setattr(bert_writes, "gibbs", walk)
    found = bert_writes.written(new_bert(), seed=0)
    assert orders == [*bert_writes.ORDERS, "together"]
    whole = {way: n["whole"] for way, n in found.items() if n["whole"]}
    assert whole == {"Gibbs": 4, "Gibbs, from stories": 2}
