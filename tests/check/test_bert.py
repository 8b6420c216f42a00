"""Checkers of the page "BERT": right answers pass, and each usual slip gets its own sentence."""

import pytest

from bertgpt import check


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda n, r, u: u / r, "asked for the end as well"),
        (lambda n, r, u: u * r * n / (n + 1), "wrong way round"),
        (lambda n, r, u: u * (n + 1) / n, "a share r of the words"),
    ],
)
def test_slips_in_counting_guesses(answer, says):
    found = check.bert.guesses(answer)
    assert not found.passed
    assert says in found.message


def hide(ids, chosen, fate, other, words, mask, rate, *, special=False, only_masks=False):
    seen, asked = list(ids), [None] * len(ids)
    for t, i in enumerate(ids):
        if chosen[t] < rate and (special or i in words):
            asked[t] = i
            if only_masks or fate[t] < 0.8:
                seen[t] = mask
            elif fate[t] < 0.9:
                seen[t] = words[int(other[t] * len(words))]
    return [seen, asked]


def test_hiding_special_tokens_or_masks_only_is_explained():
    assert check.bert.hide(hide).passed
    special = check.bert.hide(lambda *a: hide(*a, special=True))
    assert "never asked for" in special.message
    masks = check.bert.hide(lambda *a: hide(*a, only_masks=True))
    assert "`fate` below 0.8" in masks.message


def conditional(joint, text, place, shown):
    agree = {t: p for t, p in joint.items() if all(t[i] == text[i] for i in shown)}
    return sum(p for t, p in agree.items() if t[place] == text[place]) / sum(agree.values())


def test_left_to_right_is_not_any_order():
    def left(joint, text, order):
        return [conditional(joint, text, i, range(i)) for i in range(len(text))]

    def all_others(joint, text, order):
        return [conditional(joint, text, i, [j for j in range(len(text)) if j != i]) for i in order]

    assert "follow `order`" in check.bert.any_order(left).message
    assert "not all the others" in check.bert.any_order(all_others).message


def test_a_weighted_sum_of_pseudo_likelihoods_is_explained():
    def weighted(joint):
        total = 0.0
        for text, p in joint.items():
            for i in range(len(text)):
                p *= conditional(joint, text, i, [j for j in range(len(text)) if j != i])
            total += p
        return total

    assert "Do not weigh" in check.bert.pseudo(weighted).message


def test_filling_from_the_left_is_explained():
    def left(guess, words):
        words, order = list(words), []
        for i, word in enumerate(words):
            if word is None:
                chances = guess(words, i)
                words[i] = max(chances, key=chances.get)
                order.append(i)
        return [words, order]

    assert "Take the surest gap" in check.bert.surest_first(left).message
