"""The experiments on masks, positions and weights measure what they say."""

import pytest
import torch

from bertgpt.config import TransformerConfig
from bertgpt.evaluation.attention_records import record_attention
from bertgpt.evaluation.results import load_result
from bertgpt.experiments import attention
from bertgpt.masks import bidirectional_mask, causal_mask

CFG = TransformerConfig(vocab_size=9, max_positions=6, width=8, n_layers=2, n_heads=2)
IDS = torch.tensor([1, 2, 3, 4, 5, 6])


def test_influence_is_what_a_small_push_does() -> None:
    """Against finite differences: the table of tokens is nudged at one position's token."""
    stack = attention.scrambled_stack(CFG, seed=0)
    mask, step = causal_mask(6), 1e-6
    norms = attention.influence(stack, IDS, mask)
    for s in (0, 3):
        squares = torch.zeros(6, dtype=torch.float64)
        for d in range(CFG.width):
            ends = []
            for sign in (1, -1):
                with torch.no_grad():
                    stack.tokens.weight[IDS[s], d] += sign * step
                    ends.append(stack(IDS[None], mask)[0])
                    stack.tokens.weight[IDS[s], d] -= sign * step
            squares += ((ends[0] - ends[1]) / (2 * step)).pow(2).sum(-1)
        torch.testing.assert_close(norms[:, s], squares.sqrt(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_mask_alone_decides_who_is_felt(norm) -> None:
    cfg = TransformerConfig(
        vocab_size=9, max_positions=6, width=8, n_layers=2, n_heads=2, norm=norm
    )
    stack = attention.scrambled_stack(cfg, seed=1)
    for mask in (bidirectional_mask(6), causal_mask(6), torch.eye(6).bool()):
        assert ((attention.influence(stack, IDS, mask) != 0) == mask).all()


def test_the_stored_masks_are_as_computed_here() -> None:
    stored, now = load_result("mask_decides")["values"][0], attention.mask_decides(0)
    assert now["causal"]["later_felt"] == 0 == now["causal"]["largest_later"]
    assert now["bidirectional"]["later_felt"] == now["pairs"] == 28
    assert now["causal"]["parameters"] == now["bidirectional"]["parameters"]
    for name in ("causal", "bidirectional"):
        assert now[name] == pytest.approx(stored[name], abs=1e-9)


def test_order_is_felt_by_all_but_one() -> None:
    found = attention.order_felt(0)
    assert found.pop("bidirectional, none") < 1e-14
    assert min(found.values()) > 0.01
    assert found == pytest.approx(
        {k: v for k, v in load_result("order_felt")["values"][0].items() if k in found}, abs=1e-9
    )


def test_pointer_texts_hold_one_mark_and_its_answer() -> None:
    ids, answers, marked = attention.pointer_texts(500, torch.Generator().manual_seed(0))
    assert ids.shape == (500, attention.ITEMS + 1)
    assert (ids[:, -1] == attention.ASK).all()
    items = ids[:, :-1]
    assert ((items >= attention.DIGITS) == marked).all()
    assert (marked.sum(1) == 1).all()
    assert (items[marked] - attention.DIGITS == answers).all()
    assert marked.any(0).all()
    assert answers.unique().numel() == attention.DIGITS


def test_left_out_means_read_by_nobody() -> None:
    torch.manual_seed(0)
    model = attention.Pointer(2).eval()
    ids, *_ = attention.pointer_texts(3, torch.Generator().manual_seed(0))
    changed = ids.clone()
    changed[:, 4] = (ids[:, 4] + 1) % attention.DIGITS
    with torch.no_grad():
        assert (model(ids, without=4) == model(changed, without=4)).all()
        assert (model(ids) != model(changed)).any()
        records = []
        model(ids, records, without=4)
    assert (attention.asking_weights(records)[..., 4] == 0).all()


def test_asking_weights_are_those_of_the_last_row() -> None:
    torch.manual_seed(0)
    model = attention.Pointer(1).eval()
    ids, *_ = attention.pointer_texts(1, torch.Generator().manual_seed(0))
    (record,) = record_attention(model.stack, ids, bidirectional_mask(attention.ITEMS + 1))
    records = []
    model(ids, records)
    expected = record.weights[0, :, -1, :-1].mean(0)
    torch.testing.assert_close(attention.asking_weights(records)[0, 0], expected)


def test_a_twin_is_paid_for_reading_elsewhere() -> None:
    ids, answers, marked = attention.pointer_texts(300, torch.Generator().manual_seed(5))
    on_mark, right = {}, {}
    for hide in (0.0, 0.1):
        model, records = attention.train_pointer(1, 0, hide=hide, steps=300), []
        with torch.no_grad():
            right[hide] = (model(ids, records).argmax(-1) == answers).double().mean()
        on_mark[hide] = attention.asking_weights(records)[0][marked].mean()
    assert on_mark[0.0] > 0.5
    assert on_mark[0.1] < 0.1
    assert min(right.values()) > 0.95


def test_correlation_against_the_textbook() -> None:
    a = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    b = torch.tensor([[2.0, 4.0, 6.0], [3.0, 1.0, 2.0]])
    assert attention.correlation(a, b) == pytest.approx((1.0 - 0.5) / 2)
    assert attention.correlation(a, a > 2) == pytest.approx(0.75**0.5)
