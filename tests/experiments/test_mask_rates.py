"""Rates of hiding: what the arms share, what is counted, and the instrument on a known case."""

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS, tiny
from bertgpt.evaluation.results import load_result
from bertgpt.experiments import mask_rates
from bertgpt.objectives import IGNORE
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import draw_stories, toyland_vocab
from bertgpt.weights.course import course_card, course_model


def new_bert() -> BERT:
    torch.manual_seed(0)
    return BERT(tiny(len(toyland_vocab()), max_positions=96)).eval()


def test_every_arm_of_the_rates_begins_with_the_weights_of_the_gpt() -> None:
    bert, gpt = mask_rates.begun_as_gpt(), course_model("toyland-gpt")
    for name, weight in gpt.stack.state_dict().items():
        assert torch.equal(bert.stack.state_dict()[name], weight), name


def test_the_arm_without_visible_words_asks_the_same_words() -> None:
    ids = draw_stories(300, 11).padded(range(64), SPECIAL_IDS.pad)
    plain, hidden = (
        mask_rates.asked(mask_rates.AT_15, ids, flag, torch.Generator().manual_seed(5))
        for flag in (False, True)
    )
    assert torch.equal(plain.targets, hidden.targets)
    asked = plain.targets != IGNORE
    assert bool((hidden.seen[asked] == SPECIAL_IDS.mask).all())
    visible = (plain.seen[asked] != SPECIAL_IDS.mask).float().mean().item()
    assert visible == pytest.approx(0.2, abs=0.05)
    assert torch.equal(plain.seen[~asked], hidden.seen[~asked])


def test_counts_of_the_rates_are_of_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask_rates, "READ", 300)
    found = {}
    for name in ("15 %", "40 %"):
        recipe = mask_rates.ARMS[name][0]
        _, found[name] = mask_rates.trained(new_bert, recipe, 3, seed=0)
    assert found["15 %"]["tokens"] == found["40 %"]["tokens"]
    assert 2 < found["40 %"]["guesses"] / found["15 %"]["guesses"] < 3.5
    equal = [mask_rates.ARMS[name] for name in ("15 %", "40 %, guesses of 15 %")]
    (a, n, _), (b, m, _) = equal
    assert n * a.mask_rate == pytest.approx(m * b.mask_rate)


def test_a_model_that_repeats_what_it_sees_keeps_all_and_doubts_nothing() -> None:
    class Repeats:
        def __call__(self, ids: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(ids, len(toyland_vocab())).float()

    stories = Ragged.of([draw_stories(300, 11)[i] for i in range(3)])
    found = mask_rates.at_visible(Repeats(), stories, seed=0)  # type: ignore[arg-type]
    assert found == {"keeps": 1.0, "doubts": 0.0}
    trained = course_model("toyland-bert")
    assert isinstance(trained, BERT)
    found = mask_rates.at_visible(trained, stories, seed=0)
    assert found["keeps"] > 0.6
    assert found["doubts"] > 0.6


def test_the_stored_arms_begin_as_the_gpt_of_the_package_and_count_alike() -> None:
    for value in load_result("mask_rates")["values"]:
        assert value["begins as"] == course_card("toyland-gpt")["sha256"]
        arms = value["arms"]
        assert list(arms) == list(mask_rates.ARMS)
        equal = arms["15 %"], arms["40 %, guesses of 15 %"]
        assert equal[0]["guesses"] == pytest.approx(equal[1]["guesses"], rel=0.02)
        assert arms["15 %"]["tokens"] == arms["40 %"]["tokens"] == arms["all rates"]["tokens"]
