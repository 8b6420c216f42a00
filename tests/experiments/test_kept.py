"""What is left of the first state: the derivative, and the road of the forget gates."""

import math

import pytest
import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import kept
from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.rnn import RNN


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_a_forget_gate_the_road_loses_nothing() -> None:
    x = torch.randn(1, 60, 8, generator=seeded())
    assert kept.state_jacobians(LSTM(8, 12, forget=False), x)["carousel"] == 1


def test_the_road_is_the_product_of_the_forget_gates() -> None:
    """With all weights 0 the gates are sigmoid(bias), and there is no other way."""
    net = LSTM(8, 5, forget_bias=1.0)
    torch.nn.init.zeros_(net.inputs.weight)
    torch.nn.init.zeros_(net.recurrent.weight)
    left = kept.state_jacobians(net, torch.randn(1, 9, 8, generator=seeded()))
    want = (1 / (1 + math.exp(-1))) ** 9
    assert left["carousel"] == pytest.approx(want, rel=1e-5)
    assert left["c"] == pytest.approx(want, rel=1e-5)
    assert left["h"] == 0


def test_what_is_felt_is_the_derivative() -> None:
    """Against finite differences, on an RNN in double precision."""
    torch.manual_seed(0)
    net, x = RNN(8, 4), torch.randn(1, 5, 8, generator=seeded())
    columns = []
    for d in range(4):
        ends = []
        for sign in (1, -1):
            start = torch.zeros(1, 4)
            start[0, d] = sign * 1e-2
            ends.append(net(x, start)[1][0])
        columns.append((ends[0] - ends[1]) / 2e-2)
    assert kept.state_jacobians(net, x)["h"] == pytest.approx(
        kept.jacobian_size(torch.stack(columns)), rel=1e-2
    )


def test_the_identity_has_size_1() -> None:
    assert kept.jacobian_size(torch.eye(7)) == pytest.approx(1)


def test_the_cell_of_1997_keeps_all_in_each_seed() -> None:
    for value in load_result("kept")["values"]:
        assert set(value["LSTM 1997"]["carousel"]) == {1.0}
