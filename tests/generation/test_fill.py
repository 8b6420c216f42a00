"""Gaps filled all at once and one by one, in each order; what is refused."""

import math

import pytest
import torch
from small_models import SPECIAL_IDS, P, TableBERT, V, config, joint_bert, scrambled
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.generation.fill import blank_texts, fill, filling, mask_predict
from bertgpt.generation.knobs import Knobs
from bertgpt.gpt import GPT

MASK = SPECIAL_IDS.mask
IDS = torch.tensor([[2, MASK, 9, MASK, MASK, 3, 0], [2, 7, MASK, 8, 9, 10, 3]])
EQUAL = torch.tensor([[0.45, 0.05], [0.05, 0.45]])  # two words, likely the same
A, B = 5, 6  # the two words
ORDERS = ["left", "right", "random", "confident", "together"]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_order_of_the_steps() -> None:
    model = scrambled(BERT)
    want = {
        "left": [[0, 1, 0, 2, 3, 0, 0], [0, 0, 1, 0, 0, 0, 0]],
        "right": [[0, 3, 0, 2, 1, 0, 0], [0, 0, 1, 0, 0, 0, 0]],
        "together": [[0, 1, 0, 1, 1, 0, 0], [0, 0, 1, 0, 0, 0, 0]],
    }
    for order, steps in want.items():
        assert fill(model, IDS, order).step.tolist() == steps
    assert fill(model, IDS[:1], [3, 1, 4]).step.tolist() == [[0, 2, 0, 1, 3, 0, 0]]
    orders = {tuple(fill(model, IDS[:1], "random", generator=seeded(i)).step[0].tolist())
              for i in range(40)}  # fmt: skip
    assert len(orders) == 6


@pytest.mark.parametrize("order", ORDERS)
@torch.no_grad()
def test_each_gap_is_filled_by_what_the_text_then_shows(order: str) -> None:
    """Taken apart step by step: the likeliest ordinary token after one more reading."""
    model = scrambled(BERT)
    steps = list(filling(model, IDS, order, generator=seeded() if order == "random" else None))
    seen = IDS.clone()
    for number, filled in enumerate(steps, 1):
        log_probs = model(seen)
        log_probs[..., list(SPECIAL_IDS)] = -torch.inf
        log_probs = log_probs.log_softmax(-1)
        if order == "random":
            for i, t in (filled.step == number).nonzero().tolist():
                assert seen[i, t] == MASK
                assert log_probs[i, t, filled.ids[i, t]] > -torch.inf
            seen = filled.ids
            continue
        for i, t in (filled.step == number).nonzero().tolist():
            assert seen[i, t] == MASK
            assert filled.ids[i, t] == log_probs[i, t].argmax()
            assert_close(filled.log_probs[i, t], log_probs[i, t].max(), rtol=0, atol=1e-5)
            if order == "confident":
                others = (seen[i] == MASK).nonzero()[:, 0]
                assert log_probs[i, others].amax(-1).max() == log_probs[i, t].max()
        seen = filled.ids
    last = steps[-1]
    shown = IDS != MASK
    assert_close(last.ids[shown], IDS[shown])
    assert not bool(torch.isin(last.ids[~shown], torch.tensor(SPECIAL_IDS)).any())
    assert bool((last.log_probs[shown] == 0).all() and (last.log_probs[~shown] < 0).all())
    assert bool((last.step[~shown] > 0).all())


def test_all_at_once_is_blind_to_the_other_guesses() -> None:
    """Two words that are the same in 9 of 10 texts; both alone are even."""
    model = joint_bert(EQUAL)
    blank = torch.full((2000, 2), MASK)
    shares = {}
    for order in ("together", "left", "right", "random"):
        filled = fill(model, blank, order, generator=seeded())
        shares[order] = float((filled.ids[:, 0] == filled.ids[:, 1]).float().mean())
    error = math.sqrt(0.9 * 0.1 / 2000)
    assert shares.pop("together") == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 2000))
    assert all(share == pytest.approx(0.9, abs=4 * error) for share in shares.values())


def test_the_log_probs_of_an_order_are_those_of_the_text() -> None:
    joint = torch.tensor([[[0.2, 0.05], [0.1, 0.15]], [[0.02, 0.08], [0.3, 0.1]]])
    model = joint_bert(joint)
    for order in ("left", "right", "random", [2, 0, 1]):
        filled = fill(model, torch.full((50, 3), MASK), order, generator=seeded())
        want = joint[tuple((filled.ids - A).T)].log()
        assert_close(filled.log_probs.sum(1), want, rtol=0, atol=1e-5)


def test_the_most_confident_comes_first() -> None:
    p = {0: torch.tensor([0.6, 0.4]), 1: torch.tensor([0.1, 0.9]), 2: torch.tensor([0.7, 0.3])}
    model = TableBERT(2, lambda text, place: p[place])
    filled = fill(model, torch.full((1, 3), MASK), "confident")
    assert filled.step.tolist() == [[3, 1, 2]]
    assert filled.ids.tolist() == [[A, B, A]]
    assert_close(filled.log_probs, torch.tensor([[0.6, 0.9, 0.7]]).log(), rtol=0, atol=1e-6)


def test_knobs_change_the_draws() -> None:
    model = TableBERT(3, lambda text, place: torch.tensor([0.5, 0.3, 0.2]))
    blank = torch.full((500, 2), MASK)
    free = fill(model, blank, generator=seeded())
    cut = fill(model, blank, generator=seeded(), knobs=Knobs(top_k=2))
    assert set(free.ids.flatten().tolist()) == {5, 6, 7}
    assert set(cut.ids.flatten().tolist()) == {5, 6}
    assert set(cut.log_probs.exp().mul(10).round().flatten().tolist()) == {5.0, 3.0}  # the model's


