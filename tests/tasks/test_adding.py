"""The adding problem: two marks, one in each half, and their sum."""

import pytest
import torch

from bertgpt.tasks import adding


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("T", [2, 7, 50])
def test_two_marks_one_a_half_and_their_sum(T: int) -> None:
    x, total = adding.adding_batch(200, T, seeded())
    values, marks = x.unbind(-1)
    assert x.shape == (200, T, 2)
    assert (marks[:, : T // 2].sum(1) == 1).all()
    assert (marks[:, T // 2 :].sum(1) == 1).all()
    assert ((values >= 0) & (values < 1)).all()
    torch.testing.assert_close((values * marks).sum(1), total)
    if T > 2:
        assert len(marks.argmax(1).unique()) > 1  # the place is drawn


def test_the_baseline_is_the_error_of_always_1() -> None:
    _, total = adding.adding_batch(20_000, 10, seeded())
    assert (total - 1).square().mean().item() == pytest.approx(adding.BASELINE, abs=0.005)


def test_one_step_cannot_hold_two_marks() -> None:
    with pytest.raises(ValueError, match="T=1 steps have no room for two marks"):
        adding.adding_batch(3, 1, seeded())
