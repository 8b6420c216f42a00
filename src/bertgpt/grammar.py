"""Toyland: a language of small stories whose every probability is known exactly.

A grammar is read from a text (`data/toyland.txt` explains its notation).  It has no circles and no
text with two derivations, so everything asked below is computed, not estimated: it is the limit
that every model of the course is held against.  A text is given as words or as one string.

    language = toyland()                            the course's grammar, built once
    language.vocabulary                             its words and END, sorted
    language.sample(generator)                      a Story; stories(n, generator) gives a list
    language.entropy()                              Entropy: nats, words, bits_per_token, ...
    language.next_words(prefix)                     {word: probability}, END included
    language.masked_word(words, i)                  {word: probability} given all other words
    language.log_probability(words)                 of the whole story, END included, in nats
    language.sense(words, i, read="left")           {sense: probability}; "both": all words
    language.best_reader(stories, read="left")      Score of the best possible reader of texts
    language.best_left()                            the same over the whole grammar, exactly
    language.read(words)                            Story: senses, facts, sentiment of a text
    language.questions(story)                       with their answers
    language.entailments(story, generator)          sentences that follow, contradict, or neither

`END` is what a reader of the left expects after the last word: it is a token, but not among a
story's words.  `MASK` stands for any word, wherever a text is given.

>>> language = toyland()
>>> story = language.read("Once a pirate named Anna lived in a big house near the castle . "
...                       "There was a ring at the door . It was not a bad day .")
>>> story.sentiment, story.senses[17]
('happy', 'sound')
>>> language.next_words("once a pirate named anna lived")
{'in': 1.0}
>>> sorted(language.sense(story.words, 17, read="left"))  # before "at the door" is read
['jewel', 'sound']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from math import log
from typing import Literal, NamedTuple

import torch

from bertgpt import automaton
from bertgpt.automaton import END, Automaton, Move, Place

MASK = "<mask>"
Read = Literal["left", "both"]
_Belief = dict[Place, float]


class Fact(NamedTuple):
    """Who gave what to whom: `Fact("gave", "anna", "kite", "tom")`."""

    verb: str
    giver: str
    thing: str
    receiver: str


class Agreement(NamedTuple):
    """A verb whose subject stands far away: its position, its form, and the wrong form."""

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
        words: without END.
        senses: of each word: "river" for "bank", "anna" for "she"; the word itself if it has one.
        facts: who gave what to whom.
        sentiment: "happy" or "sad"; "" where the grammar marks none.
        agreements: the verbs whose subject stands far away.
        names: the words to be printed with a capital.
    """

    words: tuple[str, ...]
    senses: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    sentiment: str = ""
    agreements: tuple[Agreement, ...] = ()
    names: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def __str__(self) -> str:
        text, opens = "", True
        for word in self.words:
            shown = word.capitalize() if opens or word in self.names else word
            text += shown if word in ".,?" or not text else " " + shown
            opens = word in ".?"
        return text

    @property
    def sentences(self) -> tuple[tuple[str, ...], ...]:
        """The words, cut after each full stop."""
        cuts = [0, *(i for i, word in enumerate(self.words, 1) if word == ".")]
        return tuple(self.words[a:b] for a, b in pairwise(cuts))


@dataclass(frozen=True)
class Entropy:
    """How much a story tells and how long it is, on average over all stories: exact.

    Args:
        nats: entropy of a story, in nats.
        words: expected number of its words, END not counted.
    """

    nats: float
    words: float

    @property
    def tokens(self) -> float:
        """Expected number of tokens of a story: its words and END."""
        return self.words + 1

    @property
    def nats_per_token(self) -> float:
        """The least loss that a reader of the left can have, in nats per token."""
        return self.nats / self.tokens

    @property
    def bits_per_token(self) -> float:
        """The same in bits per token."""
        return self.nats_per_token / log(2)


