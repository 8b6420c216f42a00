"""Texts of digits with one of them marked."""

import torch

from bertgpt.tasks import pointer


def test_pointer_texts_hold_one_mark_and_its_answer() -> None:
    ids, answers, marked = pointer.pointer_texts(500, torch.Generator().manual_seed(0))
    assert ids.shape == (500, pointer.ITEMS + 1)
    assert (ids[:, -1] == pointer.ASK).all()
    items = ids[:, :-1]
    assert ((items >= pointer.DIGITS) == marked).all()
    assert (marked.sum(1) == 1).all()
    assert (items[marked] - pointer.DIGITS == answers).all()
    assert marked.any(0).all()
    assert answers.unique().numel() == pointer.DIGITS
