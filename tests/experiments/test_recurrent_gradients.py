"""Stretches of a push: against autograd, and against the linear net."""

import pytest
import torch

from bertgpt.experiments import recurrent_gradients as task


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("radius", [0.5, 1.5])
def test_all_directions_of_a_scaled_net_have_one_size(radius: float) -> None:
    weight = task.scaled(radius, 1.0, seeded(), width=12).recurrent.weight.detach()
    assert torch.linalg.eigvals(weight).abs().numpy() == pytest.approx(radius)
    assert torch.linalg.svdvals(weight).numpy() == pytest.approx(radius)


def test_the_input_has_the_strength_that_is_asked_for() -> None:
    net = task.scaled(1.0, 2.0, seeded(), width=400)
    added = net.inputs(torch.randn(500, 8, dtype=torch.double, generator=seeded(1)))
    assert added.std().item() == pytest.approx(2.0, rel=0.1)


def test_the_stretch_is_that_of_autograd() -> None:
    net, x = task.scaled(1.2, 0.5, seeded(), width=10), torch.randn(1, 6, 8, dtype=torch.double)
    start = torch.rand(1, 10, dtype=torch.double)
    found = task.stretches(net, x, start)
    for T in (1, 3, 6):
        jacobian = torch.autograd.functional.jacobian(lambda h: net(x[:, :T], h)[1], start)  # noqa: B023
        assert found[T - 1] == pytest.approx(jacobian.norm().item() / 10**0.5, rel=1e-9)


def test_tanh_never_stretches_more_than_the_weights_do() -> None:
    net, x = task.scaled(1.5, 0.0, seeded()), torch.zeros(1, 50, 8, dtype=torch.double)
    sizes = task.stretches(net, x, torch.rand(1, 64, dtype=torch.double))
    assert all(size <= 1.5**t * (1 + 1e-9) for t, size in enumerate(sizes, start=1))
    still = task.stretches(net, x, torch.zeros(1, 64, dtype=torch.double))
    assert still == pytest.approx([1.5**t for t in range(1, 51)])  # at 0 tanh is a straight line


def test_an_experiment_of_gradients_has_all_its_numbers() -> None:
    found = task.recurrent_gradients(3)
    assert len(found["stretch"]) == 9
    assert {len(row) for row in found["stretch"].values()} == {len(task.SPANS)}
    assert 0.4 < found["usual"] < 0.8
