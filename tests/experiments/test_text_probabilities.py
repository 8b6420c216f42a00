"""Probabilities of texts that can be listed: the language, GPT's sums, and a BERT that is exact."""

import math
from collections import Counter
from itertools import product

import pytest
import torch
from framed_bert import FIRST, framed, framed_bert

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments import text_probabilities
from bertgpt.experiments.letter_language import (
    LETTERS,
    LONGEST,
    as_ids,
    entropy,
    letter_config,
    letter_language,
    one_gap_log_probs,
    total_correlation,
)
from bertgpt.experiments.text_probabilities import chain_rule, exact_gaps, gaps, train_on
from bertgpt.gpt import GPT
from bertgpt.training.recipe import GPT_RECIPE

LANGUAGE = letter_language(0)


def test_the_language_lists_every_text_with_a_probability() -> None:
    for n, (texts, p) in enumerate(zip(LANGUAGE.texts, LANGUAGE.probabilities, strict=True), 1):
        assert {tuple(row) for row in texts.tolist()} == set(product(range(LETTERS), repeat=n))
        assert p.sum().item() == pytest.approx(1)
        assert p.min() > 0
        some = texts[len(texts) // 2]
        assert LANGUAGE.joint(n)[tuple(some)] == p[len(texts) // 2]


def test_its_texts_are_drawn_with_their_probabilities() -> None:
    drawn = LANGUAGE.sample(20_000, torch.Generator().manual_seed(0))
    counts = Counter(tuple(row) for row in drawn.tolist())
    likeliest = int(LANGUAGE.probabilities[-1].argmax())
    text = tuple(as_ids(LANGUAGE.texts[-1])[likeliest].tolist())
    expected = LANGUAGE.probabilities[-1][likeliest].item() / LONGEST
    assert counts[text] / 20_000 == pytest.approx(expected, abs=0.005)
    assert (2, 5, 3, 0, 0, 0, 0) in counts  # a text of one letter, its end, and padding


def test_letters_without_scores_have_nothing_in_common() -> None:
    joint = letter_language(0, scale=0.0).joint(3)
    assert total_correlation(joint) == pytest.approx(0, abs=1e-12)
    assert exact_gaps(joint)["pseudo sum"] == pytest.approx(1)
    assert entropy(joint) == pytest.approx(3 * math.log(LETTERS))


def test_exact_guesses_of_single_gaps_do_not_sum_to_one() -> None:
    joint = LANGUAGE.joint(3)
    by_hand = 0.0
    for text in product(range(LETTERS), repeat=3):
        guesses = 1.0
        for place in range(3):
            others = [[*text[:place], letter, *text[place + 1 :]] for letter in range(LETTERS)]
            guesses *= float(joint[text] / sum(joint[tuple(other)] for other in others))
        by_hand += guesses
    assert one_gap_log_probs(joint).exp().sum().item() == pytest.approx(by_hand)
    assert by_hand > 1.1


def test_a_gpt_shares_out_one_whatever_its_weights() -> None:
    torch.manual_seed(0)
    model = GPT(letter_config()).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    found = chain_rule(model, LANGUAGE)
    assert sum(found["by length"]) + found["elsewhere"] == pytest.approx(1, abs=1e-5)
    assert found["elsewhere"] > 0.01
    assert found["without the end"] == pytest.approx([1.0] * LONGEST)
    assert found["divergence"] > 0.1


def test_an_exact_bert_has_no_orders_and_its_pseudo_sum() -> None:
    joint, exact = LANGUAGE.joint(LONGEST), exact_gaps(LANGUAGE.joint(LONGEST))
    found = gaps(framed_bert(joint), LANGUAGE)
    assert found["pseudo sum"] == pytest.approx(exact["pseudo sum"], abs=1e-4)
    assert found["pseudo sum"] > 1.5
    assert found["at once"] == pytest.approx(exact["at once"], abs=1e-4)
    for name in ("left sum", "right sum"):
        assert found.pop(name) == pytest.approx(1, abs=1e-5)
    for name in ("left", "right", "apart", "largest", "walks apart", "walk to language"):
        assert found[name] == pytest.approx(0, abs=2e-5), name


def test_conditionals_of_no_joint_are_seen() -> None:
    def copies_the_left(text: tuple[int, ...], place: int) -> torch.Tensor:
        left = text[place - 1] if place else SPECIAL_IDS.mask
        p = torch.full((LETTERS,), 0.1)
        if left != SPECIAL_IDS.mask:
            p[left - FIRST] = 0.8
        return p / p.sum()

    found = gaps(framed(LETTERS, copies_the_left), LANGUAGE)
    assert found["left sum"] == pytest.approx(1, abs=1e-5)
    assert found["right sum"] == pytest.approx(1, abs=1e-5)
    # From the right nothing on the left is there to copy: each letter is drawn evenly.
    each = (math.log2(3) - math.log2(1 / 0.8)) * 0.8 + (math.log2(3) - math.log2(10)) * 0.2
    assert found["apart"] == pytest.approx((LONGEST - 1) * each, abs=1e-4)
    assert found["walks apart"] > 0.01


def test_training_comes_closer_to_the_language() -> None:
    torch.manual_seed(0)
    model = GPT(letter_config()).eval()
    before = chain_rule(model, LANGUAGE)["divergence"]
    train_on(model, GPT_RECIPE, LANGUAGE, 25)
    assert not model.training
    assert chain_rule(model, LANGUAGE)["divergence"] < before - 0.5


def test_the_parts_are_as_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_probabilities, "SWEEPS", 3)
    found = text_probabilities.measure(1, {"short": 1, "long": 2})
    assert list(found["BERT"]) == ["short", "long"]
    assert found["exact"]["entropy"] < math.log2(LETTERS)
    assert found["exact"]["pseudo bits"] < found["exact"]["entropy"]
