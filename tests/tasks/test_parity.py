"""Parity and counting: the labels follow from the string."""

import torch

from bertgpt.objectives import IGNORE
from bertgpt.tasks import parity as task


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_parity_is_that_of_the_bits_so_far() -> None:
    bits, odd = task.parity_batch(50, 30, seeded())
    for row, labels in zip(bits.tolist(), odd.tolist(), strict=True):
        assert labels == [sum(row[: i + 1]) % 2 for i in range(30)]


def test_counting_asks_at_each_b_whether_it_is_the_last() -> None:
    ids, targets = task.counting_batch(torch.tensor([1, 3]), 7)
    assert ids.tolist() == [[0, 1, 2, 2, 2, 2, 2], [0, 0, 0, 1, 1, 1, 2]]
    no = IGNORE
    assert targets.tolist() == [[no, 1, no, no, no, no, no], [no, no, no, 0, 0, 1, no]]
