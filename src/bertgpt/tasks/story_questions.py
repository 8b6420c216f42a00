"""A question on a story, answered by the place of a word in it.

The answer follows from the two texts, so who has read both can always be right. A reader of the
left who reads the story first has read the question only at the end: there it has to point back.
"""

from collections.abc import Sequence

import torch

from bertgpt.toyland import toyland
from bertgpt.toyland.story import Question, Story
from bertgpt.training.readouts import Example
from bertgpt.training.stories import toyland_vocab


def asked(stories: Sequence[Story], generator: torch.Generator) -> list[tuple[Story, Question]]:
    """One question on each story in which something is given.

    Args:
        generator: chooses the question.
    """
    pairs = []
    for story in stories:
        if some := story.questions():
            i = int(torch.randint(len(some), (), generator=generator))
            pairs.append((story, some[i]))
    return pairs


def question_examples(pairs: Sequence[tuple[Story, Question]]) -> list[Example]:
    """Story and question as ids; the answer is one word, at its first position in the story."""
    encode = toyland_vocab().encode
    return [
        Example((encode(story.words), encode(question.words)), (question.position,) * 2)
        for story, question in pairs
    ]


def by_kind_alone(story: Story, question: Question) -> int:
    """The position that a rule gives which knows kinds of words, and nothing of who did what.

    Asked who, it takes the first person whom the question does not name; asked what, the first
    thing of a kind that is given.
    """
    classes = toyland().classes
    kinds = ("girl", "boy") if question.words[0] == "who" else ("toy", "treat")
    fit = {word for kind in kinds for word in classes[kind]} - set(question.words)
    return next(i for i, word in enumerate(story.words) if word in fit)
