"""A grammar text becomes a finite list of states: the engine under `bertgpt.toyland.language`.

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
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

END, MASK = "<end>", "<mask>"
Place = tuple[int, tuple[str, ...]]  # a state, and what its registers hold
_Registers = tuple[tuple[str, str], ...]  # (variable, class) of each
_Marks = tuple[tuple[str, tuple[int | str, ...]], ...]  # (name, arguments); numbers are registers
_OPENING = re.compile(r"(names|words|rule|about) +(\w+) *(?:\(([^)]*)\))? *(?::(.*))?")
_ITEM = re.compile(r"([?!$@])(\w+)(?:[:.](\w+)|\((\w+(?:,\w+)*)\))?")
_ANSWERS = ("giver", "thing", "receiver", "entailment", "contradiction", "neutral")


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
    choices: Sequence[str]  # one of these is said, all alike, or, if none, what a register holds
    avoid: tuple[int, ...]  # registers that hold what must not be chosen
    register: int  # the register that is said, or that the word stands for; -1 if none
    sense: str  # of a word that has several
    marks: _Marks
    state: int
    keep: tuple[int, ...]  # which registers, the word said being the last, go on to `state`

    def moves(self, held: tuple[str, ...], word: str = MASK) -> Iterator[Move]:
        """Its moves that say `word`; MASK stands for any."""
        taken = [held[k] for k in self.avoid]
        free = [w for w in self.choices if w not in taken] or [held[self.register]]
        for said in free if word == MASK else [word] * (word in free):
            after = (*held, said)
            sense = self.sense or (held[self.register] if self.register >= 0 else said)
            marks = tuple(
                (name, tuple(held[a] if isinstance(a, int) else a for a in arguments))
                for name, arguments in self.marks
            )
            place = self.state, tuple([after[k] for k in self.keep])
            yield Move(self.p / len(free), said, sense, marks, place)


@dataclass(frozen=True)
class _Item:
    """A piece of a rule: kind "" is a word; "?", "!", "$", "@" as in the notation."""

    kind: str
    name: str  # of the word, class, form, rule or mark
    variables: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


class _Block(NamedTuple):
    kind: str
    brackets: list[str]  # a rule's variables, or forms such as "he=she"
    entries: list[tuple[int, list[str]]]  # what is indented below: (line, words)


def _check(allowed: object, line: int, why: str) -> None:
    if not allowed:
        raise ValueError(f"grammar, line {line}: {why}")


def _item(text: str, line: int) -> _Item:
    plain = text[0] not in "?!$@" or len(text) == 1
    parts = _ITEM.fullmatch(text)
    _check(
        plain or parts, line, f"cannot read {text!r}; write ?x:CLASS, !x, !x.he, $NAME(x), @mood(m)"
    )
    if plain or not parts:
        return _Item("", text, (), line)
    kind, first, second, listed = parts.groups(default="")
    if kind in "$@" or (kind == "?" and not second):
        return _Item(kind, first, tuple(re.findall(r"\w+", listed)), line)
    return _Item(kind, second, (first,), line)


class Automaton:
    """A grammar text, read and taken apart into states.

    Attributes:
        options: for each state its options; the last state is the start, state 0 the end.
        holds: for each state the classes of its registers.
        classes: for each class its words.
        names: the words that are printed with a capital.
        about: for each kind of fact its templates (words, role that answers or label).
        senses: for each word with several senses, these.
        sources: for each word how many classes have it and how many states say it by itself.
    Raises:
        ValueError: naming the line that cannot be read, or asks for what is not there.
    """

    def __init__(self, text: str) -> None:
        self.options: list[tuple[Option, ...]] = []
        self.holds: list[tuple[str, ...]] = []
        self.classes: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self.about: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self.senses: dict[str, list[str]] = {}
        self.sources = Counter[str]()
        self._blocks: dict[str, _Block] = {}
        self._rules: dict[str, list[tuple[float, tuple[_Item, ...]]]] = {}
        self._states: dict[tuple[tuple[_Item, ...], _Registers], int] = {}
        self._needed: dict[_Item, frozenset[str]] = {}
        self._read(text)
        for name, block in self._blocks.items():
            for line, words in block.entries:
                self._enter(name, block.kind, words, line)
        self._settle((_Item("$", "STORY", line=1), _Item("", END)), ())

    def _read(self, text: str) -> None:
        """Cut the text into blocks: a line at the margin opens one, indented lines belong to it."""
        entries: list[tuple[int, list[str]]] = []
        for line, written in enumerate(text.splitlines(), 1):
            written = written.split("#")[0].rstrip()
            if opening := _OPENING.fullmatch(written):
                kind, name, brackets, written = opening.groups(default="")
                _check(name not in self._blocks, line, f"{name!r} is there already; rename one")
                entries = []
                self._blocks[name] = _Block(kind, re.findall(r"[\w=]+", brackets), entries)
            else:
                good = not written or (written[0].isspace() and self._blocks)
                _check(good, line, f"begin with names, words, rule or about, not {written!r}")
            if written.strip():
                entries.append((line, written.split()))

    def _enter(self, name: str, kind: str, words: list[str], line: int) -> None:
        if kind == "rule":
            weighs = re.fullmatch(r"\d+(\.\d+)?", words[0]) and float(words[0])
            _check(weighs, line, f"begin with a weight, a number above 0, not {words[0]!r}")
            items = tuple(_item(word, line) for word in words[1:])
            self._rules.setdefault(name, []).append((float(words[0]), items))
        elif kind == "about":
            roles = {word[1:] for word in words if word[0] in "!*"}
            good = roles <= {*_ANSWERS[:3]} and words[-2:-1] == ["="] and words[-1] in _ANSWERS
            _check(good, line, f"write words, then = and one of {', '.join(_ANSWERS)}")
            self.about.setdefault(name, []).append((tuple(words[:-2]), words[-1]))
        else:
            known = self.classes.setdefault(name, [])
            twice = [word for word, n in Counter(known + words).items() if n > 1]
            _check(not twice, line, f"{twice} twice in class {name!r}; once is enough")
            known += words
            self.sources.update(words)
            self.names |= set(words) if kind == "names" else set()

    def _alternatives(self, item: _Item) -> Iterator[tuple[float, tuple[_Item, ...]]]:
        """What a rule can go on with, its variables put in; the probabilities sum to 1."""
        _check(
            item.name in self._rules,
            item.line,
            f"there is no rule {item.name!r} that says something",
        )
        variables, alternatives = self._blocks[item.name].brackets, self._rules[item.name]
        n, given = len(variables), len(item.variables)
        _check(n == given, item.line, f"${item.name} takes {n} variables, not {given}")
        put = dict(zip(variables, item.variables, strict=True))
        total = sum(weight for weight, _ in alternatives)
        for weight, items in alternatives:
            named = [replace(i, variables=tuple(put.get(v, v) for v in i.variables)) for i in items]
            yield weight / total, tuple(named)

    def _needs(self, item: _Item, path: tuple[str, ...] = ()) -> frozenset[str]:
        """The variables that an item will say, and ":CLASS" for each class it will choose from."""
        if item not in self._needed:
            needed = {*item.variables} if item.kind in "!@" else set()
            if item.kind == "?":
                _check(item.name in self.classes, item.line, f"there is no class {item.name!r}")
                needed = {":" + item.name}
            elif item.kind == "$":
                _check(item.name not in path, item.line, f"${item.name} comes back to itself")
                for _, items in self._alternatives(item):
                    needed = needed.union(*(self._needs(i, (*path, item.name)) for i in items))
            self._needed[item] = frozenset(needed)
        return self._needed[item]

    def _settle(self, items: tuple[_Item, ...], held: _Registers) -> tuple[int, tuple[int, ...]]:
        """The number of the state that has these items to say, and the registers that it keeps."""
        needed = {n for item in items for n in self._needs(item)}
        keep = tuple(k for k, (v, c) in enumerate(held) if v in needed or ":" + c in needed)
        held = tuple(held[k] for k in keep)
        if (items, held) not in self._states:
            options = tuple(self._expand(1.0, items, held, ()))
            self._states[items, held] = len(self.options)
            self.options.append(options)
            self.holds.append(tuple(c for _, c in held))
        return self._states[items, held], keep

    def _expand(
        self, p: float, items: tuple[_Item, ...], held: _Registers, marks: _Marks
    ) -> Iterator[Option]:
        """The options of a state: rules are opened and marks gathered until a word is said."""
        if not items:
            return
        item, rest, line = items[0], items[1:], items[0].line
        if item.kind == "$":
            for q, inner in self._alternatives(item):
                yield from self._expand(p * q, inner + rest, held, marks)
            return
        number = {variable: k for k, (variable, _) in enumerate(held)}  # the latest of each
        for x in item.variables if item.kind == "!" or item.name in self.about else ():
            _check(x in number, line, f"{x!r} holds nothing yet; choose it with ?{x}:CLASS")
        if item.kind == "@":
            takes = {"mood": 1, "agrees": 1} | dict.fromkeys(self.about, 3)
            good = takes.get(item.name) == len(item.variables)
            _check(good, line, f"@{item.name} is no mark of {len(item.variables)}; marks: {takes}")
            mark = item.name, tuple(number.get(v, v) for v in item.variables)
            yield from self._expand(p, rest, held, (*marks, mark))
            return
        register, sense, kept = -1, "", ("", "")
        choices: Sequence[str] = ()
        avoid: tuple[int, ...] = ()
        if item.kind == "!":
            register = number[item.variables[0]]
            forms = dict(form.split("=") for form in self._blocks[held[register][1]].brackets)
            good = not item.name or item.name in forms
            _check(good, line, f"class {held[register][1]!r} has no form {item.name!r}: {forms}")
            choices = [forms[item.name]] if item.name else []
        elif item.kind == "?":
            choices = self.classes[item.name]
            kept = (item.variables[0], item.name) if item.variables else kept
            avoid = tuple(k for k, (_, name) in enumerate(held) if name == item.name)
            _check(len(choices) > len(avoid), line, f"all words of {item.name!r} are taken here")
        else:
            word, _, sense = item.name.partition("/")
            choices = [word]
        if item.kind != "?":
            self.sources.update(choices)
        if sense and sense not in self.senses.setdefault(choices[0], []):
            self.senses[choices[0]].append(sense)
        state, keep = self._settle(rest, (*held, kept))
        yield Option(p, choices, avoid, register, sense, marks, state, keep)
