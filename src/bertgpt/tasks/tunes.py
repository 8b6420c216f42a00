"""Tunes in ABC notation whose bars add up to the metre at their head.

ABC (Walshaw 1993) writes music in letters: `X:` a number, `T:` a title, `M:` the metre, `L:` the
length of a note without a number, `K:` the key, then notes and bars. `G2` is twice as long as `G`;
small letters are an octave higher.

The rule: these five fields in this order; four bars, each as long as the metre says, in units of
`L:`, with `|` between them and `|]` at the end; every note at most two steps of the scale from the
one before it; the last note the tonic of the key.
"""

import re
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from bertgpt.tasks.made_texts import MadeTexts, Option, Verdict, evenly

SCALE = "CDEFGABcdefgab"  # two octaves
LEAP, N_BARS = 2, 4
DANCES = {"Waltz": "3/4", "Reel": "4/4", "Jig": "6/8"}  # each has its metre
ADJECTIVES = ("Old", "Merry", "Silver", "Lost", "Winter")
UNITS = ("1/8", "1/16")
KEYS = ("C", "D", "G")
# Lengths of notes in eighths, and how each is written in units of an eighth and of a sixteenth.
LENGTHS = {1: ("", "2"), 2: ("2", "4"), 3: ("3", "6"), 4: ("4", "8")}
FIELD = re.compile(r"([A-Z]):(.+)")
NOTE = re.compile(r"([A-Ga-g])(\d*)")  # letter, length in units


class TuneState(NamedTuple):
    """All that decides how a tune goes on."""

    phase: str  # "title", "dance", "unit", "key" or "notes"
    metre: str = ""
    unit: str = ""
    key: str = ""
    bar: int = 0  # from 0
    left: int = 0  # eighths that the bar has left
    note: int = -1  # place in SCALE of the last note; -1 before the first


def eighths(metre: str) -> int:
    """How many eighths fill a bar.

    >>> [eighths(metre) for metre in ("3/4", "4/4", "6/8")]
    [6, 8, 6]
    """
    return int(Fraction(metre) * 8)


def _near(note: int) -> range:
    """Places of the notes that may follow a note; any may be first."""
    if note < 0:
        return range(len(SCALE))
    return range(max(0, note - LEAP), min(len(SCALE), note + LEAP + 1))


@cache
def _can_end(metre: str, key: str, bar: int, left: int, note: int) -> bool:
    """Whether the bars can be filled from here so that the tonic comes last."""
    if bar == N_BARS:
        return SCALE[note].upper() == key
    if eighths(metre) * (N_BARS - bar - 1) + left > 2 * len(SCALE):
        return True  # so far away that any note is reached, by notes of one or two eighths
    return any(
        _can_end(metre, key, *_after(metre, bar, left, length), near)
        for length in LENGTHS
        if length <= left
        for near in _near(note)
    )


def _after(metre: str, bar: int, left: int, length: int) -> tuple[int, int]:
    """Bar, and what it has left, after a note."""
    return (bar, left - length) if length < left else (bar + 1, eighths(metre))


class Tunes(MadeTexts[TuneState]):
    """Waltzes, reels and jigs; what can still end well is equally likely at each note.

    >>> import torch
    >>> tunes = Tunes()
    >>> text = tunes.draw(1, torch.Generator().manual_seed(3))[0]
    >>> bool(tunes.is_valid(text)), text.split()[0], text[-3:]
    (True, 'X:1', '|]\\n')
    """

    start = TuneState("title")

    def options(self, state: TuneState) -> list[Option[TuneState]]:
        """The next word of the head, or the next note with the bar line after it."""
        if state.phase == "title":
            return evenly([(f"X:1\nT:The {a} ", state._replace(phase="dance")) for a in ADJECTIVES])
        if state.phase == "dance":
            return evenly(
                [
                    (f"{dance}\nM:{metre}\n", state._replace(phase="unit", metre=metre))
                    for dance, metre in DANCES.items()
                ]
            )
        if state.phase == "unit":
            return evenly([(f"L:{u}\n", state._replace(phase="key", unit=u)) for u in UNITS])
        if state.phase == "key":
            begun = state._replace(phase="notes", left=eighths(state.metre))
            return evenly([(f"K:{key}\n", begun._replace(key=key)) for key in KEYS])
        return evenly(self._notes(state)) if state.bar < N_BARS else []

    def _notes(self, state: TuneState) -> list[tuple[str, TuneState]]:
        ways = []
        for length, written in LENGTHS.items():
            if length > state.left:
                continue
            bar, left = _after(state.metre, state.bar, state.left, length)
            for note in _near(state.note):
                if _can_end(state.metre, state.key, bar, left, note):
                    piece = SCALE[note] + written[UNITS.index(state.unit)]
                    piece += _bar_line(bar) if bar > state.bar else " "
                    ways.append((piece, state._replace(bar=bar, left=left, note=note)))
        return ways

    def is_valid(self, text: str) -> Verdict:
        """Whether a text is a tune whose bars add up, that moves by steps and ends on the tonic."""
        lines = text.splitlines()
        fields = [FIELD.fullmatch(line) for line in lines[:5]]
        found = {field[1]: field[2] for field in fields if field}
        if [*found] != [*"XTMLK"]:
            return Verdict(f"the head has the fields {' '.join(found) or 'none'}, not X T M L K")
        if found["M"] not in DANCES.values() or found["L"] not in UNITS or found["K"] not in KEYS:
            return Verdict(f"no such metre, unit or key: {found['M']}, {found['L']}, {found['K']}")
        body = "\n".join(lines[5:]) + "\n" * text.endswith("\n")
        bars = re.split(r"\|\]?\n?", body)
        if len(bars) != N_BARS + 1 or bars[-1]:
            return Verdict(f"{len(bars) - 1} bar lines with {bars[-1]!r} after, not {N_BARS}")
        if "".join(map(_bar_line, range(1, N_BARS + 1))) != re.sub(r"[^|\]\n]", "", body):
            return Verdict("the bar lines are not three of | and one of |]")
        return Verdict(_judge_notes([bar.split() for bar in bars[:-1]], found))


def _bar_line(bars: int) -> str:
    """The bar line after so many bars."""
    return "|]\n" if bars == N_BARS else "|"


def _judge_notes(bars: list[list[str]], found: dict[str, str]) -> str:
    """The first fault of the notes; empty if there is none."""
    last = -1
    for number, bar in enumerate(bars, start=1):
        total = Fraction(0)
        for written in bar:
            note = NOTE.fullmatch(written)
            if not note:
                return f"bar {number}: {written!r} is no note"
            letter, length = note.groups()
            total += int(length or 1) * Fraction(found["L"])
            place = SCALE.index(letter)
            if place not in _near(last):
                return f"bar {number}: from {SCALE[last]} to {letter} is more than {LEAP} steps"
            last = place
        if total != Fraction(found["M"]):
            return f"bar {number}: {total} long, not {found['M']}"
    if SCALE[last].upper() != found["K"]:
        return f"the last note is {SCALE[last]}, not the tonic {found['K']}"
    return ""
