"""Tunes are judged by their head and their notes."""

import pytest

from bertgpt.tasks.tunes import Tunes, eighths

HEAD = "X:1\nT:The Old Waltz\nM:3/4\nL:1/8\nK:G\n"
TUNE = HEAD + "G2 A2 B2|c4 B A|G3 A B2|A2 G4|]\n"


def test_a_tune_that_nobody_drew_is_valid_if_its_bars_add_up() -> None:
    assert Tunes().is_valid(TUNE).fault == ""
    other = TUNE.replace("Old Waltz", "Nobody's Tune").replace("A2 G4", "A G5")
    assert Tunes().is_valid(other)
    in_sixteenths = HEAD.replace("1/8", "1/16") + "G4 A4 B4|c8 B2 A2|G6 A2 B4|A4 G8|]\n"
    assert Tunes().is_valid(in_sixteenths)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("G3 A B2", "G3 A B", "bar 3: 5/8 long, not 3/4"),
        ("M:3/4", "M:4/4", "bar 1: 3/4 long, not 4/4"),
        ("L:1/8", "L:1/16", "bar 1: 3/8 long, not 3/4"),
        ("A2 G4", "A2 A4", "the last note is A, not the tonic G"),
        ("A2 G4", "A2 g4", "bar 4: from A to g is more than 2 steps"),
        ("c4", "e4", "bar 2: from B to e is more than 2 steps"),
        ("c4", "h4", "bar 2: 'h4' is no note"),
        ("|]", "|", "the bar lines are not three of | and one of |]"),
        ("|A2 G4|]\n", "|A2 G4", "3 bar lines with 'A2 G4' after, not 4"),
        ("G2 A2 B2|", "|G2 A2 B2|", "5 bar lines with '' after, not 4"),
        ("|G3", "||", "bar 3: 0 long, not 3/4"),
        ("K:G\n", "", "the head has the fields X T M L, not X T M L K"),
        ("K:G", "K:H", "no such metre, unit or key: 3/4, 1/8, H"),
        ("M:3/4\nL:1/8", "L:1/8\nM:3/4", "the head has the fields X T L M K, not X T M L K"),
    ],
)
def test_the_first_fault_is_named(old: str, new: str, fault: str) -> None:
    text = TUNE.replace(old, new)
    if new == "||":
        text = HEAD + "G2 A2 B2|c4 B A||A2 G4|]\n"
    assert Tunes().is_valid(text).fault == fault


def test_bars_are_as_long_as_the_metre_says() -> None:
    assert [eighths(metre) for metre in ("2/4", "3/4", "4/4", "9/8")] == [4, 6, 8, 9]


def test_nothing_at_all_is_no_tune() -> None:
    assert "the fields none" in Tunes().is_valid("").fault
