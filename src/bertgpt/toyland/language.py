"""Toyland: a language of small stories whose every probability is known exactly.

A grammar is read from a text (`data/toyland.txt` explains its notation). It has no circles and no
text with two derivations, so everything asked below is computed, not estimated: it is the limit
that every model of the course is compared with. A text is given as words or as one string.

    language = toyland()                          the course's grammar, built once
    language.vocabulary                           its words and END, sorted
    language.senses                               the words with several senses, and these
    language.sample(generator)                    a Story; stories(n, generator) gives a list
    language.entropy()                            Entropy: nats, words, bits_per_token, ...
    language.next_words(prefix)                   {word: probability}, END included
    language.masked_word(words, i)                {word: probability} given all other words
    language.log_probability(words)               of the whole story, END included, in nats
    language.sense(words, i, read="left")         {sense: probability}; "both": all words
    language.read(words)                          the Story that a text tells

    story.words, story.senses, story.sentences, story.sentiment, story.facts, story.agreements
    story.questions(), story.entailments(generator), str(story)

`END` is what a left-to-right reader expects after the last word: it is a token, but not among a
story's words. `MASK` stands for any word, wherever a text is given. How well the best possible
reader does is computed in `bertgpt.toyland.best_reader`.

>>> language = toyland()
>>> story = language.read(
...     "Once a pirate named Anna lived in a big house near the castle . "
...     "There was a ring at the door . It was not a bad day ."
... )
>>> story.sentiment, story.words[17], story.senses[17]
('happy', 'ring', 'sound')
>>> language.next_words("once a pirate named anna lived")
{'in': 1.0}
>>> # Before "at the door" is read:
>>> sorted(language.sense(story.words, 17, read="left"))
['jewel', 'sound']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from importlib.resources import files
from math import log
from typing import Literal, TypeVar

import torch

from bertgpt.toyland.moves import END, MASK, Move, Place
from bertgpt.toyland.notation import Notation
from bertgpt.toyland.states import Entropy, States
from bertgpt.toyland.story import Agreement, Fact, Story

Text = str | Sequence[str]
Read = Literal["left", "both"]
Key = TypeVar("Key", bound=Hashable)


class Grammar:
    """A language that knows its own probabilities; see the module's docstring.

    Args:
        text: a grammar, in the notation that `data/toyland.txt` explains.
    Attributes:
        states: the `States` that its rules become.
        classes: for each class its words.
        names: the words that are printed with a capital.
        senses: for each word with several senses, these.
    Raises:
        ValueError: naming the line that cannot be read, or asks for something that is not there.

    >>> Grammar("rule STORY\\n  3 hello world\\n  1 hello you").next_words("hello")
    {'world': 0.75, 'you': 0.25}
    """

    def __init__(self, text: str) -> None:
        self.notation = Notation(text)
        self.states = States(self.notation)
        self.classes = self.notation.classes
        self.names = self.notation.names
        self.senses = self.states.senses

    def __repr__(self) -> str:
        return f"Grammar({len(self.vocabulary)} words, {len(self.states.states)} states)"

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """All words of stories and of questions on them, and END, sorted."""
        templates = [t for about in self.notation.about.values() for t in about]
        asked = {word for template in templates for word in template.words if word[0] not in "!*"}
        return tuple(sorted(asked | self.states.sources.keys()))

    def entropy(self) -> Entropy:
        """How much a story tells and how long it is, on average over all stories: exact."""
        return self.states.entropy()

    # --- writing

    def sample(self, generator: torch.Generator) -> Story:
        """Draw a story with its probability."""
        place = self.states.start
        moves: list[Move] = []
        draws: list[float] = []
        while place.state != 0:  # the end
            if not draws:  # 64 at once: a story takes about 50, and each call costs time
                draws = torch.rand(64, generator=generator, dtype=torch.float64).tolist()
            move = self.states.states[place.state].draw(place.held, draws.pop())
            moves.append(move)
            place = move.place
        return self._story(moves)

    def stories(self, n: int, generator: torch.Generator) -> list[Story]:
        """Draw n stories, one after the other."""
        return [self.sample(generator) for _ in range(n)]

    def _story(self, moves: Sequence[Move]) -> Story:
        """The story that these moves tell; the last of them says END."""
        marks = [(i, mark) for i, move in enumerate(moves) for mark in move.marks]
        moods = [mark.arguments[0] for _, mark in marks if mark.name == "mood"]
        return Story(
            words=tuple([move.word for move in moves[:-1]]),
            senses=tuple([move.sense for move in moves[:-1]]),
            facts=tuple(
                Fact(mark.name, *mark.arguments)
                for _, mark in marks
                if mark.name in self.notation.about
            ),
            sentiment="".join(moods),
            agreements=tuple(
                Agreement(i, moves[i].word, mark.arguments[0])
                for i, mark in marks
                if mark.name == "agrees"
            ),
            notation=self.notation,
        )

    # --- reading

    def beliefs(self, words: Sequence[str]) -> list[dict[Place, float]]:
        """P(words[:i], place) for each place where these words can lead, for i = 0 ... len(words).

        Raises:
            ValueError: naming the first word that is unknown or cannot follow, and what could.
        """
        beliefs = [{self.states.start: 1.0}]
        for i, word in enumerate(words):
            after: dict[Place, float] = defaultdict(float)
            for place, p in beliefs[-1].items():
                for move in self.states.moves(place, word):
                    after[move.place] += p * move.p
            if not after:
                raise ValueError(self._why_not(words, i))
            beliefs.append(after)
        return beliefs

    def _why_not(self, words: Sequence[str], i: int) -> str:
        why = "is not possible there" if words[i] in self.vocabulary else "is not in the vocabulary"
        where = f"after {' '.join(words[:i][-6:])!r}" if i else "at the beginning"
        possible = ", ".join([*self.next_words(words[:i])][:9])
        return f"{words[i]!r} (position {i}) {why}; possible words {where}: {possible}"

    def moves_at(
        self, words: Sequence[str], positions: Sequence[int], read: Read
    ) -> Iterator[list[tuple[float, Move]]]:
        """For each position the moves that can be made there, with P(move, all words read).

        The probability of what comes before a move is that of the beliefs, and of what comes after
        it is summed backwards, each place and position once.

        Args:
            words: a story, or as much of it as is read.
            positions: where to look; at least one.
            read: "left" for the words before each position, "both" for all words besides.
        """
        if read not in ("left", "both"):
            raise ValueError(f"read={read!r} is unknown; take 'left' or 'both'")
        beliefs = self.beliefs(words[: max(positions)])
        ends = (*words, END)
        known: dict[tuple[Place, int], float] = {}

        def future(place: Place, i: int) -> float:
            """P(words[i:] | place)."""
            if read == "left" or i == len(ends):
                return 1.0
            if (place, i) not in known:
                moves = self.states.moves(place, ends[i])
                known[place, i] = sum(move.p * future(move.place, i + 1) for move in moves)
            return known[place, i]

        for i in positions:
            moves = [
                (p, move) for place, p in beliefs[i].items() for move in self.states.moves(place)
            ]
            weights = [p * move.p * future(move.place, i + 1) for p, move in moves]
            if not any(weights):
                self.beliefs((*words[:i], MASK, *ends[i + 1 :]))  # says which word is impossible
            yield [(p, move) for p, (_, move) in zip(weights, moves, strict=True)]

    def next_words(self, prefix: Text = ()) -> dict[str, float]:
        """The exact probability of each next token, END included, the likeliest first.

        Args:
            prefix: how a story begins; the empty prefix is the beginning itself.
        Raises:
            ValueError: naming the first word that is unknown or cannot follow, and what could.
        """
        words = _split(prefix)
        (moves,) = self.moves_at(words, [len(words)], "left")
        return normalized((move.word, p) for p, move in moves)

    def masked_word(self, words: Text, i: int) -> dict[str, float]:
        """The exact probability of each word at position i given all others, likeliest first.

        Args:
            words: a whole story; the word at i is not looked at, and other words may be MASK.
            i: a position, 0 ... len(words) - 1.
        """
        words = _split(words, i)
        (moves,) = self.moves_at(words, [i], "both")
        return normalized((move.word, p) for p, move in moves)

    def sense(self, words: Text, i: int, *, read: Read = "both") -> dict[str, float]:
        """The exact probability of each sense of the word at position i, likeliest first.

        A sense is "river" of "bank", or "anna" of "she"; a word with one sense is its own.

        Args:
            words: a whole story; for read="left" what follows i is not looked at.
            i: a position, 0 ... len(words) - 1.
            read: "left" for a reader of words[:i + 1], "both" for a reader of all words.
        """
        words = _split(words, i)
        self.beliefs([*words, END] if read == "both" else words[: i + 1])
        (moves,) = self.moves_at(words, [i], read)
        return normalized((move.sense, p) for p, move in moves if words[i] in (move.word, MASK))

    def log_probability(self, words: Text) -> float:
        """log P of a whole story, its END included, in nats.

        Raises:
            ValueError: if the text is empty, leaves the language, or stops early.
        """
        return log(sum(self.beliefs([*_split(words, 0), END])[-1].values()))

    def read(self, words: Text) -> Story:
        """The story that a text tells: at each position the one move that leads through it."""
        words = _split(words, 0)
        if MASK in words:
            raise ValueError(
                f"position {words.index(MASK)} is {MASK}, and such a text tells more than one "
                "story; give its words, or ask masked_word(words, i) which they may be"
            )
        self.beliefs([*words, END])  # a text that is no story is refused here
        path: list[Move] = []
        at_each = self.moves_at(words, range(len(words) + 1), "both")
        for word, moves in zip([*words, END], at_each, strict=True):
            path += [move for p, move in moves if p and move.word == word]
        return self._story(path)


def _split(text: Text, i: int | None = None) -> list[str]:
    """A text as words, END left out; where a position matters, it is checked."""
    words = re.findall(r"<\w+>|\w+|[^\w\s]", text.lower()) if isinstance(text, str) else [*text]
    if words[-1:] == [END]:
        words = words[:-1]
    if i is not None and not words:
        raise ValueError("the text is empty; give a story, as words or as one string")
    if i is not None and not 0 <= i < len(words):
        raise ValueError(f"position {i} is not among the {len(words)} words 0 ... {len(words) - 1}")
    return words


def summed(pairs: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    """Weights summed by key."""
    sums: dict[Key, float] = defaultdict(float)
    for key, weight in pairs:
        sums[key] += weight
    return sums


def normalized(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Weights summed by word and made to sum to 1, the greatest first, ties by the alphabet."""
    sums = summed(pairs)
    total = sum(sums.values())
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return {word: p / total for word, p in ranked if p}


@cache
def toyland() -> Grammar:
    """The course's language, read from the package's `data/toyland.txt` once."""
    return Grammar((files("bertgpt") / "data" / "toyland.txt").read_text(encoding="utf-8"))
