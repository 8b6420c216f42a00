"""How a story goes on: a state has options, an option makes moves, a move says one word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

END, MASK = "<end>", "<mask>"


class Place(NamedTuple):
    """Where a story has come to: a state, and what its registers hold."""

    state: int
    held: tuple[str, ...]


class Mark(NamedTuple):
    """A note on the story, such as ("gave", ("anna", "kite", "tom"))."""

    name: str
    arguments: tuple[str, ...]


class Move(NamedTuple):
    """One word said: with probability p, in a sense, with marks; and where it leads."""

    p: float
    word: str
    sense: str
    marks: tuple[Mark, ...]
    place: Place


class OptionMark(NamedTuple):
    """A mark as a state has it: a number among the arguments is a register."""

    name: str
    arguments: tuple[int | str, ...]

    def of(self, held: tuple[str, ...]) -> Mark:
        """The mark itself, once it is known what the registers hold."""
        named = [held[a] if isinstance(a, int) else a for a in self.arguments]
        return Mark(self.name, tuple(named))


@dataclass(frozen=True)
class Register:
    """A variable that holds a word, and the word's class."""

    variable: str
    word_class: str


@dataclass(frozen=True)
class Said:
    """The words that an option can say.

    Args:
        choices: one of these, all equally likely; if there are none, what `register` holds.
        avoid: registers that hold what must not be chosen.
        register: the one that is said, or that the word stands for.
        sense: of a word that has several.
        kept: the register that a chosen word is put into.
    """

    choices: Sequence[str] = ()
    avoid: tuple[int, ...] = ()
    register: int | None = None
    sense: str = ""
    kept: Register | None = None

    def words(self, held: tuple[str, ...]) -> list[str]:
        """The words themselves, once it is known what the registers hold."""
        if self.register is not None and not self.choices:
            return [held[self.register]]
        taken = [held[k] for k in self.avoid]
        return [word for word in self.choices if word not in taken]

    def sense_of(self, word: str, held: tuple[str, ...]) -> str:
        """Meaning of one of these words: "river" for "bank", "anna" for "she", or itself."""
        if self.sense:
            return self.sense
        return word if self.register is None else held[self.register]


@dataclass(frozen=True)
class Option:
    """One way to continue from a state.

    Args:
        p: its probability.
        said: what it says.
        marks: what it notes.
        state: where it leads.
        keep: which registers, the word just said being the last, go along.
    """

    p: float
    said: Said
    marks: tuple[OptionMark, ...]
    state: int
    keep: tuple[int, ...]

    def moves(self, held: tuple[str, ...], word: str = MASK) -> Iterator[Move]:
        """Its moves that say `word`; MASK stands for any."""
        words = self.said.words(held)
        p = self.p / len(words)
        if word != MASK:
            words = [word] if word in words else []
        for said in words:
            yield self.move(held, said, p)

    def move(self, held: tuple[str, ...], word: str, p: float) -> Move:
        """The move that says a word, one of those that it can say."""
        after = (*held, word)
        place = Place(self.state, tuple([after[k] for k in self.keep]))
        marks = tuple([mark.of(held) for mark in self.marks])
        return Move(p, word, self.said.sense_of(word, held), marks, place)

    def __str__(self) -> str:
        words = "/".join(self.said.choices) or f"what register {self.said.register} holds"
        taken = "".join(f", not register {k}" for k in self.said.avoid)
        return f"{self.p:.2f} {words}{taken} -> {self.state}"


@dataclass(frozen=True)
class State:
    """The options from here, and the class of what each register holds."""

    options: tuple[Option, ...]
    classes: tuple[str, ...]

    def draw(self, held: tuple[str, ...], u: float) -> Move:
        """The move on which u falls, where each move has a piece of [0, 1) as long as its p."""
        for option in self.options:
            words = option.said.words(held)
            p = option.p / len(words)
            for word in words:
                u -= p
                if u < 0:
                    return option.move(held, word, p)
        return option.move(held, word, p)  # the last, should rounding leave some of u

    def __str__(self) -> str:
        return f"({', '.join(self.classes)}) {'; '.join(map(str, self.options))}".rstrip()
