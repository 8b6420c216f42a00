"""Where heads look: weights by distance, on weights that are known."""

import pytest
import torch

from bertgpt.experiments import copy_heads
from bertgpt.experiments.copy import attention_only


def test_a_head_that_looks_three_back_has_all_its_weight_there() -> None:
    weights = torch.zeros(2, 9, 9)
    weights[:, range(3, 9), range(6)] = 1.0
    asked = torch.zeros(2, 9, dtype=torch.bool)
    asked[:, 4:8] = True
    assert copy_heads.weight_by_distance(weights, asked, 4) == [0.0, 0.0, 0.0, 1.0, 0.0]


def test_only_asked_positions_count() -> None:
    weights = torch.zeros(1, 4, 4)
    weights[0, 3, 2], weights[0, 2, 1] = 0.8, 0.2  # one back
    asked = torch.tensor([[False, False, False, True]])
    assert copy_heads.weight_by_distance(weights, asked, 1)[1] == pytest.approx(0.8)
    asked = torch.tensor([[False, False, True, True]])
    assert copy_heads.weight_by_distance(weights, asked, 1)[1] == pytest.approx(0.5)


def test_every_head_has_a_profile() -> None:
    torch.manual_seed(0)
    found = copy_heads.profiles(attention_only(2), 12)
    assert list(found) == [f"layer {n}, head {h}" for n in (1, 2) for h in (1, 2)]
    for back in found.values():
        assert len(back) == copy_heads.FARTHEST + 1
        assert 0.3 < sum(back) <= 1.05  # a new model reads near and far alike
