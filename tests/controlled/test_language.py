"""Little Toyland: the list of its texts against the grammar, and what it has to tell apart."""

from math import log

import pytest
import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import all_texts, config, drawn, encode, little_toyland, vocab
from bertgpt.controlled.writing import kind, kinds
from bertgpt.toyland.best_reader import best_left_to_right
from bertgpt.toyland.lengths import lengths


def some(n: int) -> list[tuple[str, ...]]:
    numbers = drawn(n, torch.Generator().manual_seed(0)).tolist()
    return [all_texts().words[i] for i in numbers]


def test_the_list_has_the_probabilities_of_the_grammar() -> None:
    listed = all_texts()
    assert listed.probabilities.sum().item() == pytest.approx(1.0, abs=1e-12)
    assert len(set(listed.words)) == len(listed.words) == len(listed.ids)
    for words in some(12):
        p = listed.probabilities[listed.words.index(words)].item()
        assert log(p) == pytest.approx(little_toyland().log_probability(words), abs=1e-12)


def test_entropy_and_lengths_by_the_list_and_by_the_states() -> None:
    p = all_texts().probabilities
    nats = -(p * p.log()).sum().item()
    assert nats == pytest.approx(little_toyland().entropy().nats, abs=1e-9)
    assert nats == pytest.approx(best_left_to_right(little_toyland()).nats, abs=1e-9)
    n_words = (all_texts().ids != SPECIAL_IDS.pad).sum(dim=1) - 2
    for n, chance in lengths(little_toyland()).items():
        assert p[n_words == n].sum().item() == pytest.approx(chance, abs=1e-12)


def test_texts_are_short_and_the_vocabulary_small() -> None:
    assert 8 <= int((all_texts().ids != SPECIAL_IDS.pad).sum(dim=1).min())
    assert config().max_positions == all_texts().ids.shape[1] == 16
    assert 60 < len(vocab()) < 90
    words = some(1)[0]
    assert vocab().decode(encode(words)) == ["[CLS]", *words, "[SEP]"]


def test_draws_follow_the_probabilities() -> None:
    numbers = drawn(20_000, torch.Generator().manual_seed(3))
    gifts = torch.tensor([kind(words) == "gift" for words in all_texts().words])
    exact = all_texts().probabilities[gifts].sum().item()
    assert gifts[numbers].double().mean().item() == pytest.approx(exact, abs=0.02)


def test_each_rule_has_its_share_and_its_texts() -> None:
    weights = {"gift": 4, "day": 2, "says": 2, "agree": 2, "follows": 2, "before": 2, "home": 2}
    assert kinds() == pytest.approx({name: n / 16 for name, n in weights.items()})


def test_a_sense_is_settled_by_what_follows_or_by_what_came_before() -> None:
    left = best_left_to_right(little_toyland()).senses
    assert left == pytest.approx({"ring": 0.5, "seal": 0.5, "bat": 1.0, "match": 1.0})
