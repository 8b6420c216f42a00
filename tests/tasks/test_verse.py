"""Verse is judged from its words: syllables, stresses and rhymes."""

import pytest

from bertgpt.tasks.verse import RHYMES, STRESSES, WORDS, Verse

VERSE = [
    "I loved the old and silver day",
    "the river murmured down the way",
    "we saw the bird beyond the snow",
    "the lost and gentle star below",
]


def test_a_verse_that_nobody_drew_is_valid_if_it_scans_and_rhymes() -> None:
    verse = Verse()
    assert verse.is_valid("\n".join(VERSE) + "\n").fault == ""
    # Words in an order that the grammar does not know scan as well.
    assert verse.is_valid("\n".join(["by day by day by day by day", *VERSE[1:], ""]))


@pytest.mark.parametrize(
    ("number", "line", "fault"),
    [
        (1, "the river murmured down the sea", "line 2: 'sea' is no rhyme to 'day'"),
        (1, "the river murmured down the day", "line 2: 'day' is no rhyme to 'day'"),
        (1, "the river murmured down the bird", "line 2: 'bird' is no rhyme to 'day'"),
        (3, "the lost and gentle star tonight", "line 4: 'tonight' is no rhyme to 'snow'"),
        (0, "I loved the golden silver old day", "line 1: 9 syllables, not 8"),
        (0, "I recalled the day", "line 1: 5 syllables, not 8"),
        (2, "saw we the bird beyond the snow", "line 3: stressed 10010101, not 01010101"),
        (2, "we saw the bird beneath the ocean", "line 3: 'ocean' is not in the dictionary"),
        (2, "", "line 3: 0 syllables, not 8"),
    ],
)
def test_the_first_fault_is_named(number: int, line: str, fault: str) -> None:
    lines = [*VERSE[:number], line, *VERSE[number + 1 :]]
    assert Verse().is_valid("\n".join(lines) + "\n").fault == fault


def test_a_verse_has_four_lines_that_end() -> None:
    verse = Verse()
    assert "3 lines, not 4" in verse.is_valid("\n".join(VERSE[:3]) + "\n").fault
    assert "4 lines, not 4 that each end" in verse.is_valid("\n".join(VERSE)).fault
    assert "0 lines" in verse.is_valid("").fault


def test_each_word_has_one_kind_and_each_end_a_partner() -> None:
    words = [w for kinds in WORDS.values() for words in kinds.values() for w in words.split()]
    assert len(words) == len(set(words)) == len(STRESSES)
    rhymed = [word for words in RHYMES for word in words]
    assert len(rhymed) == len(set(rhymed))
    ends = [w for kind in ("last noun", "how") for t in WORDS[kind].values() for w in t.split()]
    assert set(rhymed) == set(ends)
    assert min(map(len, RHYMES)) >= 2
