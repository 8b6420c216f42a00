"""The series of numbers follows its rule."""

import torch

from bertgpt.tasks.henon import henon


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_series_follows_its_rule_and_stays_in_bounds() -> None:
    x = henon(50, 30, seeded())
    assert x.shape == (50, 30)
    torch.testing.assert_close(x[:, 2:], 1 - 1.4 * x[:, 1:-1] ** 2 + 0.3 * x[:, :-2])
    assert x.abs().max() < 1.5
    assert not x[0].equal(x[1])