@dataclass(frozen=True)
class Score:
    """How well the best possible reader does on given texts: none who reads the same does better.

    Args:
        accuracy: probability that its best guess is right, averaged over the positions.
        hits: share of the positions where its best guess is the word that stands there.
        nats: entropy of its exact distributions, averaged: the loss to expect, in nats per token.
        surprise: -log of its probability of the word that stands there, averaged, in nats.
        positions: how many were guessed.
    """

    accuracy: float
    hits: float
    nats: float
    surprise: float
    positions: int


@dataclass(frozen=True)
class BestLeft:
    """How well the best reader of the left does on the whole grammar: exact.

    Args:
        nats: the loss to expect over a story, in nats: its entropy, computed a second way.
        accuracy: probability that the best guess of the next token is right.
        senses: for each word with several senses, the probability that the best guess of its
            sense is right.  (For a reader of both sides it is 1: a text has one derivation.)
    """

    nats: float
    accuracy: float
    senses: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Grammar:
    """A language that knows its own probabilities; see the module's docstring."""

    automaton: Automaton = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Grammar:
        """Read a grammar text; a ValueError names the line that is damaged.

        >>> Grammar.parse("rule STORY\\n  1 hello world").next_words("hello")
        {'world': 1.0}
        """
        return cls(automaton.read(text))

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """All words of all stories and END, sorted."""
        said = {option.word for options in self.automaton.options for option in options}
        chosen = {w for options in self.automaton.options for o in options for w in o.choices}
        return tuple(sorted((said | chosen) - {""}))

    @cached_property
    def senses(self) -> Mapping[str, tuple[str, ...]]:
        """The words that the grammar gives several senses, and these."""
        found: dict[str, set[str]] = defaultdict(set)
        for options in self.automaton.options:
            for option in options:
                if option.sense:
                    found[option.word].add(option.sense)
        return {word: tuple(sorted(found[word])) for word in sorted(found)}

    def entropy(self) -> Entropy:
        """Of a story, by one pass over the states: H(state) = sum of p (H(next) - log p)."""
        nats: list[float] = []
        words: list[float] = []
        for options in self.automaton.options:
            h = n = 0.0
            for o in options:
                ways = max(len(o.choices) - len(o.avoid), 1)
                h += o.p * (nats[o.state] - log(o.p / ways))
                n += o.p * (words[o.state] + 1)
            nats.append(h)
            words.append(n)
        return Entropy(nats[-1], words[-1] - 1)

    # --- writing

    def sample(self, generator: torch.Generator) -> Story:
        """Draw a story with its probability."""
        place = self._start
        moves: list[Move] = []
        while options := self.automaton.options[place[0]]:
            if len(moves) % 64 == 0:
                draws = torch.rand(64, generator=generator, dtype=torch.float64).tolist()
            u = draws[len(moves) % 64]
            for option in options:
                if u < option.p:
                    break
                u -= option.p
            words = option.words(place[1])
            word = words[min(int(u / option.p * len(words)), len(words) - 1)]
            moves.append(option.move(place[1], word, 0.0))
            place = moves[-1].place
        return self._story(moves)

    def stories(self, n: int, generator: torch.Generator) -> list[Story]:
        """Draw n stories, one after the other."""
        return [self.sample(generator) for _ in range(n)]

    def _story(self, moves: Sequence[Move]) -> Story:
        marks = [(i, move.word, *mark) for i, move in enumerate(moves) for mark in move.marks]
        return Story(
            tuple([move.word for move in moves[:-1]]),
            tuple([move.sense for move in moves[:-1]]),
            tuple(Fact(n, *args) for _, _, n, args in marks if n in self.automaton.about),
            "".join(args[0] for _, _, n, args in marks if n == "mood"),
            tuple(Agreement(i, w, args[0]) for i, w, n, args in marks if n == "agrees"),
            self.automaton.names,
        )

    # --- reading

    @property
    def _start(self) -> Place:
        return len(self.automaton.options) - 1, ()

    def _moves(self, place: Place, word: str = "") -> Iterator[Move]:
        """The moves from a place that say `word`; "" is anything, MASK anything but END."""
        state, held = place
        for option in self.automaton.options[state]:
            words = option.words(held)
            for said in words:
                if word == said or not word or (word == MASK and said != END):
                    yield option.move(held, said, option.p / len(words))

    def _step(self, belief: _Belief, word: str) -> _Belief:
        """P(words so far, places) -> the same one word later."""
        after: _Belief = defaultdict(float)
        for place, p in belief.items():
            for move in self._moves(place, word):
                after[move.place] += p * move.p
        return after

    def _beliefs(self, words: Sequence[str]) -> list[_Belief]:
        """P(words[:i], places) for i = 0 ... len(words)."""
        beliefs: list[_Belief] = [{self._start: 1.0}]
        for i, word in enumerate(words):
            if word != MASK and word not in self.vocabulary:
                near = get_close_matches(word, self.vocabulary) or self.vocabulary[:9]
                raise ValueError(
                    f"{word!r} (position {i}) is none of the {len(self.vocabulary)} words of this "
                    f"language; near it are {', '.join(near)}"
                )
            beliefs.append(self._step(beliefs[-1], word))
            if not beliefs[-1]:
                could = self.next_words(words[:i])
                raise ValueError(
                    f"{word!r} (position {i}) cannot follow {' '.join(words[:i][-6:])!r}; these "
                    f"can: {', '.join(sorted(could, key=lambda w: (-could[w], w))[:9])}"
                )
        return beliefs

    def _outlooks(
        self, words: Sequence[str], positions: Sequence[int], read: Read
    ) -> Iterator[tuple[int, list[tuple[float, Move]]]]:
        """For each position the moves that could be made there, with P(move, words read)."""
        beliefs = self._beliefs(words[: max(positions)])
        ends = (*words, END)
        known: dict[tuple[Place, int], float] = {}

        def future(place: Place, i: int) -> float:
            """P(words[i:] | place)."""
            if read == "left" or i == len(ends):
                return 1.0
            if (place, i) not in known:
                moves = self._moves(place, ends[i])
                known[place, i] = sum(m.p * future(m.place, i + 1) for m in moves)
            return known[place, i]

        for i in positions:
            yield (
                i,
                [
                    (p * move.p * future(move.place, i + 1), move)
                    for place, p in beliefs[i].items()
                    for move in self._moves(place, "" if read == "left" else MASK)
                ],
            )

    def next_words(self, prefix: str | Sequence[str] = ()) -> dict[str, float]:
        """The exact probability of each next token, END included, the likeliest first.

        Args:
            prefix: how a story begins; the empty prefix is the beginning itself.
        Raises:
            ValueError: naming the first word that is unknown or cannot follow, and what could.
        """
        words = _words(prefix)
        _, moves = next(self._outlooks(words, [len(words)], "left"))
        return _shares((move.word, p) for p, move in moves)

    def masked_word(self, words: str | Sequence[str], i: int) -> dict[str, float]:
        """The exact probability of each word at position i given all others, likeliest first.

        Args:
            words: a whole story; what stands at i is not looked at, and other words may be MASK.
            i: a position, 0 ... len(words) - 1.
        """
        words = self._story_words(words, i)
        _, moves = next(self._outlooks(words, [i], "both"))
        return self._possible(words, i, ((move.word, p) for p, move in moves))

    def sense(self, words: str | Sequence[str], i: int, *, read: Read = "both") -> dict[str, float]:
        """The exact probability of each sense of the word at position i.

        A sense is "river" of "bank", or "anna" of "she"; a word with one sense is its own.

        Args:
            words: a whole story; for read="left" what follows i is not looked at.
            i: a position, 0 ... len(words) - 1.
            read: "left" for a reader of words[:i + 1], "both" for a reader of all words.
        """
        words = self._story_words(words, i)
        _, moves = next(self._outlooks(words, [i], read))
        pairs = ((move.sense, p) for p, move in moves if move.word == words[i])
        return self._possible(words, i, pairs)

    def log_probability(self, words: str | Sequence[str]) -> float:
        """log P of a whole story, its END included, in nats.

        Raises:
            ValueError: if the text is empty, or where it leaves the language, or if it stops early.
        """
        return log(sum(self._beliefs([*self._story_words(words), END])[-1].values()))

    def read(self, words: str | Sequence[str]) -> Story:
        """The story that a text tells: the moves of its one derivation."""
        words = [*self._story_words(words), END]
        self._beliefs(words)

        def derivations(place: Place, i: int) -> Iterator[tuple[Move, ...]]:
            if i == len(words):
                yield ()
                return
            for move in self._moves(place, words[i]):
                yield from ((move, *rest) for rest in derivations(move.place, i + 1))

        return self._story(next(derivations(self._start, 0)))

    # --- the best possible readers

    def best_reader(self, stories: Sequence[Story], *, read: Read) -> Score:
        """How the best reader of given texts does.

        Args:
            read: "left" guesses each token, END included, from those before it; "both" guesses
                each word from all the others.
        """
        scores = []
        for story in stories:
            words = [*story.words, END]
            positions = range(len(words) if read == "left" else len(words) - 1)
            for i, moves in self._outlooks(story.words, positions, read):
                p = _shares((move.word, weight) for weight, move in moves)
                entropy = -sum(q * log(q) for q in p.values())
                best = next(iter(p))
                scores.append((p[best], float(best == words[i]), entropy, -log(p[words[i]])))
        if not scores:
            raise ValueError("no stories were given; give at least one")
        means = [sum(column) / len(scores) for column in zip(*scores, strict=True)]
        return Score(means[0], means[1], means[2], means[3], len(scores))

    def best_left(self) -> BestLeft:
        """The best reader of the left, averaged exactly over all texts of the grammar.

        What a reader of the left knows is a *belief*: how probable each place is.  Beliefs that
        differ in names alone have the same future and are counted as one.  No use is made of there
        being one derivation a text, so that `nats` checks `entropy()`.
        """
        waiting: dict[int, dict[tuple[tuple[Place, float], ...], float]] = defaultdict(
            lambda: defaultdict(float)
        )
        waiting[self._start[0]][((self._start, 1.0),)] = 1.0
        nats = accuracy = tokens = 0.0
        right: dict[str, float] = defaultdict(float)
        seen: dict[str, float] = defaultdict(float)
        for top in range(len(self.automaton.options) - 1, 0, -1):  # a belief's highest state falls
            for belief, mass in waiting.pop(top, {}).items():
                told: dict[str, tuple[_Belief, dict[str, float]]] = {}
                for place, p in belief:
                    for move in self._moves(place):
                        after, sense = told.setdefault(
                            move.word, (defaultdict(float), defaultdict(float))
                        )
                        after[move.place] += p * move.p
                        sense[move.sense] += p * move.p
                shares = {word: sum(sense.values()) for word, (_, sense) in told.items()}
                accuracy += mass * max(shares.values())
                tokens += mass
                for word, (after, sense) in told.items():
                    nats -= mass * shares[word] * log(shares[word])
                    seen[word] += mass * shares[word]
                    right[word] += mass * max(sense.values())
                    alike = self._alike(after, shares[word])
                    waiting[alike[-1][0][0]][alike] += mass * shares[word]
        return BestLeft(
            nats, accuracy / tokens, {word: right[word] / seen[word] for word in self.senses}
        )

    def _alike(self, belief: _Belief, total: float) -> tuple[tuple[Place, float], ...]:
        """A belief with the first names of each class for its own; its highest state last."""
        put: dict[str, str] = {}
        used: dict[str, int] = defaultdict(int)
        alike = []
        for (state, held), p in sorted(belief.items()):
            for word, name in zip(held, self.automaton.holds[state], strict=True):
                if word not in put:
                    free = self._exchangeable[name]
                    put[word] = free[used[name]] if word in free else word
                    used[name] += word in free
            alike.append(((state, tuple([put[word] for word in held])), round(p / total, 14)))
        return tuple(alike)

    @cached_property
    def _exchangeable(self) -> Mapping[str, tuple[str, ...]]:
        """For each class its words that no rule says by itself and no other class has."""
        options = [option for options in self.automaton.options for option in options]
        count: dict[str, int] = defaultdict(int)
        for words in self.automaton.classes.values():
            for word in words:
                count[word] += 1
        for word in {option.word for option in options}:
            count[word] += 1
        return {
            name: tuple(word for word in words if count[word] == 1)
            for name, words in self.automaton.classes.items()
        }

    # --- facts

    def questions(self, story: Story) -> list[Question]:
        """Questions on the story's facts, each with its answer."""
        return [
            Question(_filled(words, fact), value, story.words.index(value))
            for fact in story.facts
            for label, words, answer in self.automaton.about[fact.verb]
            if label == "ask"
            for value in [getattr(fact, answer)]
        ]

    def entailments(self, story: Story, generator: torch.Generator) -> list[Entailment]:
        """Sentences that follow from the story, contradict it, or are left open by it.

        Args:
            generator: chooses the words that the story does not name.
        """
        pairs = []
        for fact in story.facts:
            for label, words, _ in self.automaton.about[fact.verb]:
                if label == "ask":
                    continue
                other = {}
                for role in ("giver", "thing", "receiver"):
                    others = [
                        word
                        for name in self.automaton.classes.values()
                        if getattr(fact, role) in name
                        for word in name
                        if word not in story.words
                    ]
                    k = int(torch.randint(len(others), (), generator=generator))
                    other[role] = others[k]
                pairs.append(Entailment(story.words, _filled(words, fact, other), label))
        return pairs

    # --- what is given

    def _story_words(self, words: str | Sequence[str], i: int = 0) -> list[str]:
        words = _words(words)
        if not words:
            raise ValueError("the text is empty; give a story, as words or as one string")
        if not 0 <= i < len(words):
            raise ValueError(
                f"position {i} is not in this text of {len(words)} words; "
                f"positions are 0 ... {len(words) - 1}"
            )
        return words

    def _possible(
        self, words: Sequence[str], i: int, pairs: Iterator[tuple[str, float]]
    ) -> dict[str, float]:
        shares = _shares(pairs)
        if not shares:
            raise ValueError(
                f"no word at position {i} makes a story of this text; what stands there is not "
                f"looked at, so the fault is after it: {' '.join(words[i + 1 :])!r}"
            )
        return shares


def _words(text: str | Sequence[str]) -> list[str]:
    """A text as words; a string is cut and lower-cased, and END left out."""
    words = re.findall(r"<\w+>|\w+|[^\w\s]", text.lower()) if isinstance(text, str) else list(text)
    return words[:-1] if words[-1:] == [END] else words


def _shares(pairs: Iterator[tuple[str, float]]) -> dict[str, float]:
    """Sums of weights by word, made to sum to 1, the greatest first."""
    sums: dict[str, float] = defaultdict(float)
    for word, weight in pairs:
        sums[word] += weight
    total = sum(sums.values())
    return {
        word: sums[word] / total
        for word in sorted(sums, key=lambda word: (-sums[word], word))
        if sums[word]
    }


def _filled(
    words: Sequence[str], fact: Fact, other: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """A template's words: !role is what the fact names, *role another."""
    put = {"!" + role: value for role, value in fact._asdict().items()}
    put |= {"*" + role: value for role, value in (other or {}).items()}
    return tuple(put.get(word, word) for word in words)


@cache
def toyland() -> Grammar:
    """The course's language, read from the package's `data/toyland.txt` once."""
    return Grammar.parse((files("bertgpt") / "data" / "toyland.txt").read_text(encoding="utf-8"))
