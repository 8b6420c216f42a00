"""A grammar text becomes a finite list of states: the engine under `bertgpt.grammar`.

A *state* is what is still to be said, and of which class each *register* is.  A register holds a
word that was chosen and will be said again, or must not be chosen again; what it holds is not
part of the state.  "Anna met Tom, and then ..." and "Lily met Ben, and then ..." are one state
with other registers, so there are a few thousand states instead of millions.  State 0 is the end;
every option of a state leads to a state with a smaller number, so one pass upwards computes any
expectation.

The notation is explained at the top of `data/toyland.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, NoReturn

END = "<end>"
Place = tuple[int, tuple[str, ...]]  # a state, and what its registers hold


class Move(NamedTuple):
    """One word said: with probability p, in a sense, with marks such as ("gave", (...))."""

    p: float
    word: str
    sense: str
    marks: tuple[tuple[str, tuple[str, ...]], ...]
    place: Place  # where it leads


class Option(NamedTuple):
    """One way to go on from a state: with probability p, say something and come to `state`."""

    p: float
    word: str  # what is said; "" if it is what a register holds, or one of `choices`
    sense: str  # of the word, if it has several
    register: int  # the register that is said, or that `word` stands for; -1 if none
    choices: tuple[str, ...]  # one of these is chosen, all alike ...
    avoid: tuple[int, ...]  # ... but none that these registers hold
    marks: tuple[tuple[str, tuple[int | str, ...]], ...]  # numbers are registers
    state: int
    keep: tuple[int, ...]  # which registers, the word said being the last, go on to `state`

    def words(self, held: tuple[str, ...]) -> Sequence[str]:
        """The words that it can say, each as likely as the others."""
        if self.choices:
            taken = [held[k] for k in self.avoid]
            return [word for word in self.choices if word not in taken] if taken else self.choices
        return (self.word or held[self.register],)

    def move(self, held: tuple[str, ...], word: str, p: float) -> Move:
        """What happens when it says `word`, with probability p."""
        stands_for = held[self.register] if self.word and self.register >= 0 else word
        marks = tuple(
            (name, tuple(held[arg] if isinstance(arg, int) else arg for arg in args))
            for name, args in self.marks
        )
        after = (*held, word)
        place = self.state, tuple([after[k] for k in self.keep])
        return Move(p, word, self.sense or stands_for, marks, place)


@dataclass(frozen=True)
class Automaton:
    """What a grammar text says.

    Args:
        options: for each state its options; the last state is the start, state 0 the end.
        holds: for each state the classes of its registers.
        classes: for each class its words.
        names: the words that are printed with a capital.
        about: for each kind of fact its (label, words, answer) templates.
    """

    options: Sequence[tuple[Option, ...]]
    holds: Sequence[tuple[str, ...]]
    classes: Mapping[str, Sequence[str]]
    names: frozenset[str]
    about: Mapping[str, Sequence[tuple[str, tuple[str, ...], str]]]


def read(text: str) -> Automaton:
    """Read a grammar text.

    Raises:
        ValueError: naming the line that cannot be read, asks for what is not there, or goes round.
    """
    reader = _Reader()
    reader.read(text)
    reader.settle((_Item("$", "STORY", (), 0), _Item("", END, (), 0)), ())
    return Automaton(
        reader.options, reader.holds, reader.classes, frozenset(reader.names), reader.about
    )


@dataclass(frozen=True)
class _Item:
    """A piece of a rule: kind "" is a word; "?", "!", "$", "@" as in the notation."""

    kind: str
    name: str
    variables: tuple[str, ...]
    line: int = field(compare=False)


class _Rule(NamedTuple):
    parameters: tuple[str, ...]
    alternatives: list[tuple[float, tuple[_Item, ...]]]


_Registers = tuple[tuple[str, str], ...]  # (variable, class) of each
_OPENING = re.compile(r"(names|words|rule|about) +(\w+) *(?:\(([^)]*)\))? *(?::(.*))?")
_ITEM = re.compile(r"\?(\w+:)?\w+|!\w+(\.\w+)?|\$\w+(\(\w+(,\w+)*\))?|@\w+\(\w+(,\w+)*\)")
_LABELS = ("ask", "entailment", "contradiction", "neutral")


def _fail(line: int, why: str) -> NoReturn:
    raise ValueError(f"grammar, line {line}: {why}")


def _item(text: str, line: int) -> _Item:
    kind, rest = text[0], text[1:]
    if kind not in "?!$@" or not rest:
        return _Item("", text, (), line)
    if not _ITEM.fullmatch(text):
        _fail(line, f"cannot read {text!r}; write ?x:CLASS, !x, !x.he, $RULE(x,y) or @mark(x)")
    if kind == "?":
        variables, _, name = rest.rpartition(":")
    elif kind == "!":
        variables, _, name = rest.partition(".")
    else:
        name, _, variables = rest.rstrip(")").partition("(")
    return _Item(kind, name, tuple(variables.split(",")) if variables else (), line)


class _Reader:
    """First `read`s the text into classes and rules, then `settle`s the states, the end first."""

    def __init__(self) -> None:
        self.classes: dict[str, list[str]] = {}
        self.forms: dict[str, dict[str, str]] = {}  # class -> "he" -> "she"
        self.names: set[str] = set()
        self.rules: dict[str, _Rule] = {}
        self.about: dict[str, list[tuple[str, tuple[str, ...], str]]] = {}
        self.options: list[tuple[Option, ...]] = []
        self.holds: list[tuple[str, ...]] = []
        self.numbers: dict[tuple[tuple[_Item, ...], _Registers], int] = {}
        self.needed: dict[_Item, frozenset[str]] = {}

    def read(self, text: str) -> None:
        kind = name = ""
        for line, written in enumerate(text.splitlines(), 1):
            written = written.split("#")[0].rstrip()
            words = written.split()
            if words and not written[0].isspace():
                opening = _OPENING.fullmatch(written)
                if not opening:
                    _fail(
                        line,
                        f"{written!r} opens no block; a block opens with names, words, "
                        "rule or about, then a name; what belongs to it is indented",
                    )
                kind, name = opening[1], opening[2]
                known: Mapping[str, object] = self.classes
                known = {"rule": self.rules, "about": self.about}.get(kind, known)
                if name in known:
                    _fail(line, f"{name!r} is there already; each name opens one block")
                if kind == "rule":
                    self.rules[name] = _Rule(tuple(re.findall(r"\w+", opening[3] or "")), [])
                elif kind == "about":
                    self.about[name] = []
                else:
                    self.classes[name] = []
                    self.forms[name] = dict(re.findall(r"(\w+)=(\S+)", opening[3] or ""))
                words = (opening[4] or "").split()
            if words:
                self.entry(kind, name, words, line)
        if "STORY" not in self.rules:
            raise ValueError("the grammar has no rule STORY, where every story begins; write one")

    def entry(self, kind: str, name: str, words: list[str], line: int) -> None:
        if kind == "rule":
            if not re.fullmatch(r"\d+(\.\d+)?", words[0]) or not float(words[0]):
                _fail(
                    line,
                    f"an alternative begins with its weight, a number above 0, not {words[0]!r}",
                )
            items = tuple(_item(word, line) for word in words[1:])
            self.rules[name].alternatives.append((float(words[0]), items))
        elif kind == "about":
            label, *said = words
            answer = said[-1] if label == "ask" and said[-2:-1] == ["="] else ""
            if label not in _LABELS or (label == "ask") != bool(answer):
                _fail(line, f"begin with one of {_LABELS}; a question ends with '= role'")
            self.about[name].append((label, tuple(said[:-2] if answer else said), answer))
        else:
            twice = {word for word in words if [*self.classes[name], *words].count(word) > 1}
            if twice:
                _fail(line, f"{sorted(twice)} twice in class {name!r}; once is enough")
            self.classes[name] += words
            self.names |= set(words) if kind == "names" else set()

    def alternatives(self, item: _Item) -> Iterator[tuple[float, tuple[_Item, ...]]]:
        """What a "$" item goes on with, its own variables put in; probabilities sum to 1."""
        rule = self.rules.get(item.name)
        if rule is None or not rule.alternatives:
            _fail(item.line, f"${item.name} has no alternatives; rules are {sorted(self.rules)}")
        if len(rule.parameters) != len(item.variables):
            _fail(
                item.line,
                f"${item.name} takes {len(rule.parameters)} variables {rule.parameters}, "
                f"not {len(item.variables)}",
            )
        put = dict(zip(rule.parameters, item.variables, strict=True))
        total = sum(weight for weight, _ in rule.alternatives)
        for weight, items in rule.alternatives:
            yield (
                weight / total,
                tuple(
                    replace(i, variables=tuple(put.get(v, v) for v in i.variables)) for i in items
                ),
            )

    def needs(self, item: _Item, path: tuple[str, ...] = ()) -> frozenset[str]:
        """The variables that an item will say, and ":CLASS" for each class it will choose from."""
        if item not in self.needed:
            if item.name in path and item.kind == "$":
                _fail(item.line, f"${item.name} comes back to itself; stories have to end")
            needed = set(item.variables) if item.kind in "!@" else set()
            if item.kind == "?":
                if item.name not in self.classes:
                    _fail(item.line, f"no class {item.name!r}; classes are {sorted(self.classes)}")
                needed = {":" + item.name}
            if item.kind == "$":
                for _, items in self.alternatives(item):
                    needed |= {n for i in items for n in self.needs(i, (*path, item.name))}
            self.needed[item] = frozenset(needed)
        return self.needed[item]

    def settle(self, items: tuple[_Item, ...], held: _Registers) -> tuple[int, tuple[int, ...]]:
        """The number of the state that has these items to say, and the registers that it keeps."""
        needed = {n for item in items for n in self.needs(item)}
        keep = tuple(k for k, (v, c) in enumerate(held) if v in needed or ":" + c in needed)
        held = tuple(held[k] for k in keep)
        if (items, held) not in self.numbers:
            options = tuple(self.expand(1.0, items, held, ()))
            self.numbers[items, held] = len(self.options)
            self.options.append(options)
            self.holds.append(tuple(c for _, c in held))
        return self.numbers[items, held], keep

    def expand(
        self,
        p: float,
        items: tuple[_Item, ...],
        held: _Registers,
        marks: tuple[tuple[str, tuple[int | str, ...]], ...],
    ) -> Iterator[Option]:
        """The options of a state: rules are opened and marks collected until a word is said."""
        if not items:
            return
        item, rest = items[0], items[1:]
        number = {variable: k for k, (variable, _) in enumerate(held)}  # the latest of each
        if item.kind == "$":
            for q, inner in self.alternatives(item):
                yield from self.expand(p * q, inner + rest, held, marks)
            return
        if item.kind == "@":
            if item.name not in ("mood", "agrees", *self.about):
                known = ["mood", "agrees", *self.about]
                _fail(item.line, f"no mark {item.name!r}; marks are {known}")
            mark: tuple[str, tuple[int | str, ...]] = item.name, item.variables
            if item.name in self.about:
                if len(item.variables) != 3:
                    _fail(item.line, f"@{item.name} takes giver, thing and receiver")
                mark = item.name, tuple(self.register(item, v, number) for v in item.variables)
            yield from self.expand(p, rest, held, (*marks, mark))
            return
        word, _, sense = item.name.partition("/")
        register, kept = -1, ("", "")
        choices: tuple[str, ...] = ()
        avoid: tuple[int, ...] = ()
        if item.kind == "!":
            register = self.register(item, item.variables[0], number)
            forms = {"": ""} | self.forms[held[register][1]]
            if item.name not in forms:
                _fail(
                    item.line,
                    f"no form {item.name!r} in class {held[register][1]!r}; "
                    f"forms are {list(forms)[1:]}",
                )
            word = forms[item.name]
        elif item.kind == "?":
            word, choices = "", tuple(self.classes[item.name])
            avoid = tuple(k for k, (_, name) in enumerate(held) if name == item.name)
            kept = (item.variables[0] if item.variables else "", item.name)
            if len(choices) <= len(avoid):
                _fail(item.line, f"all {len(choices)} words of class {item.name!r} are taken here")
        state, keep = self.settle(rest, (*held, kept))
        yield Option(p, word, sense, register, choices, avoid, marks, state, keep)

    def register(self, item: _Item, variable: str, number: Mapping[str, int]) -> int:
        if variable not in number:
            _fail(item.line, f"{variable!r} holds nothing yet; choose it first: ?{variable}:CLASS")
        return number[variable]
