"""Sentences of two senses: each has its word once, with the cue on the side that is said."""

import pytest
import torch

from bertgpt.corpora.documents import words
from bertgpt.tasks.written_senses import (
    WRITTEN,
    nearest_by_chance,
    nearest_has_sense,
    uses,
)


def test_each_word_has_two_senses_of_eight_sentences() -> None:
    for word, senses in WRITTEN.items():
        assert len(senses) == 2
        assert all(len(texts) == 8 for texts in senses.values())
        assert len(uses(word)) == 16
    assert len(uses()) == 16 * len(WRITTEN)
    assert len({use.text for use in uses()}) == len(uses())


def test_each_sentence_has_its_word_once() -> None:
    for use in uses():
        assert words(use.text).count(use.word) == 1, use.text


def test_the_cue_is_on_the_side_that_is_said() -> None:
    """What comes before the word is a handful of common words where the cue comes after it."""
    common = set(
        "a an the in on of it its was that is to and out two men ran had tiny under each clerk at "
        "force part one her she he won dropped swung we sat by".split()
    )
    for use in uses():
        before = words(use.text)[: words(use.text).index(use.word)]
        if use.cue == "after":
            assert set(before) <= common, use.text
        else:
            assert len(before) >= 5, use.text


def test_an_unknown_word_is_named() -> None:
    with pytest.raises(ValueError, match=r"no sentences were written with 'crane'; there are"):
        uses("crane")


def test_the_nearest_is_another_vector() -> None:
    vectors = torch.tensor([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0], [1.0, 1.1]])
    found = nearest_has_sense(vectors, ["a", "a", "b", "b", "a"])
    assert found.tolist() == [True, True, True, True, False]
    assert nearest_has_sense(5 * vectors, ["a", "a", "b", "b", "a"]).tolist() == found.tolist()
    with pytest.raises(ValueError, match=r"shape \(5, 2\) and 4 senses"):
        nearest_has_sense(vectors, ["a"] * 4)


def test_chance_is_counted() -> None:
    assert nearest_by_chance(["a"] * 8 + ["b"] * 8) == pytest.approx(7 / 15)
    senses = ["a"] * 8 + ["b"] * 8
    g = torch.Generator().manual_seed(0)
    right = [
        nearest_has_sense(torch.randn(16, 300, generator=g), senses).float().mean().item()
        for _ in range(200)
    ]
    assert sum(right) / len(right) == pytest.approx(7 / 15, abs=0.03)
