"""The notation of a grammar: a text becomes classes of words, rules, and templates on facts.

`data/toyland.txt` explains the notation, and is the grammar of the course.

>>> rules = "rule STORY\\n  3 the ?x:toy fell\\n  1 it rained"
>>> notation = Notation("words toy: kite drum\\n" + rules)
>>> notation.classes
{'toy': ['kite', 'drum']}
>>> notation.rules["STORY"].alternatives[0].items[1]
Item(kind='?', name='toy', variables=('x',), line=3)
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

_OPENING = re.compile(r"(names|words|rule|about) +(\w+) *(?:\(([^)]*)\))? *(?::(.*))?")
_ITEM = re.compile(r"([?!$@])(\w+)(?:[:.](\w+)|\((\w+(?:,\w+)*)\))?")
_ROLES = ("giver", "thing", "receiver")
_ANSWERS = (*_ROLES, "entailment", "contradiction", "neutral")


@dataclass(frozen=True)
class Item:
    """A piece of a rule.

    Args:
        kind: "" for a word; "?" chooses a word of a class, "!" says what a variable holds, "$" is
            another rule, "@" a mark.
        name: of the word, class, form, rule or mark.
        variables: the one that is chosen or said, or those that a rule or a mark is given.
        line: of the text, for messages.
    """

    kind: str
    name: str
    variables: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


class Alternative(NamedTuple):
    """One way in which a rule goes on, and how much it weighs beside the others."""

    weight: float
    items: tuple[Item, ...]


@dataclass
class Rule:
    """A rule: the names of its variables, and its alternatives."""

    variables: tuple[str, ...]
    alternatives: list[Alternative] = field(default_factory=list)


class Template(NamedTuple):
    """Words about a fact, with `!role` for what it names and `*role` for a word that it does not.

    For a question `answer` is the role that answers it, for a sentence its label.
    """

    words: tuple[str, ...]
    answer: str


def check(allowed: object, line: int, why: str) -> None:
    """Raise ValueError with the line of the grammar unless this is allowed."""
    if not allowed:
        raise ValueError(f"grammar, line {line}: {why}")


class Notation:
    """A grammar text, read.

    Attributes:
        classes: for each class its words.
        forms: for each class what stands for its words, such as {"he": "she"}.
        names: the words that are printed with a capital.
        rules: for each name of a rule the rule.
        about: for each kind of fact its templates.
    Raises:
        ValueError: naming the line that cannot be read.
    """

    def __init__(self, text: str) -> None:
        self.classes: dict[str, list[str]] = {}
        self.forms: dict[str, dict[str, str]] = {}
        self.names: set[str] = set()
        self.rules: dict[str, Rule] = {}
        self.about: dict[str, list[Template]] = {}
        opened: dict[str, str] = {}  # name of a block -> its kind
        name = ""
        for line, written in enumerate(text.splitlines(), 1):
            entry = written.split("#")[0].rstrip()
            if opening := _OPENING.fullmatch(entry):
                kind, name, brackets, entry = opening.groups(default="")
                check(name not in opened, line, f"{name!r} is there already; rename one")
                opened[name] = kind
                self._open(kind, name, re.findall(r"[\w=]+", brackets), line)
            elif entry:
                indented = entry[0].isspace() and opened
                check(indented, line, f"begin with names, words, rule or about, not {entry!r}")
            if words := entry.split():
                self._enter(opened[name], name, words, line)

    def _open(self, kind: str, name: str, brackets: list[str], line: int) -> None:
        """Begin a block: a rule's variables, or the forms of a class, are in its brackets."""
        if kind == "rule":
            self.rules[name] = Rule(tuple(brackets))
        elif kind in ("names", "words"):
            pairs = [form.split("=") for form in brackets]
            good = all(len(pair) == 2 and all(pair) for pair in pairs)
            check(good, line, f"write what stands for a word as he=she, not {brackets}")
            self.forms[name] = dict(pairs)

    def _enter(self, kind: str, name: str, words: list[str], line: int) -> None:
        """Add a line to the block that it belongs to."""
        if kind == "rule":
            self.rules[name].alternatives.append(_alternative(words, line))
        elif kind == "about":
            self.about.setdefault(name, []).append(_template(words, line))
        else:
            known = self.classes.setdefault(name, [])
            twice = [word for word, n in Counter(known + words).items() if n > 1]
            check(not twice, line, f"{twice} twice in class {name!r}; once is enough")
            known += words
            if kind == "names":
                self.names.update(words)

    def alternatives(self, item: Item) -> list[tuple[float, tuple[Item, ...]]]:
        """How the rule of a "$" item can go on, with the variables that it is given.

        Returns:
            (probability, items); the probabilities sum to 1.
        """
        rule = self.rules.get(item.name)
        if rule is None or not rule.alternatives:
            raise ValueError(
                f"grammar, line {item.line}: there is no rule {item.name!r} that says something"
            )
        n, given = len(rule.variables), len(item.variables)
        check(n == given, item.line, f"${item.name} takes {n} variables, not {given}")
        put = dict(zip(rule.variables, item.variables, strict=True))
        total = sum(weight for weight, _ in rule.alternatives)
        found = []
        for weight, items in rule.alternatives:
            # Other variables keep their names: they belong to the whole story.
            renamed = (
                Item(i.kind, i.name, tuple(put.get(v, v) for v in i.variables), i.line)
                for i in items
            )
            found.append((weight / total, tuple(renamed)))
        return found


def _alternative(words: list[str], line: int) -> Alternative:
    """A line of a rule: its weight, then its items."""
    number = re.fullmatch(r"\d+(\.\d+)?", words[0])
    weight = float(words[0]) if number else 0.0
    check(weight > 0, line, f"begin with a weight, a number above 0, not {words[0]!r}")
    return Alternative(weight, tuple(_item(word, line) for word in words[1:]))


def _template(words: list[str], line: int) -> Template:
    """A line on a fact: its words, then = and an answer or a label."""
    roles = {word[1:] for word in words if word[0] in "!*"}
    good = roles <= {*_ROLES} and words[-2:-1] == ["="] and words[-1] in _ANSWERS
    check(good, line, f"write words, then = and one of {', '.join(_ANSWERS)}")
    return Template(tuple(words[:-2]), words[-1])


def _item(text: str, line: int) -> Item:
    """One item as it is written: word, bank/river, ?x:CLASS, ?CLASS, !x, !x.he, $NAME(x), @mark."""
    if text[0] not in "?!$@" or len(text) == 1:  # a question mark by itself is a word
        return Item("", text, (), line)
    parts = _ITEM.fullmatch(text)
    if parts is None:
        example = "write ?x:CLASS, !x, !x.he, $NAME(x), @mood(m)"
        raise ValueError(f"grammar, line {line}: cannot read {text!r}; {example}")
    kind, first, second, listed = parts.groups(default="")
    if kind in "$@":
        return Item(kind, first, tuple(re.findall(r"\w+", listed)), line)
    if kind == "?" and not second:  # ?CLASS: the word is kept nowhere
        return Item(kind, first, (), line)
    return Item(kind, second, (first,), line)
