"""What is hidden from whom: the test of a hidden word must not be its training."""

from collections import Counter

import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import hidden_forms
from bertgpt.experiments.hidden_forms import Trained, base_ranks, company, show_half
from bertgpt.words.hidden_forms import Spelling

TEXT = ["a walks b".split(), "walks c walks a".split(), "b walks c".split(), "c a b".split()]


def test_every_other_occurrence_is_shown_and_the_rest_is_tested() -> None:
    shown, around = show_half(TEXT, {"walks"}, ("a", "b", "c"))
    # Occurrences one and three stay in the text, two and four are left out and tested.
    assert shown == [["a", "walks", "b"], ["c", "walks", "a"], ["b", "c"], ["c", "a", "b"]]
    assert around == {"walks": [2, 0, 1, 2]}  # c and a in the second sentence, b and c in the third


def test_a_hidden_word_is_no_neighbour_of_another() -> None:
    _, around = show_half([["walks", "a", "walks", "talks"]], {"walks", "talks"}, ("a",))
    assert around == {"walks": [0], "talks": []}


def models(words: tuple[str, ...]) -> dict[str, Trained]:
    table = torch.eye(len(words))
    known = dict(zip((*words, "walks"), (*table, table[words.index("walk")]), strict=True))
    return dict.fromkeys(("pieces", "gensim", "whole", "half"), Trained(table, table, known.get))


def test_ranks_come_from_each_model_and_spelling_from_none() -> None:
    words = ("a", "walk", "wall", "b")
    ranks = base_ranks([("walk", "walks")], models(words), Spelling(words))
    assert ranks == {"spelling": [1], "pieces": [1], "gensim": [1]}


def test_the_rival_borrows_a_vector_of_whole_words() -> None:
    words = ("a", "walk", "wall", "b")
    trained = models(words)
    nothing = torch.zeros(len(words))
    trained["pieces"] = Trained(trained["whole"].vectors, trained["whole"].contexts, {}.get)
    trained["pieces"].vector = lambda word: nothing
    counts = Counter(b=9)  # every drawn word is b
    found = company([("walk", "walks")], trained, Spelling(words), {"walks": [1]}, counts)
    assert found["alike"] == [1]  # walk's vector scores walk above b
    assert found["pieces"] == [0.5]  # a vector of zeros prefers nothing


def test_the_stored_result_is_whole() -> None:
    for value in load_result("hidden_forms")["values"]:
        n = len(value["rank"]["spelling"])
        assert n > 100
        assert all(len(ranks) == n for ranks in value["rank"].values())
        assert all(len(shares) == n for shares in value["company"].values())
        assert set(value["wordsim353"]) == {"pieces", "gensim", "whole", "half"}
    assert hidden_forms.PASSES >= 20
