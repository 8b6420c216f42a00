"""Toyland: a language of small stories whose every probability is known exactly.

A grammar is read from a text (`data/toyland.txt` explains its notation).  It has no circles and no
text with two derivations, so everything asked below is computed, not estimated: it is the limit
that every model of the course is held against.  A text is given as words or as one string.

    language = toyland()                          the course's grammar, built once
    language.vocabulary                           its words and END, sorted
    language.senses                               the words with several senses, and these
    language.sample(generator)                    a Story; stories(n, generator) gives a list
    language.entropy()                            Entropy: nats, words, bits_per_token, ...
    language.next_words(prefix)                   {word: probability}, END included
    language.masked_word(words, i)                {word: probability} given all other words
    language.log_probability(words)               of the whole story, END included, in nats
    language.sense(words, i, read="left")         {sense: probability}; "both": all words
    language.best_reader(stories, read="left")    Score of the best possible reader of texts
    language.best_left()                          the same over the whole grammar, exactly
    language.read(words)                          the Story that a text tells

    story.words, story.senses, story.sentences, story.sentiment, story.facts, story.agreements
    story.questions(), story.entailments(generator), str(story)

`END` is what a reader of the left expects after the last word: it is a token, but not among a
story's words.  `MASK` stands for any word, wherever a text is given.

>>> language = toyland()
>>> story = language.read("Once a pirate named Anna lived in a big house near the castle . "
...                       "There was a ring at the door . It was not a bad day .")
>>> story.sentiment, story.words[17], story.senses[17]
('happy', 'ring', 'sound')
>>> language.next_words("once a pirate named anna lived")
{'in': 1.0}
>>> sorted(language.sense(story.words, 17, read="left"))  # before "at the door" is read
['jewel', 'sound']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from math import log
from typing import Literal, NamedTuple, TypeVar

import torch

from bertgpt.toyland.states import END, MASK, Automaton, Move, Place
from bertgpt.toyland.story import Agreement, Fact, Story

Text = str | Sequence[str]
Read = Literal["left", "both"]
_Key = TypeVar("_Key")


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
    def nats_per_token(self) -> float:
        """The least loss of a reader of the left, in nats; the tokens are the words and END."""
        return self.nats / (self.words + 1)

    @property
    def bits_per_token(self) -> float:
        """The same in bits."""
        return self.nats_per_token / log(2)


class Score(NamedTuple):
    """How well the best possible reader does on given texts: none who reads the same does better.

    Args:
        accuracy: probability that its best guess is right, averaged over the positions.
        hits: share of the positions where its best guess is the word that stands there.
        nats: entropy of its exact distributions, averaged: the loss to expect, in nats per token.
        surprise: -log of its probability of the word that stands there, averaged, in nats.
    """

    accuracy: float
    hits: float
    nats: float
    surprise: float


class BestLeft(NamedTuple):
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


class Grammar(Automaton):
    """A language that knows its own probabilities; see the module's docstring.

    >>> Grammar("rule STORY\\n  3 hello world\\n  1 hello you").next_words("hello")
    {'world': 0.75, 'you': 0.25}
    """

    def __repr__(self) -> str:
        return f"Grammar({len(self.vocabulary)} words, {len(self.options)} states)"

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """All words of stories and of questions on them, and END, sorted."""
        asked = {w for templates in self.about.values() for words, _ in templates for w in words}
        return tuple(sorted({*self.sources, *(word for word in asked if word[0] not in "!*")}))

    def entropy(self) -> Entropy:
        """Of a story, in one pass over the states: H(state) = sum of p (H(next) - log p)."""
        nats, words = list[float](), list[float]()
        for options in self.options:
            ways = [max(len(o.choices) - len(o.avoid), 1) for o in options]
            pairs = zip(options, ways, strict=True)
            nats.append(sum(o.p * (nats[o.state] - log(o.p / n)) for o, n in pairs))
            words.append(sum(o.p * (words[o.state] + 1) for o in options))
        return Entropy(nats[-1], words[-1] - 1)

    # --- writing

    def sample(self, generator: torch.Generator) -> Story:
        """Draw a story with its probability."""
        place, moves, draws = self._start, list[Move](), list[float]()
        while self.options[place[0]]:
            draws = draws or torch.rand(64, generator=generator, dtype=torch.float64).tolist()
            u = draws.pop()
            for move in self._moves(place):  # the last, should rounding leave some of u
                u -= move.p
                if u < 0:
                    break
            moves.append(move)
            place = move.place
        return self._story(moves)

    def stories(self, n: int, generator: torch.Generator) -> list[Story]:
        """Draw n stories, one after the other."""
        return [self.sample(generator) for _ in range(n)]

    def _story(self, moves: Sequence[Move]) -> Story:
        marks = [(i, move.word, *mark) for i, move in enumerate(moves) for mark in move.marks]
        return Story(
            tuple([move.word for move in moves[:-1]]),
            tuple([move.sense for move in moves[:-1]]),
            tuple(Fact(name, *held) for _, _, name, held in marks if name in self.about),
            "".join(held[0] for _, _, name, held in marks if name == "mood"),
            tuple(Agreement(i, w, held[0]) for i, w, name, held in marks if name == "agrees"),
            self,
        )

    # --- reading

    @property
    def _start(self) -> Place:
        return len(self.options) - 1, ()

    def _moves(self, place: Place, word: str = MASK) -> Iterator[Move]:
        for option in self.options[place[0]]:
            yield from option.moves(place[1], word)

    def _beliefs(self, words: Sequence[str]) -> list[dict[Place, float]]:
        """P(words[:i], places) for i = 0 ... len(words)."""
        beliefs = [{self._start: 1.0}]
        for i, word in enumerate(words):
            after: dict[Place, float] = defaultdict(float)
            for place, p in beliefs[-1].items():
                for move in self._moves(place, word):
                    after[move.place] += p * move.p
            if not after:
                known = (
                    "cannot stand" if word in self.vocabulary else "is no word of this language,"
                )
                where = f"after {' '.join(words[:i][-6:])!r}" if i else "at the beginning"
                could = ", ".join([*self.next_words(words[:i])][:9])
                raise ValueError(f"{word!r} (position {i}) {known} {where}; what can: {could}")
            beliefs.append(after)
        return beliefs

    def _outlooks(
        self, words: Sequence[str], positions: Sequence[int], read: Read
    ) -> Iterator[list[tuple[float, Move]]]:
        """For each position the moves that can be made there, with P(move, all words read)."""
        beliefs = self._beliefs(words[: max(positions)])
        ends = (*words, END)
        known: dict[tuple[Place, int], float] = {}

        def future(place: Place, i: int) -> float:
            """P(words[i:] | place)."""
            if read == "left" or i == len(ends):
                return 1.0
            if (place, i) not in known:
                moves = self._moves(place, ends[i])
                known[place, i] = sum(move.p * future(move.place, i + 1) for move in moves)
            return known[place, i]

        for i in positions:
            moves = [(p, move) for place, p in beliefs[i].items() for move in self._moves(place)]
            weights = [p * move.p * future(move.place, i + 1) for p, move in moves]
            if not any(weights):
                self._beliefs((*words[:i], MASK, *ends[i + 1 :]))  # says which word is impossible
            yield [(p, move) for p, (_, move) in zip(weights, moves, strict=True)]

    def next_words(self, prefix: Text = ()) -> dict[str, float]:
        """The exact probability of each next token, END included, the likeliest first.

        Args:
            prefix: how a story begins; the empty prefix is the beginning itself.
        Raises:
            ValueError: naming the first word that is unknown or cannot follow, and what could.
        """
        words = _split(prefix)
        (moves,) = self._outlooks(words, [len(words)], "left")
        return _shares((move.word, p) for p, move in moves)

    def masked_word(self, words: Text, i: int) -> dict[str, float]:
        """The exact probability of each word at position i given all others, likeliest first.

        Args:
            words: a whole story; what stands at i is not looked at, and other words may be MASK.
            i: a position, 0 ... len(words) - 1.
        """
        words = _split(words, i)
        (moves,) = self._outlooks(words, [i], "both")
        return _shares((move.word, p) for p, move in moves)

    def sense(self, words: Text, i: int, *, read: Read = "both") -> dict[str, float]:
        """The exact probability of each sense of the word at position i, likeliest first.

        A sense is "river" of "bank", or "anna" of "she"; a word with one sense is its own.

        Args:
            words: a whole story; for read="left" what follows i is not looked at.
            i: a position, 0 ... len(words) - 1.
            read: "left" for a reader of words[:i + 1], "both" for a reader of all words.
        """
        words = _split(words, i)
        self._beliefs([*words, END] if read == "both" else words[: i + 1])
        (moves,) = self._outlooks(words, [i], read)
        return _shares((move.sense, p) for p, move in moves if move.word == words[i])

    def log_probability(self, words: Text) -> float:
        """log P of a whole story, its END included, in nats.

        Raises:
            ValueError: if the text is empty, leaves the language, or stops early.
        """
        return log(sum(self._beliefs([*_split(words, 0), END])[-1].values()))

    def read(self, words: Text) -> Story:
        """The story that a text tells: at each position the one move that leads through it."""
        words = _split(words, 0)
        self._beliefs([*words, END])  # a text that is no story is refused here
        outlooks = self._outlooks(words, range(len(words) + 1), "both")
        said = zip([*words, END], outlooks, strict=True)
        return self._story([m for word, moves in said for p, m in moves if p and m.word == word])

    # --- the best possible readers

    def best_reader(self, stories: Sequence[Story], *, read: Read) -> Score:
        """How the best reader of given texts does.

        Args:
            read: "left" guesses each token, END included, from those before it; "both" guesses
                each word from all the others.
        """
        if not stories:
            raise ValueError("no stories were given; give at least one")
        rows = []
        for story in stories:
            words = (*story.words, END)[: None if read == "left" else -1]
            outlooks = self._outlooks(story.words, range(len(words)), read)
            for word, moves in zip(words, outlooks, strict=True):
                p = _shares((move.word, weight) for weight, move in moves)
                best, entropy = next(iter(p)), -sum(q * log(q) for q in p.values())
                rows.append((p[best], best == word, entropy, -log(p[word])))
        return Score(*torch.tensor(rows, dtype=torch.float64).mean(0).tolist())

    def best_left(self) -> BestLeft:
        """How the best reader of the left does, averaged exactly over all texts of the grammar.

        What it knows is a *belief*: how probable each place is.  Beliefs that differ in names
        alone have the same future and count as one.  Nothing here relies on a text's having one
        derivation, so that `nats` checks `entropy()`.
        """
        waiting = [defaultdict[tuple[tuple[Place, float], ...], float](float) for _ in self.options]
        waiting[-1][((self._start, 1.0),)] = 1.0
        nats = accuracy = tokens = 0.0
        right, seen = defaultdict[str, float](float), defaultdict[str, float](float)
        for beliefs in reversed(waiting[1:]):  # a belief's highest state only falls
            for belief, mass in beliefs.items():
                heard: dict[str, list[tuple[float, Move]]] = defaultdict(list)
                for place, p in belief:
                    for move in self._moves(place):
                        heard[move.word].append((mass * p * move.p, move))
                shares = {word: sum(p for p, _ in moves) for word, moves in heard.items()}
                accuracy += max(shares.values())
                tokens += mass
                for word, moves in heard.items():
                    nats -= shares[word] * log(shares[word] / mass)
                    seen[word] += shares[word]
                    right[word] += max(_sums((m.sense, p) for p, m in moves).values())
                    alike = self._alike(_sums((m.place, p / shares[word]) for p, m in moves))
                    waiting[alike[-1][0][0]][alike] += shares[word]
        senses = {word: right[word] / seen[word] for word in self.senses}
        return BestLeft(nats, accuracy / tokens, senses)

    def _alike(self, belief: Mapping[Place, float]) -> tuple[tuple[Place, float], ...]:
        """A belief with the first names of each class for its own; its highest state last.

        Only words that come from one class, and from no rule, may stand for one another.
        """
        put: dict[str, str] = {}
        for (state, held), _ in sorted(belief.items()):
            for word, name in zip(held, self.holds[state], strict=True):
                alike = [w for w in self.classes[name] if self.sources[w] == 1]
                free = (w for w in alike if w not in put.values())
                put[word] = put.get(word) or (next(free) if word in alike else word)
        return tuple(
            ((state, tuple(put[word] for word in held)), round(p, 14))
            for (state, held), p in sorted(belief.items())
        )


def _split(text: Text, i: int | None = None) -> list[str]:
    """A text as words, END left out; where a position matters, it is checked."""
    words = re.findall(r"<\w+>|\w+|[^\w\s]", text.lower()) if isinstance(text, str) else [*text]
    words = words[:-1] if words[-1:] == [END] else words
    if i is not None and not words:
        raise ValueError("the text is empty; give a story, as words or as one string")
    if i is not None and not 0 <= i < len(words):
        raise ValueError(f"position {i} is not among the {len(words)} words 0 ... {len(words) - 1}")
    return words


def _sums(pairs: Iterable[tuple[_Key, float]]) -> dict[_Key, float]:
    sums: dict[_Key, float] = defaultdict(float)
    for key, weight in pairs:
        sums[key] += weight
    return sums


def _shares(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Weights summed by word and made to sum to 1, the greatest first."""
    sums = _sums(pairs)
    total = sum(sums.values())
    return {word: p / total for word, p in sorted(sums.items(), key=lambda x: (-x[1], x[0])) if p}


@cache
def toyland() -> Grammar:
    """The course's language, read from the package's `data/toyland.txt` once."""
    return Grammar((files("bertgpt") / "data" / "toyland.txt").read_text(encoding="utf-8"))
