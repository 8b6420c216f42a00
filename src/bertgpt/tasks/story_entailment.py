"""A story and a sentence: does it follow from the story, contradict it, or is it left open?

The label follows from the two texts, so who has read both can always be right.
"""

from collections.abc import Sequence

import torch

from bertgpt.toyland import toyland
from bertgpt.toyland.story import Entailment, Story
from bertgpt.training.readouts import Example
from bertgpt.training.stories import toyland_vocab

LABELS = ("entailment", "contradiction", "neutral")


def entailment_pairs(stories: Sequence[Story], generator: torch.Generator) -> list[Entailment]:
    """One pair of each story in which something is given, so that no two share a premise.

    Args:
        generator: chooses the pair, and the words that the story does not name.
    """
    pairs = []
    for story in stories:
        if some := story.entailments(generator):
            pairs.append(some[int(torch.randint(len(some), (), generator=generator))])
    return pairs


def entailment_examples(pairs: Sequence[Entailment]) -> list[Example]:
    """Each pair as ids, with its label as a place in LABELS."""
    encode = toyland_vocab().encode
    return [
        Example((encode(p.premise), encode(p.hypothesis)), (LABELS.index(p.label),)) for p in pairs
    ]


def by_words_alone(pair: Entailment) -> str:
    """The label by a rule that knows which words there are, and nothing of their order.

    A thing that the story does not name leaves the sentence open; a person whom it does not name
    contradicts it. Whether giver and receiver are turned round is all in the order, so of the rest
    the rule is right about half the time.
    """
    classes = toyland().classes
    unnamed = {word for word in pair.hypothesis if word not in pair.premise}
    if unnamed.intersection(classes["toy"] + classes["treat"]):
        return "neutral"
    people = classes["girl"] + classes["boy"]
    return "contradiction" if unnamed.intersection(people) else "entailment"
