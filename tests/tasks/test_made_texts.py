"""Languages of made texts: what is drawn keeps the rules, and its probability is exact."""

import math
from collections import Counter

import pytest
import torch

from bertgpt.tasks.code_lines import MadeCode
from bertgpt.tasks.made_texts import MadeTexts, Option, Verdict, evenly, patched
from bertgpt.tasks.play_scripts import PlayScripts
from bertgpt.tasks.tunes import Tunes
from bertgpt.tasks.verse import Verse

KINDS = [Verse, Tunes, PlayScripts, MadeCode]
each_kind = pytest.mark.parametrize("kind", KINDS)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Coins(MadeTexts[int]):
    """Two to three letters; "aa" begins with a piece "a", and only the longer one fits."""

    start = 0

    def options(self, state: int) -> list[Option[int]]:
        if state == 2:
            return []
        if state == 0:
            return [Option("a", 0.25, 1), Option("aa", 0.75, 1)]
        return evenly([("b", 2), ("c", 2)])

    def is_valid(self, text: str) -> Verdict:
        return Verdict("" if text[-1] in "bc" else "no end")


def test_probabilities_are_those_of_the_draws() -> None:
    coins = Coins()
    texts = ("ab", "ac", "aab", "aac")
    chances = [math.exp(coins.log_probability(text)) for text in texts]
    assert chances == pytest.approx([0.125, 0.125, 0.375, 0.375])
    drawn = Counter(coins.draw(2000, seeded()))
    assert [drawn[text] / 2000 for text in texts] == pytest.approx(chances, abs=0.03)
    for other in ("", "a", "abb", "aaab", "b"):
        assert coins.log_probability(other) == -math.inf


def test_no_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="n=0 texts cannot be drawn; ask for 1 or more"):
        Coins().draw(0, seeded())
    with pytest.raises(ValueError, match="no texts to take lines from; give one or more"):
        patched([], 2, seeded())


@each_kind
def test_what_is_drawn_keeps_the_rules(kind: type[MadeTexts]) -> None:
    texts = kind().draw(60, seeded(1))
    faults = [verdict.fault for text in texts if not (verdict := kind().is_valid(text))]
    assert faults == []
    assert len(set(texts)) == 60


@each_kind
def test_the_seed_decides_what_is_drawn(kind: type[MadeTexts]) -> None:
    language = kind()
    first = language.draw(3, seeded(1))
    assert first == kind().draw(3, seeded(1)) != language.draw(3, seeded(2))


@each_kind
def test_chances_sum_to_one_and_pieces_differ(kind: type[MadeTexts]) -> None:
    """Else the probability of a text would not be the product along one path."""
    language = kind()
    language.draw(20, seeded())
    assert len(language._known) > 100
    for ways in language._known.values():
        assert not ways or math.fsum(way.chance for way in ways) == pytest.approx(1)
        assert len({way.piece for way in ways}) == len(ways)


@each_kind
def test_the_probability_is_that_of_the_pieces_drawn(kind: type[MadeTexts]) -> None:
    """Walk with our own draws, adding up the logarithms, and compare."""
    language, generator = kind(), seeded(4)
    for _ in range(20):
        state, text, log = language.start, "", 0.0
        while ways := language.options(state):
            weights = torch.tensor([way.chance for way in ways])
            way = ways[int(torch.multinomial(weights, 1, generator=generator))]
            state, text, log = way.then, text + way.piece, log + math.log(way.chance)
        assert language.log_probability(text) == pytest.approx(log)
        assert language.log_probability(text + "\n") == -math.inf
        assert language.log_probability(text[:-2]) == -math.inf


@each_kind
def test_lines_of_different_texts_seldom_make_one(kind: type[MadeTexts]) -> None:
    language = kind()
    texts = language.draw(100, seeded(2))
    made = patched(texts, 100, seeded(3))
    lines = {line for text in texts for line in text.splitlines()}
    assert all(line in lines for text in made for line in text.splitlines())
    assert sum(bool(language.is_valid(text)) for text in made) < 20


def test_a_patched_text_takes_each_line_from_its_place() -> None:
    made = patched(["a1\nb1\nc1\n", "a2\nb2\n"], 200, seeded())
    lines = [tuple(text.split()) for text in made]
    assert {text[0] for text in lines} == {"a1", "a2"}
    assert {text[-1] for text in lines} == {"c1", "b2"}
    assert {text[1] for text in lines if len(text) == 3} == {"b1", "b2"}
