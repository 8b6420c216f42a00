"""Texts that a grammar writes piece by piece, each piece with a known probability.

So the probability of a whole text is known exactly, and with it the entropy: the bits below which
no model can come. Verse, plays, tunes and small programs are such grammars; each has a file here.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import torch

State = TypeVar("State", bound=Hashable)


@dataclass(frozen=True)
class Verdict:
    """Whether a text keeps the rules; it is true where no rule is broken.

    >>> bool(Verdict()), bool(Verdict("line 2: an open bracket"))
    (True, False)
    """

    fault: str = ""  # the first rule broken, in words; empty for a valid text

    def __bool__(self) -> bool:
        return not self.fault


class Option(NamedTuple, Generic[State]):
    """One way to go on: the piece written, its probability, and the state that follows."""

    piece: str
    chance: float
    then: State


def evenly(ways: Sequence[tuple[str, State]]) -> list[Option[State]]:
    """Ways to go on, all equally probable."""
    return [Option(piece, 1 / len(ways), then) for piece, then in ways]


class MadeTexts(ABC, Generic[State]):
    """A language of made texts.

    From each state the pieces differ, and where one begins another, only the longer one fits what
    follows; so a text can be made in one way, and its probability is that of its pieces.

    Attributes:
        start: the state before the first piece.
    """

    start: State

    def __init__(self) -> None:
        self._known: dict[State, list[Option[State]]] = {}

    @abstractmethod
    def options(self, state: State) -> list[Option[State]]:
        """All ways to go on; their probabilities sum to 1. Empty at the end of a text."""

    @abstractmethod
    def is_valid(self, text: str) -> Verdict:
        """Whether any text, however it was made, keeps the rules that the module states."""

    def ways(self, state: State) -> list[Option[State]]:
        """As `options`, kept once computed."""
        if state not in self._known:
            self._known[state] = self.options(state)
        return self._known[state]

    def draw(self, n: int, generator: torch.Generator) -> list[str]:
        """Draw n texts.

        Raises:
            ValueError: for n below 1.
        """
        if n < 1:
            raise ValueError(f"n={n} texts cannot be drawn; ask for 1 or more")
        return [self._draw_one(generator) for _ in range(n)]

    def _draw_one(self, generator: torch.Generator) -> str:
        state, pieces = self.start, list[str]()
        while ways := self.ways(state):
            left = torch.rand((), generator=generator, dtype=torch.float64).item()
            for option in ways:
                left -= option.chance
                if left < 0:
                    break
            pieces.append(option.piece)  # rounding may leave a little: then the last one
            state = option.then
        return "".join(pieces)

    def log_probability(self, text: str) -> float:
        """Natural logarithm of the probability that `draw` writes exactly this text.

        -inf for a text that it never writes, valid or not.
        """
        state, at, total = self.start, 0, 0.0
        while ways := self.ways(state):
            fitting = [option for option in ways if text.startswith(option.piece, at)]
            if not fitting:
                return -math.inf
            option = max(fitting, key=lambda option: len(option.piece))
            total += math.log(option.chance)
            state, at = option.then, at + len(option.piece)
        return total if at == len(text) else -math.inf


def patched(texts: Sequence[str], n: int, generator: torch.Generator) -> list[str]:
    """Texts whose lines come from different texts: right line by line, and in no other way.

    Line i is the i-th line of some text, drawn for each line; how many lines there are, and the
    last one, are those of one text.

    Raises:
        ValueError: without texts.
    """
    if not texts:
        raise ValueError("there are no texts to take lines from; give one or more")
    rows = [text.splitlines(keepends=True) for text in texts]

    def any_of(found: Sequence[list[str]]) -> list[str]:
        return found[int(torch.randint(len(found), (), generator=generator))]

    made = []
    for _ in range(n):
        whole = any_of(rows)
        lines = []
        for i in range(len(whole) - 1):
            lines.append(any_of([row for row in rows if len(row) > i])[i])
        made.append("".join([*lines, *whole[-1:]]))
    return made
