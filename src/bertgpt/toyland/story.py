"""A story of Toyland: its words, what they mean, and what can be asked about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import torch

from bertgpt.toyland.notation import Notation

NOBODY = ""  # in place of a word of a kind of which the story names all


class Fact(NamedTuple):
    """Who gave what to whom: `Fact("gave", "anna", "kite", "tom")`."""

    verb: str
    giver: str
    thing: str
    receiver: str


class Agreement(NamedTuple):
    """A verb whose subject is far away: its position, its form, and the wrong form."""

    position: int
    right: str
    wrong: str


class Question(NamedTuple):
    """A question on a story, its answer (a word), and the answer's first position in the story."""

    words: tuple[str, ...]
    answer: str
    position: int


class Entailment(NamedTuple):
    """A story, a sentence, and "entailment", "contradiction" or "neutral".

    A thing is given at most once in a story, so another giver or receiver is a contradiction.
    """

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Story:
    """A text and its one derivation; `str(story)` is how it is printed.

    Args:
        words: without the end marker.
        senses: of each word: "river" for "bank", "anna" for "she"; the word itself if it has one.
        facts: who gave what to whom.
        sentiment: "happy" or "sad"; "" where the grammar marks none.
        agreements: the verbs whose subject is far away.
        notation: of the grammar: it knows names and templates.
    """

    words: tuple[str, ...]
    senses: tuple[str, ...]
    facts: tuple[Fact, ...]
    sentiment: str
    agreements: tuple[Agreement, ...]
    notation: Notation = field(repr=False, compare=False)

    def __str__(self) -> str:
        text, before = "", "."
        for word in self.words:
            shown = word.capitalize() if before == "." or word in self.notation.names else word
            text += shown if word in ".,?" or not text else " " + shown
            before = word
        return text

    @property
    def sentences(self) -> tuple[tuple[str, ...], ...]:
        """The words, cut after each full stop."""
        cuts = [0, *(i for i, word in enumerate(self.words, 1) if word == ".")]
        return tuple(self.words[a:b] for a, b in pairwise(cuts))

    def questions(self) -> list[Question]:
        """Questions on the story's facts, each with its answer."""
        return [
            Question(words, getattr(fact, role), self.words.index(getattr(fact, role)))
            for fact in self.facts
            for words, role in self._filled(fact, fact)
            if role in Fact._fields
        ]

    def entailments(self, generator: torch.Generator) -> list[Entailment]:
        """Sentences that follow from the story's facts, contradict them, or are left open.

        Args:
            generator: chooses the words that the story does not name. Where it names all of a kind,
                there is no sentence with another of them.
        """
        pairs = []
        for fact in self.facts:
            others = []
            for word in fact[1:]:
                alike = next(words for words in self.notation.classes.values() if word in words)
                unnamed = [other for other in alike if other not in self.words] or [NOBODY]
                others.append(unnamed[int(torch.randint(len(unnamed), (), generator=generator))])
            for words, label in self._filled(fact, Fact(fact.verb, *others)):
                if label not in Fact._fields and NOBODY not in words:
                    pairs.append(Entailment(self.words, words, label))
        return pairs

    def _filled(self, fact: Fact, others: Fact) -> Iterator[tuple[tuple[str, ...], str]]:
        """The templates on a fact: !role is what it names, *role what `others` names."""
        put = {"!" + role: word for role, word in fact._asdict().items()}
        put |= {"*" + role: word for role, word in others._asdict().items()}
        for words, answer in self.notation.about[fact.verb]:
            yield tuple(put.get(word, word) for word in words), answer
