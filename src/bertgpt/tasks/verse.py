"""Verse in four lines that scan and rhyme, by a dictionary of stresses and a table of rhymes.

The rule: four lines of iambic tetrameter, which is eight syllables, every second one stressed; and
rhymes in pairs, line 2 with line 1 and line 4 with line 3, on different words. A dictionary gives
the syllables of each word, 1 for a stressed one, and a table says which words rhyme; so only
the words decide, whatever they mean.
"""

from functools import cache
from typing import NamedTuple

from bertgpt.tasks.made_texts import MadeTexts, Option, Verdict, evenly

METRE = "01010101"
N_LINES = 4
# Syllables -> words, by kind; every word is of one kind.
WORDS: dict[str, dict[str, str]] = {
    "and": {"0": "and"},
    "article": {"0": "the my your our his her"},
    "adjective": {"1": "cold old dark green lost", "10": "silver golden quiet hollow gentle"},
    "noun": {"1": "bird wind road star house", "10": "river garden mountain shadow raven"},
    "goes": {"1": "slept sang turned", "10": "wandered murmured whispered", "01": "awoke returned"},
    "pronoun": {"0": "I we you they"},
    "does": {"1": "saw heard loved", "01": "forgot recalled", "10": "followed painted"},
    "where": {"0": "in by from", "01": "above beyond beneath", "1": "down past through"},
    # These two end lines, and are nowhere else.
    "last noun": {
        "1": "day way bay night light height stone throne bone snow glow crow sea tree bee lane "
        "plain train hill rill mill moon tune noon",
    },
    "how": {"01": "away tonight alone below", "1": "soon still"},
}
RHYMES = tuple(
    words.split()
    for words in (
        "day way bay away", "night light height tonight", "stone throne alone bone",
        "snow glow crow below", "sea tree bee", "lane plain train", "hill rill mill still",
        "moon tune noon soon",
    )
)  # fmt: skip
STRESSES = {
    word: stresses
    for kinds in WORDS.values()
    for stresses, words in kinds.items()
    for word in words.split()
}
RHYME_OF = {word: number for number, words in enumerate(RHYMES) for word in words}

# Place in a line -> the kinds of words that may follow, and the place after each.
FOLLOWS: dict[str, dict[str, str]] = {
    "line": {"and": "clause", "article": "its", "pronoun": "who", "where": "there"},
    "clause": {"article": "its", "pronoun": "who", "where": "there"},
    "its": {"adjective": "its one", "noun": "thing"},
    "its one": {"noun": "thing", "and": "its one and"},
    "its one and": {"adjective": "its two"},
    "its two": {"noun": "thing"},
    "thing": {"goes": "went", "where": "there"},
    "went": {"where": "there", "how": "end"},
    "who": {"does": "there"},
    "there": {"article": "their"},
    "their": {"adjective": "their one", "noun": "object", "last noun": "end"},
    "their one": {"noun": "object", "and": "their one and", "last noun": "end"},
    "their one and": {"adjective": "their two"},
    "their two": {"noun": "object", "last noun": "end"},
    "object": {"where": "there", "how": "end"},
    "end": {},
}


class VerseState(NamedTuple):
    """All that decides how a verse goes on."""

    line: int  # from 0
    syllable: int  # of the line, from 0
    place: str  # a key of FOLLOWS
    ends: tuple[str, ...]  # the last words of the lines before


@cache
def _can_end(syllable: int, place: str, allowed: frozenset[str]) -> bool:
    """Whether the rest of a line can be filled so that it ends on an allowed word."""
    return any(
        _fits_end(word, after, to, allowed) for word, after, to in _words_from(syllable, place)
    )


def _fits_end(word: str, after: int, to: str, allowed: frozenset[str]) -> bool:
    if after == len(METRE):
        return to == "end" and word in allowed
    return _can_end(after, to, allowed)


@cache
def _words_from(syllable: int, place: str) -> tuple[tuple[str, int, str], ...]:
    """Words that keep the metre from here: the word, the syllable after it, the place after it."""
    return tuple(
        (word, syllable + len(stresses), to)
        for kind, to in FOLLOWS[place].items()
        for stresses, words in WORDS[kind].items()
        if METRE.startswith(stresses, syllable)
        for word in words.split()
    )


class Verse(MadeTexts[VerseState]):
    """Quatrains; from any state all words that can still lead to a valid verse are equally likely.

    >>> import torch
    >>> verse = Verse()
    >>> text = verse.draw(1, torch.Generator().manual_seed(3))[0]
    >>> bool(verse.is_valid(text)), len(text.splitlines())
    (True, 4)
    """

    start = VerseState(0, 0, "line", ())

    def options(self, state: VerseState) -> list[Option[VerseState]]:
        """The words that keep the metre and can still reach a rhyme, each with what parts it."""
        if state.line == N_LINES:
            return []
        allowed = _last_words(state.ends)
        ways = list[tuple[str, VerseState]]()
        for word, after, to in _words_from(state.syllable, state.place):
            if not _fits_end(word, after, to, allowed):
                continue
            if after == len(METRE):
                then = VerseState(state.line + 1, 0, "line", (*state.ends, word))
                ways.append((f"{word}\n", then))
            else:
                ways.append((f"{word} ", VerseState(state.line, after, to, state.ends)))
        return evenly(ways)

    def is_valid(self, text: str) -> Verdict:
        """Whether a text is four lines that scan and rhyme."""
        lines = [line.split() for line in text.splitlines()]
        if len(lines) != N_LINES or not text.endswith("\n"):
            return Verdict(f"{len(lines)} lines, not {N_LINES} that each end")
        for number, line in enumerate(lines, start=1):
            if fault := _scans(line):
                return Verdict(f"line {number}: {fault}")
        for first, second in ((0, 1), (2, 3)):
            a, b = lines[first][-1], lines[second][-1]
            if a == b or a not in RHYME_OF or RHYME_OF[a] != RHYME_OF.get(b):
                return Verdict(f"line {second + 1}: {b!r} is no rhyme to {a!r}")
        return Verdict()


def _last_words(ends: tuple[str, ...]) -> frozenset[str]:
    """The words that the next line may end on."""
    if len(ends) % 2:
        return frozenset(RHYMES[RHYME_OF[ends[-1]]]) - {ends[-1]}
    taken = {RHYME_OF[word] for word in ends}  # the two rhymes of a verse differ
    return frozenset(word for word, number in RHYME_OF.items() if number not in taken)


def _scans(words: list[str]) -> str:
    """The fault in the metre of a line; empty if there is none."""
    if strange := [word for word in words if word not in STRESSES]:
        return f"{strange[0]!r} is not in the dictionary"
    stresses = "".join(STRESSES[word] for word in words)
    if len(stresses) != len(METRE):
        return f"{len(stresses)} syllables, not {len(METRE)}"
    if stresses != METRE:
        return f"stressed {stresses}, not {METRE}"
    return ""
