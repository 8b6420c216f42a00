"""Questions on stories, answered by a place, and what the kinds of words alone give away."""

import pytest
import torch

from bertgpt.tasks import story_questions as task
from bertgpt.tasks.story_labels import fresh_stories
from bertgpt.toyland import toyland
from bertgpt.training.stories import toyland_vocab

STORY = (
    "anna was a pirate who lived near the park . a wizard turned the monkey into a drum . "
    "there she met tom . tom gave anna a kite because it was her birthday . it was a good day ."
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("text", "answer", "by_kind"),
    [
        ("who gave the kite to anna ?", "tom", "tom"),
        ("who got the kite from tom ?", "anna", "anna"),
        ("what did tom give to anna ?", "kite", "drum"),  # the first thing is not what was given
    ],
)
def test_what_kinds_of_words_alone_say(text: str, answer: str, by_kind: str) -> None:
    story = toyland().read(STORY)
    (question,) = [q for q in story.questions() if q.words == tuple(text.split())]
    assert question.answer == answer
    assert story.words[task.by_kind_alone(story, question)] == by_kind
    (example,) = task.question_examples([(story, question)])
    begin, end = example.answer
    assert begin == end == story.words.index(answer)
    assert toyland_vocab().decode(example.parts[0])[begin] == answer
    assert toyland_vocab().decode(example.parts[1]) == text.split()


def test_one_question_on_each_story_in_which_something_is_given() -> None:
    stories = fresh_stories(300, 1)
    pairs = task.asked(stories, seeded())
    assert [s.words for s, _ in pairs] == [s.words for s in stories if s.facts]
    assert pairs == task.asked(stories, seeded())
    assert pairs != task.asked(stories, seeded(1))
    assert {q.words[0] for _, q in pairs} == {"who", "what"}


def test_asked_who_kinds_alone_are_enough_and_asked_what_they_are_not() -> None:
    """A story names two people and the question one of them."""
    pairs = task.asked(fresh_stories(800, 2), seeded())
    right = {"who": [True], "what": [True]}
    for story, question in pairs:
        right[question.words[0]].append(task.by_kind_alone(story, question) == question.position)
    assert all(right["who"])
    assert not all(right["what"])
