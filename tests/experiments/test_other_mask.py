"""Trained weights under both masks: what is felt is counted right, and each question is its own."""

import math
from copy import deepcopy

import pytest
import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.other_mask import (
    MODELS,
    bits,
    exact_bits,
    felt,
    moved,
    where_texts_end,
)
from bertgpt.gpt import GPT
from bertgpt.toyland import END, toyland
from bertgpt.training.held_out import left_to_right, one_gap
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import BERT_RECIPE, GPT_RECIPE
from bertgpt.training.stories import decode_story, draw_stories
from bertgpt.weights.course import course_model

STORIES = Ragged.of(list(draw_stories(300, 77))[:5])
GPT_OF_COURSE, BERT_OF_COURSE = course_model("toyland-gpt"), course_model("toyland-bert")


@pytest.mark.parametrize("model", [GPT_OF_COURSE, BERT_OF_COURSE], ids=["GPT", "BERT"])
def test_the_mask_decides_on_trained_weights_too(model) -> None:
    before = deepcopy(model.stack.state_dict())
    found = felt(model.stack, torch.tensor(STORIES[0][:5]))
    assert found["pairs"] == found["bidirectional"]["later felt"] == 10
    assert found["causal"]["later felt"] == 0
    assert found["causal"]["largest later"] == 0.0
    assert found["bidirectional"]["largest later"] > 0.1
    assert min(found[mask]["smallest"] for mask in ("causal", "bidirectional")) > 0
    assert all(torch.equal(x, before[name]) for name, x in model.stack.state_dict().items())


def test_the_models_have_one_stack() -> None:
    stacks = [course_model(name).stack for name in MODELS.values()]
    assert len({stack.cfg for stack in stacks}) == 1
    shapes = [{name: w.shape for name, w in stack.named_parameters()} for stack in stacks]
    assert shapes[0] == shapes[1] == shapes[2]


def test_a_new_last_word_changes_no_earlier_state_under_the_causal_mask() -> None:
    found = moved(GPT_OF_COURSE.stack, STORIES, torch.Generator().manual_seed(0))
    assert found["earlier"] == sum(len(text) - 3 for text in STORIES)
    assert found["causal"] == 0
    assert found["bidirectional"] == found["earlier"]


def test_under_its_own_mask_a_beginning_is_all_that_gpt_reads() -> None:
    alone = where_texts_end(GPT_OF_COURSE, STORIES, "causal")
    at_once = left_to_right(GPT_OF_COURSE, STORIES, SPECIAL_IDS, GPT_RECIPE)
    assert alone.guesses == at_once.guesses
    assert alone.nats == pytest.approx(at_once.nats, rel=1e-5)


def test_under_the_full_mask_each_beginning_is_read_by_itself() -> None:
    text = STORIES[0]
    nats = 0.0
    for t in range(1, len(text)):
        seen = torch.tensor([text[:t]])
        with torch.inference_mode():
            h = GPT_OF_COURSE.stack(seen, torch.ones(t, t, dtype=torch.bool))
            nats -= GPT_OF_COURSE.head(h)[0, -1].log_softmax(-1)[text[t]].item()
    found = where_texts_end(GPT_OF_COURSE, Ragged.of([text]), "bidirectional")
    assert found.nats == pytest.approx(nats, rel=1e-5)
    assert found.guesses == len(text) - 1


def test_each_model_is_asked_its_own_question() -> None:
    asked = bits(GPT_OF_COURSE, STORIES)
    own = left_to_right(GPT_OF_COURSE, STORIES, SPECIAL_IDS, GPT_RECIPE).bits
    assert asked["causal"] == pytest.approx(own, rel=1e-5)
    assert isinstance(GPT_OF_COURSE, GPT)
    assert asked["causal"] < asked["bidirectional"] < asked["text goes on"]
    asked = bits(BERT_OF_COURSE, STORIES)
    own = one_gap(BERT_OF_COURSE, STORIES, SPECIAL_IDS, BERT_RECIPE).bits
    assert asked["bidirectional"] == pytest.approx(own, rel=1e-5)
    assert set(asked) == {"bidirectional", "causal"}
    assert asked["bidirectional"] < asked["causal"]


def test_exact_bits_of_a_gap_and_of_its_left_side() -> None:
    words = decode_story(STORIES[0])
    found = exact_bits(Ragged.of([STORIES[0]]))
    left = [toyland().next_words(words[:i])[word] for i, word in enumerate(words)]
    assert found["gap, left side"] == pytest.approx(-sum(map(math.log2, left)) / len(words))
    end = math.log2(toyland().next_words(words)[END])
    expected = -(sum(map(math.log2, left)) + end) / (len(words) + 1)
    assert found["next token"] == pytest.approx(expected)
    assert found["gap, both sides"] < found["gap, left side"]
