"""Rules become a finite list of states, in which everything can be computed exactly.

A *state* is what is still to be said, and of which class each *register* is. A register holds a
word that was chosen and will be said again, or must not be chosen again; what it holds is not part
of the state. "Anna met Tom, and then ..." and "Lily met Ben, and then ..." are one state with other
registers, so there are a few thousand states instead of millions. State 0 is the end, the last one
the start; every option of a state leads to a state with a smaller number, so one pass upwards
computes any expectation.

Three lines of a grammar, and the five states that they become, each with the classes of its
registers. States 2 and 3 have one register: it holds the first pet, which the second may not be.

>>> lines = ["words pet: cat dog", "rule STORY", "  1  ?x:pet saw ?y:pet"]
>>> for number, state in enumerate(States(Notation("\\n".join(lines))).states):
...     print(number, state)
0 ()
1 () 1.00 <end> -> 0
2 (pet) 1.00 cat/dog, not register 0 -> 1
3 (pet) 1.00 saw -> 2
4 () 1.00 cat/dog -> 3
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import log
from typing import NamedTuple

from bertgpt.toyland.moves import END, MASK, Move, Option, OptionMark, Place, Register, Said, State
from bertgpt.toyland.notation import Item, Notation, check


class Needs(NamedTuple):
    """The variables that are still to be said, and the classes still to be chosen from."""

    variables: frozenset[str]
    classes: frozenset[str]


class Entropy(NamedTuple):
    """How much a story tells and how long it is, on average over all stories: exact.

    Args:
        nats: entropy of a story, in nats.
        words: expected number of its words, END not counted.
    """

    nats: float
    words: float

    @property
    def nats_per_token(self) -> float:
        """The least loss of a left-to-right reader, in nats; the tokens are the words and END."""
        return self.nats / (self.words + 1)

    @property
    def bits_per_token(self) -> float:
        """The same in bits."""
        return self.nats_per_token / log(2)


class States:
    """The states of a grammar.

    Attributes:
        states: by number.
        senses: for each word with several senses, these.
        sources: for each word how many classes have it and how many states say it by itself.
    Raises:
        ValueError: naming the line that asks for something that is not there.
    """

    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        self.states: list[State] = []
        self.senses: dict[str, list[str]] = {}
        self.sources = Counter(word for words in notation.classes.values() for word in words)
        self._numbers: dict[tuple[tuple[Item, ...], tuple[Register, ...]], int] = {}
        self._needed: dict[Item, Needs] = {}
        self._settle((Item("$", "STORY", line=1), Item("", END)), ())

    @property
    def start(self) -> Place:
        """Where every story begins."""
        return Place(len(self.states) - 1, ())

    def moves(self, place: Place, word: str = MASK) -> Iterator[Move]:
        """The moves from a place that say `word`; MASK stands for any."""
        for option in self.states[place.state].options:
            yield from option.moves(place.held, word)

    def entropy(self) -> Entropy:
        """Of a story, in one pass over the states: H(state) = sum of p (H(next) - log p)."""
        nats: list[float] = []
        words: list[float] = []
        for state in self.states:
            # An option that chooses one of n words is n moves, each of probability p / n.
            moves = [(o, max(len(o.said.choices) - len(o.said.avoid), 1)) for o in state.options]
            nats.append(sum(o.p * (nats[o.state] - log(o.p / n)) for o, n in moves))
            words.append(sum(o.p * (words[o.state] + 1) for o in state.options))
        return Entropy(nats[-1], words[-1] - 1)

    def _needs(self, item: Item, path: tuple[str, ...] = ()) -> Needs:
        """The needs of an item; `path` holds the rules that led to it."""
        if item in self._needed:
            return self._needed[item]
        variables: set[str] = set()
        classes: set[str] = set()
        if item.kind in ("!", "@"):
            variables.update(item.variables)
        elif item.kind == "?":
            known = item.name in self.notation.classes
            check(known, item.line, f"there is no class {item.name!r}")
            classes.add(item.name)
        elif item.kind == "$":
            check(item.name not in path, item.line, f"${item.name} comes back to itself")
            for _, items in self.notation.alternatives(item):
                for inner in items:
                    needs = self._needs(inner, (*path, item.name))
                    variables |= needs.variables
                    classes |= needs.classes
        self._needed[item] = Needs(frozenset(variables), frozenset(classes))
        return self._needed[item]

    def _settle(
        self, items: tuple[Item, ...], registers: tuple[Register, ...]
    ) -> tuple[int, tuple[int, ...]]:
        """The number of the state that has these items to say, and the registers that it keeps."""
        needs = [self._needs(item) for item in items]
        variables = frozenset[str]().union(*(n.variables for n in needs))
        classes = frozenset[str]().union(*(n.classes for n in needs))
        keep = tuple(
            k
            for k, register in enumerate(registers)
            if register.variable in variables or register.word_class in classes
        )
        kept = tuple(registers[k] for k in keep)
        if (items, kept) not in self._numbers:
            # The states that it leads to get their numbers first, so they have smaller ones.
            options = tuple(self._expand(1.0, items, kept, ()))
            self._numbers[items, kept] = len(self.states)
            self.states.append(State(options, tuple(r.word_class for r in kept)))
        return self._numbers[items, kept], keep

    def _expand(
        self,
        p: float,
        items: tuple[Item, ...],
        registers: tuple[Register, ...],
        marks: tuple[OptionMark, ...],
    ) -> Iterator[Option]:
        """The options of a state: rules are opened and marks gathered until a word is said."""
        if not items:
            return
        item, rest = items[0], items[1:]
        if item.kind == "$":
            for q, inner in self.notation.alternatives(item):
                yield from self._expand(p * q, inner + rest, registers, marks)
        elif item.kind == "@":
            mark = self._mark(item, registers)
            yield from self._expand(p, rest, registers, (*marks, mark))
        else:
            said = self._said(item, registers)
            after = (*registers, said.kept or Register("", ""))
            state, keep = self._settle(rest, after)
            yield Option(p, said, marks, state, keep)

    def _numbered(self, item: Item, registers: tuple[Register, ...]) -> dict[str, int]:
        """The latest register of each variable; those that the item needs must be there."""
        numbers = {register.variable: k for k, register in enumerate(registers)}
        if item.kind == "!" or item.name in self.notation.about:
            for x in item.variables:
                held = x in numbers
                check(held, item.line, f"{x!r} holds nothing yet; choose it with ?{x}:CLASS")
        return numbers

    def _mark(self, item: Item, registers: tuple[Register, ...]) -> OptionMark:
        numbers = self._numbered(item, registers)
        takes = {"mood": 1, "agrees": 1} | dict.fromkeys(self.notation.about, 3)
        n = len(item.variables)
        good = takes.get(item.name) == n
        check(good, item.line, f"there is no mark @{item.name} with {n} variables; marks: {takes}")
        return OptionMark(item.name, tuple(numbers.get(v, v) for v in item.variables))

    def _said(self, item: Item, registers: tuple[Register, ...]) -> Said:
        if item.kind == "?":
            return self._chosen(item, registers)
        said = self._held(item, registers) if item.kind == "!" else self._word(item)
        self.sources.update(said.choices)
        return said

    def _word(self, item: Item) -> Said:
        """A word by itself; bank/river is "bank" in the sense "river"."""
        word, _, sense = item.name.partition("/")
        if sense and sense not in self.senses.setdefault(word, []):
            self.senses[word].append(sense)
        return Said((word,), sense=sense)

    def _held(self, item: Item, registers: tuple[Register, ...]) -> Said:
        """The word that a variable holds, or a form of it: !x or !x.he."""
        register = self._numbered(item, registers)[item.variables[0]]
        word_class = registers[register].word_class
        forms = self.notation.forms[word_class]
        good = not item.name or item.name in forms
        check(good, item.line, f"class {word_class!r} has no form {item.name!r}: {forms}")
        choices = (forms[item.name],) if item.name else ()
        return Said(choices, register=register)

    def _chosen(self, item: Item, registers: tuple[Register, ...]) -> Said:
        """A word of a class that no register holds yet: ?x:CLASS or ?CLASS."""
        choices = self.notation.classes[item.name]
        avoid = tuple(k for k, r in enumerate(registers) if r.word_class == item.name)
        free = len(choices) > len(avoid)
        check(free, item.line, f"all words of {item.name!r} are taken here")
        kept = Register(item.variables[0], item.name) if item.variables else None
        return Said(choices, avoid, kept=kept)
