"""Exact probabilities of several gaps, against all stories of a small grammar, one by one."""

from collections import defaultdict
from itertools import combinations
from math import exp, log

import pytest

from bertgpt.experiments.exact_gaps import alone, together, words_by_place
from bertgpt.toyland import END
from bertgpt.toyland.language import Grammar

GRAMMAR = Grammar(
    "words pet: cat dog pig\n"
    "rule STORY\n"
    "  2  ?x:pet saw ?y:pet , and !x ran\n"
    "  1  the ?x:pet saw the cat , and !x sat\n"
    "  1  nobody saw us , and we ran"
)


def every_story() -> dict[tuple[str, ...], float]:
    found, todo = {}, [((), 1.0)]
    while todo:
        words, p = todo.pop()
        for word, q in GRAMMAR.next_words(words).items():
            if word == END:
                found[words] = p * q
            else:
                todo.append(((*words, word), p * q))
    return found


STORIES = every_story()
STORY = ("the", "dog", "saw", "the", "cat", ",", "and", "dog", "sat")


def agreeing(places: tuple[int, ...]) -> dict[tuple[str, ...], float]:
    """Stories that have the words of STORY at all other places, with their share."""
    kept = {
        words: p
        for words, p in STORIES.items()
        if len(words) == len(STORY)
        and all(words[i] == STORY[i] for i in range(len(STORY)) if i not in places)
    }
    total = sum(kept.values())
    return {words: p / total for words, p in kept.items()}


def test_the_small_grammar_has_these_stories() -> None:
    assert len(STORIES) == 6 + 3 + 1
    assert sum(STORIES.values()) == pytest.approx(1)


@pytest.mark.parametrize("places", [(1,), (1, 7), (1, 4), (1, 4, 7, 8)])
def test_gaps_together_and_alone_are_as_counted(places) -> None:
    exact = agreeing(places)
    assert together(STORY, places, GRAMMAR) == pytest.approx(log(exact[STORY]))
    for place, found in zip(places, alone(STORY, places, GRAMMAR), strict=True):
        counted = defaultdict(float)
        for words, p in exact.items():
            counted[words[place]] += p
        assert found == pytest.approx(dict(counted))


def test_a_name_that_comes_twice_is_lost_at_once() -> None:
    both = exp(together(STORY, (1, 7), GRAMMAR))
    first, second = alone(STORY, (1, 7), GRAMMAR)
    assert both == pytest.approx(1 / 3)
    assert first["dog"] * second["dog"] == pytest.approx(1 / 9)


def test_words_by_place_are_as_counted() -> None:
    found = words_by_place(GRAMMAR)
    assert sorted(found) == sorted({len(words) for words in STORIES})
    for n, places in found.items():
        kept = {words: p for words, p in STORIES.items() if len(words) == n}
        for t, distribution in enumerate(places):
            counted = defaultdict(float)
            for words, p in kept.items():
                counted[words[t]] += p / sum(kept.values())
            assert distribution == pytest.approx(dict(counted)), (n, t)


def test_all_pairs_of_gaps_agree_in_both_orders() -> None:
    for a, b in combinations((1, 4, 7, 8), 2):
        (first, _), (second, _) = alone(STORY, (a, b), GRAMMAR), alone(STORY, (b, a), GRAMMAR)
        forth = first[STORY[a]] * alone(STORY, (b,), GRAMMAR)[0][STORY[b]]
        back = second[STORY[b]] * alone(STORY, (a,), GRAMMAR)[0][STORY[a]]
        assert forth == pytest.approx(back) == pytest.approx(exp(together(STORY, (a, b), GRAMMAR)))
