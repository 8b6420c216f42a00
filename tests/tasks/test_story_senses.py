"""Senses labelled at the word, and what readers of the left and of both sides can know of them."""

import pytest
import torch

from bertgpt.objectives import IGNORE
from bertgpt.tasks import story_senses as task
from bertgpt.tasks.story_labels import fresh_stories
from bertgpt.toyland import toyland
from bertgpt.toyland.language import Grammar

OPEN = "anna was a pirate who lived near the park . "


def test_a_word_with_two_senses_is_labelled_and_no_other() -> None:
    story = toyland().read(OPEN + "there was a ring at the door . it was a good day .")
    plain = toyland().read(OPEN + "it rained milk all afternoon . it was a good day .")
    (example,) = task.sense_examples([story, plain])
    labels = {story.words[i]: y for i, y in enumerate(example.answer) if y != IGNORE}
    assert labels == {"ring": task.sense_labels(toyland()).index(("ring", "sound"))}
    assert len(example.parts[0]) == len(example.answer) == len(story.words)


def test_how_often_each_sense_is_said() -> None:
    grammar = Grammar("rule STORY\n  3 a bank/river\n  1 a $B\nrule B\n  1 bank/money bank/river")
    said = task.expected_senses(grammar)
    assert said == pytest.approx({("bank", "river"): 1.0, ("bank", "money"): 0.25})


def test_expected_counts_are_those_of_many_stories() -> None:
    said = task.expected_senses(toyland())
    assert said.keys() == set(task.sense_labels(toyland()))
    stories = toyland().stories(6000, torch.Generator().manual_seed(4))
    for pair, often in said.items():
        n = sum(list(zip(s.words, s.senses, strict=True)).count(pair) for s in stories)
        assert abs(n / 6000 - often) < 4.5 * (often / 6000) ** 0.5, pair


def test_the_limits_of_a_grammar_where_one_word_tells_and_the_other_is_told() -> None:
    grammar = Grammar(
        "rule STORY\n  1 in bat/animal\n  1 at bat/club\n"
        "  2 the ring/jewel fell\n  2 the ring/sound rang"
    )
    assert task.sense_limits(grammar) == pytest.approx(
        {"both": 1.0, "left": 2 / 6 + 4 / 6 / 2, "word": 0.5, "nothing": 2 / 6}
    )


def test_the_limit_of_the_left_is_what_exact_readers_get_right() -> None:
    stories = [s for s in fresh_stories(1500, 7) if task.sense_examples([s])]
    right = 0.0
    for story in stories:
        (i,) = [k for k, word in enumerate(story.words) if word in toyland().senses]
        right += max(toyland().sense(story.words, i, read="left").values())
        assert toyland().sense(story.words, i, read="both") == {story.senses[i]: 1.0}
    limit = task.sense_limits(toyland())["left"]
    assert abs(right / len(stories) - limit) < 4 * 0.25 / len(stories) ** 0.5
