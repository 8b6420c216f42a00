"""Which words may be hidden, how spelling is compared, and what the two tests return."""

from collections import Counter

import pytest
import torch

from bertgpt.words.charngrams import char_ngrams
from bertgpt.words.hidden_forms import Spelling, inflected_pairs, prefers_real, rank

COMMON = Counter(
    {w: 9 for w in "walk walking walked big bigger biggest slow slowly cat cats".split()}
)


def test_a_hidden_form_is_the_base_of_nothing_and_no_base_is_hidden() -> None:
    pairs = inflected_pairs(COMMON)
    bases, hidden = {base for base, _ in pairs}, [form for _, form in pairs]
    assert {("slow", "slowly"), ("cat", "cats")} <= set(pairs)
    assert not bases & set(hidden)
    assert len(hidden) == len(set(hidden))


def test_rare_words_are_not_hidden() -> None:
    assert ("slow", "slowly") not in inflected_pairs(COMMON | {"x": 1}, min_count=10)
    assert inflected_pairs(Counter(slow=9, slowly=4)) == []
    assert inflected_pairs(Counter(slow=9, slowly=4), min_count=4) == [("slow", "slowly")]


def test_overlap_is_dice_on_sets_of_character_ngrams() -> None:
    spelling = Spelling(["walking", "banana", "the"])
    for place, word in enumerate(spelling.words):
        a, b = set(char_ngrams("walked")), set(char_ngrams(word))
        expected = 2 * len(a & b) / (len(a) + len(b))
        assert spelling.overlap("walked")[place].item() == pytest.approx(expected)
    assert spelling.overlap("banana")[1].item() == 1  # "ana" occurs twice and counts once
    assert spelling.overlap("the").tolist() == [0, 0, 1]


def test_without_words_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="0 words to compare with; give at least one"):
        Spelling([])


def test_ties_share_their_mean_rank() -> None:
    scores = torch.tensor([5.0, 4.0, 4.0, 4.0, 1.0])
    assert [rank(scores, place) for place in range(5)] == [1, 3, 3, 3, 5]


def test_a_vector_prefers_what_scores_higher() -> None:
    vector = torch.tensor([1.0, -2.0])
    real, drawn = torch.tensor([[3.0, 0.0], [0.0, 1.0]]), torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    # Scores: real 3 and -2, drawn 2 and -2. Two wins, one loss, one tie.
    assert prefers_real(vector, real, drawn) == pytest.approx(2.5 / 4)
