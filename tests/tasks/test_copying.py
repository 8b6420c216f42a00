"""A piece that comes twice: what is asked for, and what positions give away."""

import pytest
import torch

from bertgpt.objectives import IGNORE
from bertgpt.tasks import copying as task


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_copied_piece_is_asked_for_and_nothing_else() -> None:
    ids, targets = task.copy_batch(300, seeded())
    periods, starts = set(), set()
    for row, asked in zip(ids.tolist(), targets.tolist(), strict=True):
        t = [i for i, y in enumerate(asked) if y != IGNORE]
        assert t == list(range(t[0], t[-1] + 1))
        n = len(t) + 1
        assert all(row[i] == row[i - n] for i in range(t[0], t[0] + n))
        assert [asked[i] for i in t] == [row[i + 1] for i in t]
        others = row[: t[0]] + row[t[0] + n :]
        assert len(set(others)) == len(others)  # nothing else comes twice
        periods.add(n)
        starts.add(t[0] - n)
    assert periods == set(task.PERIODS)
    assert len(starts) > 15


def test_a_period_can_be_fixed() -> None:
    _, targets = task.copy_batch(20, seeded(), 11)
    assert (targets != IGNORE).sum(1).tolist() == [10] * 20


@pytest.mark.parametrize("period", [2, 20])
def test_the_shortest_and_the_longest_period(period: int) -> None:
    ids, targets = task.copy_batch(20, seeded(), period)
    assert (targets != IGNORE).sum(1).tolist() == [period - 1] * 20
    assert ids.shape == (20, task.COPY_LENGTH)


@pytest.mark.parametrize("period", [-3, 0, 1, 21, 30])
def test_a_piece_that_cannot_come_twice_is_refused(period: int) -> None:
    with pytest.raises(
        ValueError, match=f"period={period} must be from 2 to 20: .* twice into 40 tokens"
    ):
        task.copy_batch(20, seeded(), period)


def test_a_reader_of_positions_alone_scores_as_computed() -> None:
    ids, _ = task.copy_batch(1, seeded())
    assert ids.shape == (1, task.COPY_LENGTH)
    best = task.copy_positions_only()
    drawn = torch.zeros(task.COPY_LENGTH, 21)
    for seed in range(10):
        _, targets = task.copy_batch(1000, seeded(seed))
        asked = targets != IGNORE
        n = asked.sum(1) + 1  # weight 1 / (n - 1): each text counts the same
        for period in task.PERIODS:
            rows = asked[n == period]
            drawn[:, period] += rows.sum(0) / (period - 1)
    assert best == pytest.approx(float(drawn.amax(1).sum() / drawn.sum()), abs=0.015)
    assert best < 0.13


def test_a_reader_of_positions_who_knows_the_period_is_always_right(monkeypatch) -> None:
    monkeypatch.setattr(task, "PERIODS", range(9, 10))
    assert task.copy_positions_only() == pytest.approx(1)
