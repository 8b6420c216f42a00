"""Pointers and their twins: what ASK reads, and what is left out."""

import pytest
import torch

from bertgpt.evaluation.attention_records import record_attention
from bertgpt.experiments import weights_and_relevance as relevance
from bertgpt.masks import bidirectional_mask
from bertgpt.tasks.pointer import DIGITS, ITEMS, pointer_texts


def test_left_out_means_read_by_nobody() -> None:
    torch.manual_seed(0)
    model = relevance.Pointer(2).eval()
    ids, *_ = pointer_texts(3, torch.Generator().manual_seed(0))
    changed = ids.clone()
    changed[:, 4] = (ids[:, 4] + 1) % DIGITS
    with torch.no_grad():
        assert (model(ids, without=4) == model(changed, without=4)).all()
        assert (model(ids) != model(changed)).any()
        records = []
        model(ids, records, without=4)
    assert (relevance.asking_weights(records)[..., 4] == 0).all()


def test_asking_weights_are_those_of_the_last_row() -> None:
    torch.manual_seed(0)
    model = relevance.Pointer(1).eval()
    ids, *_ = pointer_texts(1, torch.Generator().manual_seed(0))
    (record,) = record_attention(model.stack, ids, bidirectional_mask(ITEMS + 1))
    records = []
    model(ids, records)
    expected = record.weights[0, :, -1, :-1].mean(0)
    torch.testing.assert_close(relevance.asking_weights(records)[0, 0], expected)


def test_a_twin_is_paid_for_reading_elsewhere() -> None:
    ids, answers, marked = pointer_texts(300, torch.Generator().manual_seed(5))
    on_mark, right = {}, {}
    for hide in (0.0, 0.1):
        model, records = relevance.train_pointer(1, 0, hide=hide, steps=300), []
        with torch.no_grad():
            right[hide] = (model(ids, records).argmax(-1) == answers).double().mean()
        on_mark[hide] = relevance.asking_weights(records)[0][marked].mean()
    assert on_mark[0.0] > 0.5
    assert on_mark[0.1] < 0.1
    assert min(right.values()) > 0.95


def test_correlation_against_the_textbook() -> None:
    a = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    b = torch.tensor([[2.0, 4.0, 6.0], [3.0, 1.0, 2.0]])
    assert relevance.correlation(a, b) == pytest.approx((1.0 - 0.5) / 2)
    assert relevance.correlation(a, a > 2) == pytest.approx(0.75**0.5)
