"""What a stack is trained to do: masks, objectives, and sums that do not depend on the cut."""

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS, TransformerConfig
from bertgpt.generation.bounds import pseudo_log_likelihood
from bertgpt.gpt import GPT
from bertgpt.heads import PretrainingHead
from bertgpt.objectives import IGNORE, mask_at_all_rates
from bertgpt.training.held_out import any_order, one_gap
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import (
    BERT_RECIPE,
    GPT_RECIPE,
    MASKS,
    OBJECTIVES,
    Learner,
    Recipe,
    Task,
    mean_guesses,
    segment_ids,
    set_task,
)

V = 31
CFG = TransformerConfig(vocab_size=V, max_positions=11, width=24, n_layers=2, n_heads=3)
IDS = torch.tensor([[2, 7, 8, 9, 10, 11, 3], [2, 12, 13, 3, 0, 0, 0], [2, 14, 15, 16, 17, 3, 0]])


def gen(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def task_of(recipe: Recipe, seed: int = 0, labels: Tensor | None = None) -> Task:
    return set_task(recipe, IDS, SPECIAL_IDS, vocab_size=V, generator=gen(seed), labels=labels)


@pytest.mark.parametrize("kind", [BERT, GPT])
def test_the_learner_s_loss_is_the_model_s_own(kind: type) -> None:
    torch.manual_seed(0)
    model = kind(CFG).eval()
    task = task_of(GPT_RECIPE if kind is GPT else BERT_RECIPE)
    tokens, pairs = Learner(model)(task)
    assert_close(tokens / task.weights.sum(), model.loss(IDS, gen()))
    assert pairs.item() == 0


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_batch_cut_in_parts_has_the_same_loss_and_gradient(mask: str, objective: str) -> None:
    recipe = Recipe(mask=mask, objective=objective)
    task = task_of(recipe)
    torch.manual_seed(0)
    learner = Learner(BERT(CFG))
    whole, _ = learner(task)
    whole.backward()
    gradient = learner.model.stack.tokens.weight.grad.clone()
    learner.zero_grad()
    total = torch.zeros(())
    for part in (slice(0, 1), slice(1, 3)):
        loss, _ = learner(task.rows(part))
        loss.backward()
        total += loss.detach()
    assert_close(total, whole.detach(), rtol=0, atol=1e-5)
    assert_close(learner.model.stack.tokens.weight.grad, gradient, rtol=0, atol=1e-5)


def test_who_may_read_whom() -> None:
    full, causal = task_of(BERT_RECIPE).readable, task_of(GPT_RECIPE).readable
    assert full[1, 0, 0].tolist() == [True] * 4 + [False] * 3  # padding is never read
    assert causal[0, 0].equal(torch.ones(7, 7).tril().bool())
    prefix = task_of(Recipe(mask="prefix", objective="next-token"))
    for text, target in zip(prefix.readable[:, 0], prefix.targets, strict=True):
        first = int((target != IGNORE).nonzero()[0])  # the last token of the prefix guesses first
        assert text[: first + 1, : first + 1].all()
        assert not text[first, first + 1 :].any()
        guesses = target[first:]
        assert (guesses != IGNORE).sum() == (guesses != IGNORE).nonzero().max() + 1


def test_gpt_counts_positions_without_padding_and_bert_by_column() -> None:
    left = torch.tensor([[0, 0, 2, 7, 3]])
    for recipe, places in ((GPT_RECIPE, [0, 1, 0, 1, 2]), (BERT_RECIPE, [0, 1, 2, 3, 4])):
        task = set_task(recipe, left, SPECIAL_IDS, vocab_size=V, generator=gen())
        assert task.position_ids[0].tolist() == places


def test_all_numbers_of_gaps_occur_equally_often_and_weigh_the_same() -> None:
    text = torch.tensor([[2, 7, 8, 9, 10, 3]]).repeat(4000, 1)
    hidden, targets, weights = mask_at_all_rates(text, SPECIAL_IDS, generator=gen())
    k = (targets != IGNORE).sum(dim=1)
    for number in (1, 2, 3, 4):
        assert (k == number).float().mean().item() == pytest.approx(0.25, abs=0.001)  # even spread
    assert weights.sum(dim=1).tolist() == pytest.approx([4.0] * 4000)
    assert ((hidden == SPECIAL_IDS.mask) == (targets != IGNORE)).all()
    assert hidden[:, [0, 5]].equal(text[:, [0, 5]])  # [CLS] and [SEP] are never hidden
    each = (targets != IGNORE).float().mean(dim=0)[1:5]
    assert each.tolist() == pytest.approx([0.625] * 4, abs=0.03)  # no position is preferred


def test_the_bound_s_loss_of_a_model_that_knows_nothing_is_log_v() -> None:
    model = BERT(CFG)
    for p in model.parameters():
        p.data.zero_()
    task = task_of(Recipe(mask="full", objective="all-rates"))
    tokens, _ = Learner(model)(task)
    assert (tokens / task.weights.sum()).item() == pytest.approx(math.log(V))


def test_pairs_have_segments_and_a_second_loss() -> None:
    pairs = torch.tensor([[2, 7, 8, 3, 9, 3, 0], [2, 7, 3, 8, 9, 10, 3]])
    assert segment_ids(pairs, SPECIAL_IDS).tolist() == [
        [0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1, 1, 1],
    ]
    cfg = TransformerConfig(vocab_size=V, max_positions=11, width=24, n_heads=3, n_segments=2)
    torch.manual_seed(0)
    model, labels = BERT(cfg, head=PretrainingHead).eval(), torch.tensor([0, 1])
    recipe = Recipe(mask="full", objective="masked", mask_rate=0.5, next_sentence=True)
    task = set_task(recipe, pairs, SPECIAL_IDS, vocab_size=V, generator=gen(1), labels=labels)
    tokens, pair = Learner(model)(task)
    scores, said = model(task.seen, task.segment_ids)
    by_hand = -said.log_softmax(-1)[torch.arange(2), labels].sum()
    assert_close(pair, by_hand)
    chosen = task.targets != IGNORE
    own = torch.nn.functional.cross_entropy(scores[chosen], task.targets[chosen], reduction="sum")
    assert_close(tokens, own)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": "left"}, "mask='left' is unknown; take one of causal, full, prefix"),
        ({"objective": "nsp"}, "objective='nsp' is unknown; take one of next-token, masked, all-r"),
        ({"mask_rate": 0.0}, r"mask_rate=0.0 must lie between 0 and 1; 0.15 is usual"),
        ({"objective": "next-token", "next_sentence": True}, "leave it out"),
    ],
)
def test_bad_recipes(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**({"mask": "full", "objective": "masked"} | change))


