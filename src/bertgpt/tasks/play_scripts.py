"""Scenes of a play, in which only those who are on the stage speak and are spoken to.

The rule: the scene opens with the entrance of two persons and closes with `[Exeunt.]`; a direction
is a line in brackets. Only those who are off the stage enter, only those who are on it leave. A
speech is a name, a colon and a sentence. Its speaker is on the stage with somebody else, and did
not speak last; whomever it names is on the stage as well, and is not the speaker.
"""

import re
from itertools import combinations
from typing import NamedTuple

from bertgpt.tasks.made_texts import MadeTexts, Option, Verdict, evenly

CAST = ("ANNA", "BEN", "CLARA", "DAVID", "EMMA", "FELIX")
LEAST, MOST = 3, 6  # lines between the first and the last
THINGS = ("letter", "key", "ring", "map", "lamp", "crown", "sword", "book")
PLACES = ("garden", "tower", "kitchen", "cellar", "chapel", "harbour")
# Speeches to somebody ({}), about a thing and a place; the second row names nobody.
TO_SOMEBODY = (
    "Have you seen the {thing}, {{}}?", "I left the {thing} in the {place}, {{}}.",
    "Listen, {{}}, there is a noise in the {place}!", "{{}}, give me the {thing}.",
    "Why did you hide the {thing}, {{}}?", "Come to the {place} with me, {{}}.",
)  # fmt: skip
TO_ALL = (
    "The {thing} is lost.", "Nobody has been in the {place}.", "I dreamed of a {thing}.",
    "We must look in the {place}.",
)  # fmt: skip
OPENING = re.compile(r"\[Enter (\w+) and (\w+)\.\]")
ENTER, EXIT = re.compile(r"\[Enter (\w+)\.\]"), re.compile(r"\[Exit (\w+)\.\]")
SPEECH = re.compile(r"([A-Z]+): ([^\[\]:\n]+[.!?])")
CLOSE = "[Exeunt.]"


class SceneState(NamedTuple):
    """All that decides how a scene goes on."""

    lines: int  # between the first and now
    stage: tuple[str, ...]  # who is on it, in the order of the cast
    last: str = ""  # who spoke last
    speaker: str = ""  # whose line has begun
    closed: bool = False


def _sentences(frames: tuple[str, ...]) -> list[str]:
    return [
        sentence
        for frame in frames
        for sentence in dict.fromkeys(
            frame.format(thing=t, place=p) for t in THINGS for p in PLACES
        )
    ]


ADDRESSES, REMARKS = _sentences(TO_SOMEBODY), _sentences(TO_ALL)


class PlayScripts(MadeTexts[SceneState]):
    """Scenes of two to four persons.

    Of the lines, two thirds are speeches where a direction is possible as well; two thirds of the
    speeches name somebody. What remains open is equally likely.

    >>> import torch
    >>> scripts = PlayScripts()
    >>> text = scripts.draw(1, torch.Generator().manual_seed(0))[0]
    >>> bool(scripts.is_valid(text)), text.splitlines()[-1]
    (True, '[Exeunt.]')
    """

    start = SceneState(-1, ())

    def options(self, state: SceneState) -> list[Option[SceneState]]:
        """The opening, the name before a speech, the speech, a direction, or the end."""
        if state.closed:
            return []
        if not state.stage:
            pairs = list(combinations(CAST, 2))
            return evenly([(f"[Enter {a} and {b}.]\n", SceneState(0, (a, b))) for a, b in pairs])
        if state.speaker:
            return self._speeches(state)
        end = Option(f"{CLOSE}\n", 1.0, state._replace(closed=True))
        if state.lines == MOST:
            return [end]
        chance = 0.2 if state.lines >= LEAST else 0.0
        directions = _directions(state)
        talk = 2 / 3 * (1 - chance)
        speakers = [name for name in state.stage if name != state.last]
        ways = [
            Option(f"{name}: ", talk / len(speakers), state._replace(speaker=name))
            for name in speakers
        ]
        share = (1 - chance - talk) / len(directions)
        ways += [Option(piece, share, then) for piece, then in directions]
        return ways + ([end._replace(chance=chance)] if chance else [])

    def _speeches(self, state: SceneState) -> list[Option[SceneState]]:
        then = SceneState(state.lines + 1, state.stage, last=state.speaker)
        others = [name for name in state.stage if name != state.speaker]
        share = 2 / 3 / (len(ADDRESSES) * len(others))
        ways = [
            Option(sentence.format(name) + "\n", share, then)
            for sentence in ADDRESSES
            for name in others
        ]
        return ways + [Option(f"{text}\n", 1 / 3 / len(REMARKS), then) for text in REMARKS]

    def is_valid(self, text: str) -> Verdict:
        """Whether a text is a scene in which the right persons are on the stage."""
        lines = text.splitlines()
        opening = OPENING.fullmatch(lines[0]) if lines else None
        if not opening or len({*opening.groups()} & {*CAST}) < 2:
            return Verdict(f"it opens with {lines[0] if lines else ''!r}, not with two who enter")
        if lines[-1] != CLOSE or not text.endswith("\n"):
            return Verdict(f"it ends with {lines[-1]!r}, not with {CLOSE}")
        stage, last = set(opening.groups()), ""
        for number, line in enumerate(lines[1:-1], start=2):
            speech = SPEECH.fullmatch(line)
            if speech:
                fault = _judge_speech(speech[1], speech[2], stage, last)
                last = speech[1]
            else:
                fault = _judge_direction(line, stage)
            if fault:
                return Verdict(f"line {number}: {fault}")
        return Verdict()


def _directions(state: SceneState) -> list[tuple[str, SceneState]]:
    """Who may enter or leave; two at least stay, and four at most are there."""
    ways = []
    for name in CAST:
        here = name in state.stage
        stage = tuple(n for n in CAST if (n in state.stage) != (n == name))
        if 2 <= len(stage) <= 4:
            verb = "Exit" if here else "Enter"
            ways.append((f"[{verb} {name}.]\n", SceneState(state.lines + 1, stage, state.last)))
    return ways


def _judge_speech(speaker: str, sentence: str, stage: set[str], last: str) -> str:
    """The fault in a speech; empty if there is none."""
    if speaker not in stage:
        return f"{speaker} speaks and is not on the stage"
    if speaker == last:
        return f"{speaker} speaks twice running"
    if len(stage) < 2:
        return f"{speaker} speaks to nobody"
    for name in re.findall(r"[A-Z]{2,}", sentence):
        if name == speaker or name not in stage:
            return f"{speaker} speaks to {name}, who is not there or the speaker"
    return ""


def _judge_direction(line: str, stage: set[str]) -> str:
    """The fault in a direction, which changes who is on the stage; empty if there is none."""
    enter, leave = ENTER.fullmatch(line), EXIT.fullmatch(line)
    if enter and enter[1] in CAST and enter[1] not in stage:
        stage.add(enter[1])
        return ""
    if leave and leave[1] in stage:
        stage.remove(leave[1])
        return ""
    return f"{line!r} is neither a speech nor a possible direction"
