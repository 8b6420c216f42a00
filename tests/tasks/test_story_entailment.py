"""Pairs of a story and a sentence, and what the words alone give away."""

import pytest
import torch

from bertgpt.tasks import story_entailment as task
from bertgpt.tasks.story_labels import fresh_stories
from bertgpt.toyland.story import Entailment
from bertgpt.training.stories import toyland_vocab

STORY = (
    "anna was a pirate who lived near the park . there she met tom . "
    "tom gave anna a kite because it was her birthday . it was a good day ."
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("hypothesis", "label", "guess"),
    [
        ("anna got the kite from tom .", "entailment", "entailment"),
        ("anna gave tom the kite .", "contradiction", "entailment"),  # the words are the same
        ("max gave anna the kite .", "contradiction", "contradiction"),
        ("tom gave anna the drum .", "neutral", "neutral"),
        ("anna got the cake from tom .", "neutral", "neutral"),
    ],
)
def test_what_words_alone_say(hypothesis: str, label: str, guess: str) -> None:
    pair = Entailment(tuple(STORY.split()), tuple(hypothesis.split()), label)
    assert task.by_words_alone(pair) == guess
    (example,) = task.entailment_examples([pair])
    assert task.LABELS[example.answer[0]] == label
    assert [toyland_vocab().decode(part) for part in example.parts] == [
        STORY.split(),
        hypothesis.split(),
    ]


def test_one_pair_of_each_story_in_which_something_is_given() -> None:
    stories = fresh_stories(300, 1)
    pairs = task.entailment_pairs(stories, seeded())
    assert [p.premise for p in pairs] == [s.words for s in stories if s.facts]
    assert {p.label for p in pairs} == set(task.LABELS)
    assert pairs == task.entailment_pairs(stories, seeded())
    assert pairs != task.entailment_pairs(stories, seeded(1))


def test_words_alone_are_right_in_five_templates_of_seven() -> None:
    pairs = task.entailment_pairs(fresh_stories(2500, 2), seeded())
    right = sum(task.by_words_alone(p) == p.label for p in pairs) / len(pairs)
    assert abs(right - 5 / 7) < 4 * (5 / 7 * 2 / 7 / len(pairs)) ** 0.5