@pytest.mark.parametrize("order", ORDERS)
def test_a_text_is_filled_by_itself(order: str) -> None:
    """Longer texts beside it pad it, and change none of its draws."""
    model = scrambled(BERT)
    short = torch.tensor([[2, MASK, MASK, 3]])
    alone = fill(model, short, order, generator=[seeded(5)])
    wide = torch.cat([short, torch.zeros(1, 5, dtype=torch.int64)], dim=1)
    other = torch.tensor([[2, MASK, 7, MASK, MASK, MASK, 8, MASK, 3]])
    beside = fill(model, torch.cat([other, wide]), order, generator=[seeded(6), seeded(5)])
    assert_close(beside.ids[1:, :4], alone.ids)
    assert_close(beside.step[1:, :4], alone.step)


def test_blank_texts() -> None:
    model = scrambled(BERT)
    blank = blank_texts(model, [3, 1])
    assert blank.tolist() == [[2, 4, 4, 4, 3], [2, 4, 3, 0, 0]]
    filled = fill(model, blank, generator=seeded())
    assert filled.ids[:, 0].tolist() == [2, 2]
    assert filled.ids[1, 2:].tolist() == [3, 0, 0]
    assert (filled.step > 0).sum(1).tolist() == [3, 1]
    with pytest.raises(ValueError, match=r"lengths=\[2, 0\] must hold at least one number"):
        blank_texts(model, [2, 0])
    with pytest.raises(ValueError, match=r"special.sep=-1 is not the id of a token"):
        blank_texts(scrambled(BERT, special=SPECIAL_IDS._replace(sep=-1)), [2])


def test_mask_predict_hides_the_least_certain_again() -> None:
    """Six gaps and three rounds: 6, then 4, then 2 are guessed (Ghazvininejad et al., eq. 1)."""
    model = scrambled(BERT)
    ids = torch.tensor([[2, 4, 4, 4, 4, 4, 4, 9, 3]])
    rounds = list(mask_predict(model, ids, 3))
    assert [int((r.step == n).sum()) for n, r in enumerate(rounds, 1)] == [6, 4, 2]
    gaps = ids[0] == MASK
    for number in (1, 2):
        before, after = rounds[number - 1], rounds[number]
        hidden = after.step[0] == number + 1
        kept = gaps & ~hidden
        assert before.log_probs[0][hidden].max() <= before.log_probs[0][kept].min()
        assert_close(after.ids[0][kept], before.ids[0][kept])
        with torch.no_grad():
            scores = model(before.ids.masked_fill(hidden, MASK))[0]
        scores[:, list(SPECIAL_IDS)] = -torch.inf
        assert_close(after.ids[0][hidden], scores[hidden].argmax(-1))
    (once,) = mask_predict(model, ids, 1)
    assert_close(once.ids, fill(model, ids, "together").ids)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": scrambled(GPT)}, r"expected a BERT, got a GPT: it reads only what comes before"),
        ({"model": torch.nn.Linear(1, 1)}, "expected a BERT, got a Linear"),
        ({"model": BERT(config(dropout=0.5))}, r"drop out 0.5 .* call model.eval\(\) first"),
        ({"token_ids": torch.tensor([[2, 7, 3]])}, "no text has a gap; put the id of .MASK."),
        ({"token_ids": torch.tensor([[2, MASK, V]])}, "holds 61, where 0 to 60 are allowed"),
        ({"token_ids": torch.tensor([2, MASK])}, r"expected token_ids of shape \(B, T\)"),
        ({"token_ids": torch.tensor([[0.5]])}, "expected whole numbers, ids"),
        ({"token_ids": torch.zeros(0, 3, dtype=torch.int64)}, r"shape \(0, 3\) holds nothing"),
        ({"token_ids": torch.full((1, P + 1), MASK)}, "have 12 positions, .* at most 11; shorten"),
        ({"order": "middle"}, "order='middle' is unknown; take 'together', 'left'"),
        ({"order": [1, 3]}, r"order=\[1, 3\] must name each .* gaps at \[1, 2, 3, 4\]"),
        ({"order": "random"}, "order='random' with .* draws at random; give a generator"),
        ({"knobs": Knobs(top_k=2)}, "draws at random; give a generator"),
        ({"knobs": Knobs(no_repeat_ngram=2)}, "control repetition, which is for texts written"),
        ({"generator": [seeded()]}, "got 1 generators for 2 texts"),
    ],
)  # fmt: skip
def test_what_it_refuses_before_anything_is_filled(given: dict, message: str) -> None:
    given = {"model": scrambled(BERT), "token_ids": IDS} | given
    with pytest.raises(ValueError, match=message):
        filling(**given)


def test_scores_that_are_not_numbers() -> None:
    model = scrambled(BERT)
    with torch.no_grad():
        model.head.bias[7] = torch.nan
    with pytest.raises(ValueError, match="scores are nan or infinite"):
        fill(model, IDS)
    with pytest.raises(ValueError, match="n_rounds=0 must be at least 1"):
        mask_predict(model, IDS, 0)
    with pytest.raises(ValueError, match="no text has a gap"):
        mask_predict(model, torch.tensor([[2, 7, 3]]), 2)
    without = scrambled(BERT, special=SPECIAL_IDS._replace(mask=-1))
    with pytest.raises(ValueError, match=r"special.mask=-1 is not the id of a token"):
        fill(without, IDS)
