"""How well the best possible reader does: on given texts, and exactly over a whole grammar.

No model that reads the same can do better than these numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import log
from typing import NamedTuple

import torch

from bertgpt.toyland.language import Grammar, Read, normalized, summed
from bertgpt.toyland.moves import END, Move, Place
from bertgpt.toyland.states import States
from bertgpt.toyland.story import Story


class Score(NamedTuple):
    """How well the best possible reader does on given texts.

    Args:
        accuracy: probability that its best guess is correct, averaged over the positions.
        accuracy_on_these_texts: fraction of positions where its best guess is the actual word.
        nats: entropy of its exact distributions, averaged: the loss to expect, in nats per token.
        surprise: -log of its probability of the actual word, averaged, in nats per token.
    """

    accuracy: float
    accuracy_on_these_texts: float
    nats: float
    surprise: float


class LeftToRightScore(NamedTuple):
    """How well the best left-to-right reader does on the whole grammar: exact.

    Args:
        nats: the loss to expect over a story, in nats: its entropy, computed a second way.
        accuracy: probability that the best guess of the next token is correct.
        senses: for each word with several senses, the probability that the best guess of its sense
            is correct. (For a reader of both sides it is 1: a text has one derivation.)
    """

    nats: float
    accuracy: float
    senses: Mapping[str, float]


def best_reader(language: Grammar, stories: Sequence[Story], *, read: Read) -> Score:
    """The score of the best reader of given texts.

    Args:
        language: the grammar of the stories.
        stories: at least one.
        read: "left" guesses each token, END included, from those before it; "both" guesses each
            word from all the others.
    Raises:
        ValueError: if there is no story.
    """
    if not stories:
        raise ValueError("no stories were given; give at least one")
    rows = []
    for story in stories:
        tokens = [*story.words, END] if read == "left" else [*story.words]
        at_each = language.moves_at(story.words, range(len(tokens)), read)
        for token, moves in zip(tokens, at_each, strict=True):
            p = normalized((move.word, weight) for weight, move in moves)
            best = next(iter(p))
            entropy = -sum(q * log(q) for q in p.values())
            rows.append((p[best], best == token, entropy, -log(p[token])))
    return Score(*torch.tensor(rows, dtype=torch.float64).mean(0).tolist())


class Belief(NamedTuple):
    """Where a text may have come to, each place with its probability; the highest state last."""

    places: tuple[tuple[Place, float], ...]

    @property
    def highest_state(self) -> int:
        """The state from which the most may still be said."""
        place, _ = self.places[-1]
        return place.state


def best_left_to_right(language: Grammar) -> LeftToRightScore:
    """The score of the best left-to-right reader, averaged exactly over all texts of a grammar.

    What it knows is a `Belief`. Beliefs that differ only in names have the same future and count
    as one. Nothing here relies on a text's having one derivation, so `nats` checks
    `language.entropy()`.
    """
    states = language.states
    # By highest state: the beliefs still to be continued, each with the probability of its texts.
    waiting = [defaultdict[Belief, float](float) for _ in states.states]
    waiting[-1][Belief(((states.start, 1.0),))] = 1.0
    nats = accuracy = tokens = 0.0
    right = defaultdict[str, float](float)
    seen = defaultdict[str, float](float)
    for beliefs in reversed(waiting[1:]):  # a move leads to a lower state, so none comes back
        for belief, mass in beliefs.items():
            said = _moves_by_word(states, belief, mass)
            shares = {word: sum(p for p, _ in moves) for word, moves in said.items()}
            accuracy += max(shares.values())
            tokens += mass
            for word, moves in said.items():
                nats -= shares[word] * log(shares[word] / mass)
                seen[word] += shares[word]
                right[word] += max(summed((m.sense, p) for p, m in moves).values())
                after = summed((m.place, p / shares[word]) for p, m in moves)
                belief_after = rename_canonically(states, after)
                waiting[belief_after.highest_state][belief_after] += shares[word]
    senses = {word: right[word] / seen[word] for word in language.senses}
    return LeftToRightScore(nats, accuracy / tokens, senses)


def _moves_by_word(
    states: States, belief: Belief, mass: float
) -> dict[str, list[tuple[float, Move]]]:
    """The moves from a belief of probability `mass`, by the word that they say: (P(move), move)."""
    said: dict[str, list[tuple[float, Move]]] = defaultdict(list)
    for place, p in belief.places:
        for move in states.moves(place):
            said[move.word].append((mass * p * move.p, move))
    return said


def rename_canonically(states: States, belief: Mapping[Place, float]) -> Belief:
    """A belief in which the words that registers hold are the first ones of their classes.

    Only words that come from one class, and from no rule, may stand for one another: their names
    make no difference to what can be said.
    """
    ordered = sorted(belief.items())
    put: dict[str, str] = {}  # word -> the word that stands for it
    for place, _ in ordered:
        for word, word_class in zip(place.held, states.states[place.state].classes, strict=True):
            if word in put:
                continue
            alike = [w for w in states.notation.classes[word_class] if states.sources[w] == 1]
            if word in alike:
                put[word] = next(w for w in alike if w not in put.values())
            else:
                put[word] = word
    renamed = [
        (Place(place.state, tuple(put[word] for word in place.held)), round(p, 14))
        for place, p in ordered
    ]
    return Belief(tuple(renamed))
