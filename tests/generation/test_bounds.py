"""Scores of texts: exact where the conditionals are, a bound otherwise, and a sum that is none."""

import itertools
import math

import pytest
import torch
from small_models import SPECIAL_IDS, TableBERT, joint_bert, scrambled
from torch import Tensor
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.generation.bounds import (
    log_bound,
    masked_log_probs,
    order_log_probs,
    pseudo_log_likelihood,
)
from bertgpt.gpt import GPT

JOINT = torch.tensor([[[0.2, 0.05], [0.1, 0.15]], [[0.02, 0.08], [0.3, 0.1]]])
TEXTS = torch.tensor(list(itertools.product((5, 6), repeat=3)))  # all there are
LOG_P = JOINT.flatten().log()  # of each of them
ORDERS = list(itertools.permutations(range(3)))
MASK = SPECIAL_IDS.mask


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def at_odds() -> TableBERT:
    """Conditionals of no joint distribution: the first follows the others, they flee from it."""

    def conditionals(text: tuple[int, ...], place: int) -> Tensor:
        n_last = sum(token == 6 for i, token in enumerate(text) if i != place)
        n_hidden = sum(token == MASK for i, token in enumerate(text) if i != place)
        p = 0.3 + 0.2 * n_last + 0.07 * n_hidden - 0.02 * place
        return torch.tensor([1 - p, p] if place == 0 else [p, 1 - p])

    return TableBERT(2, conditionals)


def test_with_exact_conditionals_each_order_gives_the_log_probability() -> None:
    found = order_log_probs(joint_bert(JOINT), TEXTS, ORDERS)
    assert_close(found, LOG_P[:, None].expand(8, 6), rtol=0, atol=1e-5)


def test_the_mean_bound_is_the_entropy() -> None:
    bound = log_bound(joint_bert(JOINT), TEXTS, 2, generator=seeded())
    entropy = -(JOINT * JOINT.log()).sum().item()
    assert -(JOINT.flatten() * bound).sum().item() == pytest.approx(entropy, abs=1e-5)


def test_each_order_is_a_distribution_and_the_bound_is_below_their_mixture() -> None:
    found = order_log_probs(at_odds(), TEXTS, ORDERS)
    assert_close(found.exp().sum(0), torch.ones(6), rtol=0, atol=1e-5)
    assert (found.max(1).values - found.min(1).values).min() > 0.1  # the orders disagree
    bound = log_bound(at_odds(), TEXTS, ORDERS)
    mixture = found.logsumexp(1) - math.log(6)
    assert_close(bound, found.mean(1))
    assert bool((bound < mixture - 1e-3).all())
    assert bound.exp().sum() < 1


def test_a_step_sees_what_was_revealed_and_nothing_else() -> None:
    """The value of one order, by hand."""
    model = at_odds()
    found = order_log_probs(model, torch.tensor([[6, 5, 6]]), [[1, 2, 0]]).item()
    by_hand = [
        model.conditionals((MASK, MASK, MASK), 1)[0],
        model.conditionals((MASK, 5, MASK), 2)[1],
        model.conditionals((MASK, 5, 6), 0)[1],
    ]
    assert found == pytest.approx(sum(math.log(p) for p in by_hand), abs=1e-5)


def test_random_orders_are_even() -> None:
    n = 3000
    values = order_log_probs(at_odds(), TEXTS[:2], n, generator=seeded())
    exact = order_log_probs(at_odds(), TEXTS[:2], ORDERS)
    for text in range(2):
        assert len(set(exact[text].tolist())) == 6
        which = (values[text][:, None] - exact[text]).abs().argmin(1)
        shares = torch.bincount(which, minlength=6) / n
        assert bool(((shares - 1 / 6).abs() < 4 * math.sqrt(5 / 36 / n)).all())
        assert_close(exact[text][which], values[text], rtol=0, atol=1e-5)
    assert not torch.equal(values[0].argsort(), values[1].argsort())  # each text its own


