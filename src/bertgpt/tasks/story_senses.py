"""The sense of a word that has two, labelled at the word: here the mask decides what can be known.

Of some words what came before settles the sense, of others what follows. A model that answers at
the word under a causal mask has not read what follows.
"""

from collections import defaultdict
from collections.abc import Sequence

from bertgpt.objectives import IGNORE
from bertgpt.toyland import toyland
from bertgpt.toyland.best_reader import best_left_to_right
from bertgpt.toyland.language import Grammar
from bertgpt.toyland.story import Story
from bertgpt.training.readouts import Example
from bertgpt.training.stories import toyland_vocab


def sense_labels(language: Grammar) -> list[tuple[str, str]]:
    """(word, sense) of all words with several senses, in the order of the labels.

    >>> sense_labels(toyland())[:2]
    [('bank', 'river'), ('bank', 'money')]
    """
    return [(word, sense) for word, senses in language.senses.items() for sense in senses]


def sense_examples(stories: Sequence[Story]) -> list[Example]:
    """Those of the stories that have a word with several senses, which is labelled with its own."""
    labels = {pair: label for label, pair in enumerate(sense_labels(toyland()))}
    found = []
    for story in stories:
        answer = [
            labels.get((word, sense), IGNORE)
            for word, sense in zip(story.words, story.senses, strict=True)
        ]
        if any(label != IGNORE for label in answer):
            found.append(Example((toyland_vocab().encode(story.words),), tuple(answer)))
    return found


def expected_senses(language: Grammar) -> dict[tuple[str, str], float]:
    """How often a story says each word in each of its senses, on average: exact."""
    states = language.states.states
    visits = [0.0] * len(states)
    visits[language.states.start.state] = 1.0
    said: dict[tuple[str, str], float] = defaultdict(float)
    for number in range(len(states) - 1, 0, -1):  # an option leads to a smaller number
        for option in states[number].options:
            visits[option.state] += visits[number] * option.p
            if option.said.sense:
                said[option.said.choices[0], option.said.sense] += visits[number] * option.p
    return dict(said)


def sense_limits(language: Grammar) -> dict[str, float]:
    """Accuracy of the best readers of a word's sense, exact, over all stories of a grammar.

    "both": of all words, where a text has one derivation. "left": of the words up to this one.
    "word": of only this word. "nothing": of none, which always gives the commonest answer.
    """
    said = expected_senses(language)
    words: dict[str, list[float]] = defaultdict(list)
    for (word, _), often in said.items():
        words[word].append(often)
    total = sum(said.values())
    left = best_left_to_right(language).senses
    return {
        "both": 1.0,
        "left": sum(left[word] * sum(often) for word, often in words.items()) / total,
        "word": sum(max(often) for often in words.values()) / total,
        "nothing": max(said.values()) / total,
    }
