"""Gaps filled at once: what the exact reader loses is the total correlation."""

import math

import pytest
import torch
from framed_bert import FIRST, framed_bert, random_joint

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments import filled_at_once
from bertgpt.experiments.filled_at_once import (
    by_place,
    chosen,
    drawn_at_once,
    each_alone,
    exact_bits,
    exact_whole,
    filled,
    model_bits,
)
from bertgpt.toyland import MASK, toyland
from bertgpt.toyland.lengths import lengths
from bertgpt.training.stories import decode_story, draw_stories
from bertgpt.weights.course import course_model

STORIES = list(draw_stories(300, 77))
WORDS = decode_story(STORIES[0])


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_model_is_asked_one_by_one_and_at_once() -> None:
    joint = random_joint(3, 4)
    text = torch.tensor([[SPECIAL_IDS.cls, *(FIRST + w for w in (1, 3, 0)), SPECIAL_IDS.sep]])
    one_by_one, at_once = model_bits(framed_bert(joint), text, [1, 2, 3])
    assert one_by_one == pytest.approx(-math.log2(float(joint[1, 3, 0])), abs=1e-5)
    marginals = joint.sum((1, 2))[1] * joint.sum((0, 2))[3] * joint.sum((0, 1))[0]
    assert at_once == pytest.approx(-math.log2(float(marginals)), abs=1e-5)
    one_by_one, at_once = model_bits(framed_bert(joint), text, [1, 3])
    pair = joint[:, 3, :] / joint[:, 3, :].sum()
    assert one_by_one == pytest.approx(-math.log2(float(pair[1, 0])), abs=1e-5)
    alone = pair.sum(1)[1] * pair.sum(0)[0]
    assert at_once == pytest.approx(-math.log2(float(alone)), abs=1e-5)


def test_exact_bits_follow_the_chain_rule() -> None:
    places = [4, 9, 20]
    one_by_one, at_once = exact_bits(WORDS, places, each_alone(WORDS, places))
    shown, nats = [MASK if i in places else word for i, word in enumerate(WORDS)], 0.0
    for place in places:
        nats -= math.log(toyland().masked_word(shown, place)[WORDS[place]])
        shown[place] = WORDS[place]
    assert one_by_one == pytest.approx(nats / math.log(2))
    hidden = [MASK if i in places else word for i, word in enumerate(WORDS)]
    single = [toyland().masked_word(hidden, place)[WORDS[place]] for place in places]
    assert at_once == pytest.approx(-sum(map(math.log2, single)))


def test_a_whole_story_is_asked_given_its_length() -> None:
    n = len(WORDS)
    one_by_one, at_once = exact_bits(WORDS, range(n), each_alone(WORDS, range(n)))
    nats = math.log(lengths(toyland())[n]) - toyland().log_probability(WORDS)
    assert one_by_one == pytest.approx(nats / math.log(2))
    expected = -sum(math.log2(by_place()[n][t][WORDS[t]]) for t in range(n))
    assert at_once == pytest.approx(expected)


def test_the_exact_means_are_those_of_many_stories() -> None:
    exact, pairs = exact_whole(), []
    for text in STORIES:
        places = range(len(text) - 2)
        words = decode_story(text)
        pairs.append(exact_bits(words, places, each_alone(words, places)))
    for name, column in zip(("one by one", "at once"), zip(*pairs, strict=True), strict=True):
        mean = sum(column) / len(column)
        deviation = math.sqrt(sum((x - mean) ** 2 for x in column) / len(column) ** 2)
        assert abs(mean - exact[name]) < 3 * deviation, name
    assert exact["at once"] - exact["one by one"] > 50


def test_words_are_drawn_from_their_own_distributions() -> None:
    single = [{"a": 0.25, "b": 0.75}, {"c": 1.0}]
    draws, source = [], generator()
    for _ in range(400):
        draws.append(drawn_at_once(["x", "y", "z"], [0, 2], single, source))
    assert set(draws) == {("a", "y", "c"), ("b", "y", "c")}
    assert sum(words[0] == "b" for words in draws) / 400 == pytest.approx(0.75, abs=0.07)


def test_which_gaps_are_chosen() -> None:
    source = generator()
    for _ in range(20):
        row, some = chosen(9, 4, True, source), chosen(9, 4, False, source)
        assert row == list(range(row[0], row[0] + 4))
        assert row[-1] < 9
        assert some == sorted(set(some))
        assert len(some) == 4
    assert chosen(9, 9, True, source) == list(range(9))


def test_whole_stories_are_counted() -> None:
    model = course_model("toyland-bert")
    assert isinstance(model, BERT)
    rows = torch.tensor([STORIES[0]] * 5)
    end = STORIES[0].index(SPECIAL_IDS.sep) - 1
    rows[:, end] = SPECIAL_IDS.mask  # the full stop: nothing else can be there
    assert filled(model, rows, "together", generator()) == 5
    spoilt = rows.clone()
    spoilt[2:, 1] = spoilt[2:, 2]  # a word twice at the beginning
    assert filled(model, spoilt, "left", generator()) == 2


def test_nothing_is_lost_at_one_gap() -> None:
    found = filled_at_once.measure(0, 3, {"scattered": (1, 6)})
    for name in ("exact", "15 %", "all rates"):
        one = found["scattered"]["1"][name]
        assert one["one by one"] == pytest.approx(one["at once"], abs=1e-6)
        assert one["whole at once"] <= found["stories"] == 3
    whole = found["whole story"]
    assert whole["exact"]["at once"] > whole["exact"]["one by one"] + 30
    assert whole["all rates"]["at once"] > whole["all rates"]["one by one"] + 30
    assert whole["exact"]["whole at once"] == whole["all rates"]["whole at once"] == 0