def test_some_of_the_steps_have_the_same_mean() -> None:
    model = at_odds()
    want = order_log_probs(model, TEXTS[3:4], ORDERS).mean().item()
    for steps in (1, 2):
        n = 4000
        model.n_read = 0
        found = order_log_probs(model, TEXTS[3:4], n, steps=steps, generator=seeded())
        assert model.n_read == n * steps
        error = found.std().item() / math.sqrt(n)
        assert found.mean().item() == pytest.approx(want, abs=4 * error)
        assert error < 0.03
    all_steps = order_log_probs(model, TEXTS[3:4], ORDERS, steps=9, generator=seeded())
    assert_close(all_steps, order_log_probs(model, TEXTS[3:4], ORDERS))


def test_one_reading_for_each_step_however_many_at_once() -> None:
    model = joint_bert(JOINT)
    for rows_at_once in (1, 7, 1000):
        model.n_read = 0
        found = log_bound(model, TEXTS, ORDERS[:2], rows_at_once=rows_at_once)
        assert model.n_read == 8 * 2 * 3
        assert_close(found, LOG_P, rtol=0, atol=1e-5)


def test_a_text_by_itself() -> None:
    """Padded by longer ones beside it, with the same orders; special tokens are always shown."""
    model = scrambled(BERT)
    short, long = torch.tensor([[2, 7, 8, 9, 3]]), torch.tensor([[2, 7, 8, 9, 10, 11, 12, 3]])
    wide = torch.cat([short, torch.zeros(1, 3, dtype=torch.int64)], dim=1)
    together = torch.cat([long, wide])
    alone = order_log_probs(model, short, 3, generator=[seeded(4)])
    found = order_log_probs(model, together, 3, generator=[seeded(5), seeded(4)])
    assert_close(found[1:], alone, rtol=0, atol=1e-4)
    assert_close(
        masked_log_probs(model, together)[1, :5], masked_log_probs(model, short)[0],
        rtol=0, atol=1e-5,
    )  # fmt: skip
    assert masked_log_probs(model, together)[1, [0, 4, 5, 6, 7]].tolist() == [0] * 5
    assert bool((masked_log_probs(model, together)[0, 1:7] < 0).all())


def test_pseudo_log_likelihood_is_the_sum_of_single_gaps_and_no_log_probability() -> None:
    model = joint_bert(JOINT)
    single = torch.stack([JOINT / JOINT.sum(axis, keepdim=True) for axis in range(3)])
    want = single.log().sum(0).flatten()
    model.n_read = 0
    found = pseudo_log_likelihood(model, TEXTS, rows_at_once=5)
    assert model.n_read == 8 * 3
    assert_close(found, want, rtol=0, atol=1e-5)
    assert_close(masked_log_probs(model, TEXTS).sum(1), found)
    assert bool((found > LOG_P).any())  # it overrates some texts
    assert abs(found.exp().sum().item() - 1) > 0.1  # and sums to something else than 1


def test_a_text_without_words() -> None:
    model = scrambled(BERT)
    ids = torch.tensor([[2, 3], [2, 7]])
    assert order_log_probs(model, ids, 2, generator=seeded())[0].tolist() == [0, 0]
    assert pseudo_log_likelihood(model, ids)[0] == 0
    assert log_bound(model, ids[:1], 2, generator=seeded()).tolist() == [0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": scrambled(GPT)}, "expected a BERT, got a GPT"),
        ({"orders": 2}, "random orders and chosen steps need randomness; give a generator"),
        ({"steps": 2}, "need randomness; give a generator"),
        ({"orders": 0, "generator": seeded()}, "orders=0 must be at least 1"),
        ({"orders": []}, "got no orders; give at least one"),
        ({"orders": [[1]]}, r"order 0 is \[1\]; it must name .* once, in text 0 \[1, 2\]"),
        ({"steps": 0, "generator": seeded()}, "steps=0 must be at least 1"),
        ({"rows_at_once": 0}, "rows_at_once=0 must be at least 1"),
        ({"token_ids": torch.tensor([[2, 7, MASK]])}, "text 0 has .MASK. at position 2"),
    ],
)
def test_what_it_refuses(given: dict, message: str) -> None:
    given = {
        "model": scrambled(BERT), "token_ids": torch.tensor([[2, 7, 8, 3]]), "orders": [[1, 2]],
    } | given  # fmt: skip
    with pytest.raises(ValueError, match=message):
        log_bound(**given)
