"""Next sentence prediction: arms that differ in one thing, and readers of known strength."""

import pytest
import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.evaluation.results import load_result
from bertgpt.experiments import next_sentence
from bertgpt.heads import PretrainingHead
from bertgpt.training.recipe import Learner
from bertgpt.training.stories import decode_story, draw_stories
from bertgpt.training.texts import story_pairs, toyland_texts
from bertgpt.weights.course import course_model


def test_pairs_begin_as_the_gpt_with_and_without_the_question() -> None:
    model = next_sentence.start()
    assert isinstance(model.head, PretrainingHead)
    table = course_model("toyland-gpt").stack.tokens.weight
    assert torch.equal(model.stack.tokens.weight, table)
    stories = toyland_texts(100)
    pairs = story_pairs(stories, next_sentence.LENGTH, seed=0)
    asked, silent = (
        next(next_sentence.tasks(pairs, arm, seed=3)) for arm in next_sentence.ARMS[:2]
    )
    assert torch.equal(asked.seen, silent.seen)
    assert asked.segment_ids is not None
    assert silent.segment_ids is not None
    assert torch.equal(asked.segment_ids, silent.segment_ids)
    assert asked.labels is not None
    assert silent.labels is None
    whole = next(next_sentence.tasks(stories, next_sentence.ARMS[2], seed=3))
    sizes = [int((t.seen != SPECIAL_IDS.pad).sum()) for t in (asked, whole)]
    assert sizes == pytest.approx([next_sentence.PER_UPDATE] * 2, rel=0.2)


def test_who_knows_the_rules_judges_pairs_better_than_who_looks_for_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(next_sentence, "TEST_PAIRS", 100)
    story = decode_story(draw_stories(300, 11)[0])
    assert next_sentence.may_follow(story[:9], story[9:])
    assert not next_sentence.may_follow(story[:9], story[10:])
    held = story_pairs(toyland_texts(300), next_sentence.LENGTH, seed=2)
    found = next_sentence.right_on_pairs(Learner(next_sentence.start()).eval(), held)
    assert found["rules"] > found["names"] > 0.6
    assert found["rules"] > 0.9


def test_the_stored_readers_judge_the_same_pairs_in_each_seed() -> None:
    values = load_result("next_sentence")["values"]
    for reader in ("names", "rules"):
        assert len({value["right on pairs"][reader] for value in values}) == 1
    for value in values:
        assert [arm for arm in value if "one gap above" in value[arm]] == list(next_sentence.ARMS)
        exact = {
            round(value[arm]["one gap bits"] / (1 + value[arm]["one gap above"]), 3)
            for arm in next_sentence.ARMS
        }
        assert len(exact) == 1  # all are asked the same gaps