def test_all_rates_need_text_and_a_mask_token() -> None:
    with pytest.raises(ValueError, match="no text has an ordinary token"):
        mask_at_all_rates(torch.tensor([[2, 3, 0]]), SPECIAL_IDS, generator=gen())
    with pytest.raises(ValueError, match=r"special\.mask=-1 is not the id of a token"):
        mask_at_all_rates(IDS, SPECIAL_IDS._replace(mask=-1), generator=gen())


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_guesses_of_a_text_are_as_many_as_expected(mask: str, objective: str) -> None:
    recipe, texts = Recipe(mask=mask, objective=objective), Ragged.of([[2, *range(5, 15), 3]] * 4)
    many = texts.padded([0] * 4000, pad=0)
    task = set_task(recipe, many, SPECIAL_IDS, vocab_size=V, generator=gen())
    expected = mean_guesses(recipe, texts, SPECIAL_IDS)
    assert task.weights.sum(dim=1).mean().item() == pytest.approx(expected, rel=0.03)


def test_the_masked_loss_is_the_pseudo_log_likelihood_of_the_room_that_writes() -> None:
    """Two rooms ask the same of a BERT: this one under any mask, the other under BERT's own."""
    torch.manual_seed(0)
    model = BERT(CFG).eval()
    model.head.bias.data[:5] = -100.0  # where words are drawn, special tokens are not counted
    texts = Ragged.of([[i for i in row if i] for row in IDS.tolist()])
    found = one_gap(model, texts, SPECIAL_IDS, BERT_RECIPE)
    assert found.nats == pytest.approx(-pseudo_log_likelihood(model, IDS).sum().item(), abs=1e-4)
    assert found.guesses == 5 + 2 + 4


def test_what_is_asked_in_an_order_is_hidden_and_so_is_what_comes_later() -> None:
    torch.manual_seed(0)
    model = BERT(CFG).eval()
    one_word = Ragged.of([[2, i, 3] for i in range(5, 20)])
    gaps = one_gap(model, one_word, SPECIAL_IDS, BERT_RECIPE)
    assert any_order(model, one_word, SPECIAL_IDS, BERT_RECIPE).nats == pytest.approx(gaps.nats)
    two = [2, 7, 8, 3]
    by_hand = []
    for places in ((1, 2), (2, 1)):
        row, nats = torch.tensor([[2, 4, 4, 3]]), 0.0
        for place in places:
            nats -= model(row).log_softmax(-1)[0, place, two[place]].item()
            row[0, place] = two[place]
        by_hand.append(nats)
    orders = {
        round(any_order(model, Ragged.of([two]), SPECIAL_IDS, BERT_RECIPE, seed).nats, 4)
        for seed in range(8)
    }
    assert orders == {round(nats, 4) for nats in by_hand}
