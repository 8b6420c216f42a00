"""Strings with a start token, models that label them, and what counts as learned."""

from itertools import islice

import pytest
import torch

from bertgpt.experiments import lstm_counting, parity_further
from bertgpt.experiments.string_labeller import StringLabeller
from bertgpt.objectives import IGNORE


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("places", ["numbered", "random start", "none"])
def test_labels_are_given_without_a_look_at_the_future(places) -> None:
    torch.manual_seed(0)
    model = StringLabeller(places, longest=9).eval()
    ids = torch.randint(3, (2, 9), generator=seeded())
    changed = ids.clone()
    changed[:, 6] = (ids[:, 6] + 1) % 3
    moved = (model(ids) - model(changed)).abs().amax((0, 2))
    assert moved[:6].max() == 0
    assert moved[6] > 0


def test_each_string_begins_at_a_place_of_its_own_only_in_training_and_only_if_asked() -> None:
    ids = torch.zeros(8, 4, dtype=torch.long)
    for places, moves in (("numbered", False), ("random start", True), ("none", False)):
        torch.manual_seed(0)
        model = StringLabeller(places, longest=50)
        for train, several in ((True, moves), (False, False)):
            outputs = model.train(train)(ids)[:, 0, 0]
            assert (len({round(x, 5) for x in outputs.tolist()}) > 1) == several


def test_the_last_position_is_drawn_too() -> None:
    torch.manual_seed(0)
    model = StringLabeller("random start", longest=5)
    model(torch.zeros(64, 4, dtype=torch.long)).sum().backward()
    assert model.stack.positions is not None
    touched = model.stack.positions.weight.grad.abs().sum(1) > 0
    assert touched.tolist() == [True] * 5


def test_without_positions_and_a_start_all_ones_look_alike() -> None:
    torch.manual_seed(0)
    model = StringLabeller("none", longest=9).eval()
    ones = model(torch.ones(1, 5, dtype=torch.long))[0]
    torch.testing.assert_close(ones, ones[:1].expand(5, 2), rtol=0, atol=1e-6)
    begun = model(torch.tensor([[parity_further.START, 1, 1, 1, 1]]))[0, 1:]
    assert (begun[1:] - begun[:-1]).abs().amax(1).min() > 1e-4


def test_nothing_is_asked_at_the_start_token() -> None:
    ids, targets = parity_further.started_parity(3, 5, seeded())
    assert ids.shape == targets.shape == (3, 6)
    assert (ids[:, 0] == parity_further.START).all()
    assert (targets[:, 0] == IGNORE).all()
    ones = ids[:, 1:].cumsum(1)
    assert targets[:, 1:].tolist() == (ones % 2).tolist()


def test_strings_grow_to_twenty_bits_by_the_middle() -> None:
    lengths = [
        ids.shape[1] - 1 for ids, _ in islice(parity_further.growing_strings(40, seeded()), 40)
    ]
    assert lengths[0] == 2
    assert lengths == sorted(lengths)
    assert lengths[19] < 20
    assert set(lengths[20:]) == {20}


def test_learned_is_a_matter_of_each_of_the_first_twenty_bits() -> None:
    fine = [0.95] * 20 + [0.5] * 80
    assert parity_further.has_learned(fine)
    assert not parity_further.has_learned([*fine[:19], 0.89, *fine[20:]])
    assert not parity_further.has_learned([0.89, *fine[1:]])


def test_every_model_has_a_rate_and_updates() -> None:
    assert list(parity_further.RATES) == list(parity_further.STEPS) == list(parity_further.MODELS)


def test_counting_is_measured_each_time_it_is_due(monkeypatch) -> None:
    monkeypatch.setattr(lstm_counting, "STEPS", 4)
    monkeypatch.setattr(lstm_counting, "EVERY", 2)
    monkeypatch.setattr(lstm_counting, "TrainConfig", _without_warmup)
    found = lstm_counting.lstm_counting(0)
    assert list(found) == ["0.005", "0.001"]
    for of_rate in found.values():
        assert len(of_rate["seen"]) == len(of_rate["beyond"]) == 2
        assert all(0 <= n <= 10 for n in of_rate["seen"])
        assert all(0 <= n <= 40 for n in of_rate["beyond"])


def _without_warmup(**given):
    from bertgpt.training.train import TrainConfig

    return TrainConfig(**given | {"warmup": 0})
