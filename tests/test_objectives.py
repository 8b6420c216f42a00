"""What is guessed: where loss is taken and where not, and how much an untrained guess costs."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import PretrainingHead
from bertgpt.objectives import (
    IGNORE,
    Pairs,
    causal_targets,
    mask_tokens,
    next_sentence_pairs,
    token_loss,
)
from bertgpt.training.recipe import Learner, Recipe, set_task
from bertgpt.training.train import TrainConfig, train

V, T = 61, 9
SPECIAL = SpecialIds()
CFG = TransformerConfig(vocab_size=V, max_positions=24, width=24, n_layers=2)


def gen(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def texts(n: int = 400) -> Tensor:
    """[CLS], ordinary tokens, [SEP], padding: (n, 50)."""
    ids = torch.randint(5, V, (n, 50), generator=gen(1))
    ids[:, 0], ids[:, 40], ids[:, 41:] = SPECIAL.cls, SPECIAL.sep, SPECIAL.pad
    return ids


def test_shares_are_80_10_10_of_15_percent() -> None:
    """Each within four standard deviations of its share."""
    ids = texts(5000)
    seen, targets = mask_tokens(ids, SPECIAL, vocab_size=V, generator=gen())
    can = ids >= 5
    chosen = targets != IGNORE
    masked, same = seen == SPECIAL.mask, seen == ids
    # a random token may be the one that stood there: 1 of V - 5
    shares = {
        "chosen": (chosen[can], 0.15),
        "masked": (masked[chosen], 0.8),
        "another": ((~masked & ~same)[chosen], 0.1 * (1 - 1 / (V - 5))),
        "kept": (same[chosen], 0.1 + 0.1 / (V - 5)),
    }
    for name, (hits, share) in shares.items():
        spread = math.sqrt(share * (1 - share) / len(hits))
        assert abs(hits.float().mean().item() - share) < 4 * spread, name
    assert spread < 0.002  # two draws of the fate would give 0.81, 0.10, 0.09: five away


def test_only_the_chosen_are_changed_or_guessed() -> None:
    ids = texts()
    before = ids.clone()
    seen, targets = mask_tokens(ids, SPECIAL, vocab_size=V, generator=gen())
    chosen = targets != IGNORE
    assert torch.equal(ids, before)
    assert torch.equal(seen[~chosen], ids[~chosen])
    assert torch.equal(targets[chosen], ids[chosen])
    assert not chosen[ids < 5].any()  # [CLS], [SEP] and padding: never
    assert not torch.isin(seen[chosen], torch.tensor([0, 1, 2, 3])).any()


def test_random_tokens_are_all_ordinary_ones() -> None:
    special = SpecialIds(0, 10, 20, 30, 40)  # scattered, as in the published vocabulary
    ids = torch.full((300, 300), 7)
    seen, _ = mask_tokens(ids, special, vocab_size=V, rate=0.9, generator=gen())
    found = set(seen.unique().tolist())
    assert found == set(range(V)) - {0, 10, 20, 30}


def test_the_same_seed_draws_the_same() -> None:
    one, again, other = (
        mask_tokens(texts(), SPECIAL, vocab_size=V, generator=gen(s))[0] for s in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_cannot_be(rate: float) -> None:
    with pytest.raises(ValueError, match=rf"rate={rate} must lie strictly between 0 and 1; 0.15"):
        mask_tokens(texts(), SPECIAL, vocab_size=V, rate=rate, generator=gen())


@pytest.mark.parametrize("build", [BERT, GPT])
def test_ids_of_one_axis_are_told_the_shape(build: type[BERT | GPT]) -> None:
    model = build(TransformerConfig(vocab_size=V, max_positions=8, width=8, n_layers=1, n_heads=1))
    with pytest.raises(ValueError, match=r"expected token_ids of shape \(B, T\), got \(3,\)"):
        model.loss(torch.tensor([5, 6, 7]), generator=gen())


def test_no_ordinary_token() -> None:
    with pytest.raises(ValueError, match="vocab_size=5 leaves no token besides the special"):
        mask_tokens(texts(), SPECIAL, vocab_size=5, generator=gen())


def test_the_next_token_is_the_target() -> None:
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 0, 0], [0, 0, 5, 6]])
    want = [[6, 7, 8, IGNORE], [6, 0, 0, IGNORE], [0, 5, 6, IGNORE]]
    assert causal_targets(ids).tolist() == want
    want = [[6, 7, 8, IGNORE], [6, IGNORE, IGNORE, IGNORE], [IGNORE, IGNORE, 6, IGNORE]]
    assert causal_targets(ids, pad_id=0).tolist() == want


@pytest.mark.parametrize("shape", [(3, T, V), (5, V)], ids=["tokens", "labels"])
def test_knowing_nothing_costs_log_v(shape: tuple[int, ...]) -> None:
    targets = torch.randint(0, V, shape[:-1], generator=gen())
    assert token_loss(torch.zeros(shape), targets).item() == pytest.approx(math.log(V))


def test_loss_is_the_mean_over_what_is_to_be_guessed() -> None:
    logits = torch.randn(2, 4, V, generator=gen())
    targets = torch.tensor([[7, IGNORE, 9, IGNORE], [IGNORE, IGNORE, IGNORE, 3]])
    log_p = logits.log_softmax(-1)
    by_hand = -(log_p[0, 0, 7] + log_p[0, 2, 9] + log_p[1, 3, 3]) / 3
    assert_close(token_loss(logits, targets), by_hand)
    with pytest.raises(ValueError, match="every target is IGNORE"):
        token_loss(logits, torch.full((2, 4), IGNORE))


@torch.inference_mode()
def test_gpts_loss_by_hand() -> None:
    """- log p(next) at each real position but the last, with the whole vector at once."""
    torch.manual_seed(0)
    model = GPT(CFG).eval()
    ids = torch.tensor([[5, 9, 17, 33, 8], [6, 7, 12, 0, 0]])
    log_p = model(ids).log_softmax(-1)
    pairs = [(0, 0, 9), (0, 1, 17), (0, 2, 33), (0, 3, 8), (1, 0, 7), (1, 1, 12)]
    by_hand = -sum(log_p[text, place, token] for text, place, token in pairs) / len(pairs)
    assert_close(model.loss(ids), by_hand, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_berts_loss_by_hand() -> None:
    torch.manual_seed(0)
    model, ids = BERT(CFG).eval(), texts(6)[:, 20:44]
    seen, targets = mask_tokens(ids, SPECIAL, vocab_size=V, generator=gen(3))
    log_p = model(seen).log_softmax(-1)
    places = (targets != IGNORE).nonzero().tolist()
    by_hand = -sum(log_p[b, t, ids[b, t]] for b, t in places) / len(places)
    assert_close(model.loss(ids, gen(3)), by_hand, rtol=0, atol=1e-6)


@pytest.mark.parametrize("build", [BERT, GPT])
def test_an_untrained_model_costs_about_log_v(build: Callable[..., BERT | GPT]) -> None:
    torch.manual_seed(0)
    loss = build(CFG).loss(texts(64)[:, 20:44], gen()).item()
    assert loss == pytest.approx(math.log(V), abs=0.1)


@pytest.mark.parametrize("build", [BERT, GPT])
def test_padding_changes_neither_loss_nor_gradient(build: Callable[..., BERT | GPT]) -> None:
    """The same texts with more padding after them; both hide the same tokens."""
    torch.manual_seed(0)
    model = build(CFG)
    short = torch.randint(5, V, (4, 8), generator=gen(2))
    padded = torch.cat([short, torch.zeros(4, 8, dtype=torch.long)], dim=1)
    # the draw of a position depends on the shape, so hide by hand
    results = []
    for ids in (short, padded):
        model.zero_grad()
        targets = causal_targets(ids, SPECIAL.pad)
        if build is BERT:
            targets = ids.masked_fill(ids == SPECIAL.pad, IGNORE)
        loss = token_loss(model(ids), targets)
        loss.backward()
        results.append((loss.detach(), model.stack.blocks[0].attn.key.weight.grad.clone()))
    assert_close(results[0][0], results[1][0], rtol=0, atol=1e-6)
    assert_close(results[0][1], results[1][1], rtol=0, atol=1e-6)


# next sentence


def documents(n: int, seed: int = 0) -> list[list[list[int]]]:
    """Documents of sentences; all tokens of document d are 5 + d."""
    g = gen(seed)
    sizes = torch.randint(1, 6, (n, 12), generator=g)
    return [[[5 + d] * int(size) for size in row] for d, row in enumerate(sizes)]


def pairs_of(n: int, length: int = 24, seed: int = 0) -> Pairs:
    return next_sentence_pairs(documents(n), SPECIAL, length=length, generator=gen(seed))


def test_pairs_are_laid_out_as_bert_reads_them() -> None:
    pairs = pairs_of(20)
    assert pairs.token_ids.shape == pairs.segment_ids.shape == (len(pairs.labels), 24)
    assert len(pairs.labels) >= 40
    for ids, kinds in zip(pairs.token_ids.tolist(), pairs.segment_ids.tolist(), strict=True):
        first = ids.index(SPECIAL.sep)
        second = ids.index(SPECIAL.sep, first + 1)
        assert ids[0] == SPECIAL.cls
        assert 1 < first < second - 1
        assert min(ids[1:first] + ids[first + 1 : second]) >= 5
        assert set(ids[second + 1 :]) <= {SPECIAL.pad}
        assert kinds == [0] * (first + 1) + [1] * (second - first) + [0] * (23 - second)


def numbered_pairs() -> Pairs:
    """Token values tell documents apart, and a running number tells order within one."""
    numbered = [[[5 + 100 * d + i] for i in range(50)] for d in range(4)]
    return next_sentence_pairs(numbered, SPECIAL, length=9, generator=gen())


def test_a_label_says_whether_the_second_follows() -> None:
    pairs = numbered_pairs()
    for ids, label in zip(pairs.token_ids.tolist(), pairs.labels.tolist(), strict=True):
        a, b = ids[1:4], ids[5:8]
        assert a == list(range(a[0], a[0] + 3))
        same = (a[0] - 5) // 100 == (b[0] - 5) // 100
        assert same == (label == 0)
        assert label == 1 or b[0] == a[-1] + 1
    starts = pairs.token_ids[:, 1]
    assert len(starts.unique()) == len(starts)  # no text is the first part twice


def test_the_second_may_be_from_any_other_document() -> None:
    """From each of the others, and from its beginning as well as from further on."""
    pairs = numbered_pairs()
    others: dict[int, set[int]] = {d: set() for d in range(4)}
    begins = set()
    for ids in pairs.token_ids[pairs.labels == 1].tolist():
        (a, _), (b, begin) = divmod(ids[1] - 5, 100), divmod(ids[5] - 5, 100)
        others[a].add(b)
        begins.add(begin)
    assert others == {d: {0, 1, 2, 3} - {d} for d in range(4)}
    assert min(begins) < 10
    assert max(begins) >= 40
    assert len(begins) > 10


def test_both_labels_are_as_frequent() -> None:
    labels = torch.cat([pairs_of(40, seed=seed).labels for seed in range(20)])
    assert abs(labels.float().mean().item() - 0.5) < 4 * 0.5 / math.sqrt(len(labels))
    assert len(labels) > 1500


def test_the_same_seed_makes_the_same_pairs() -> None:
    assert torch.equal(pairs_of(9).token_ids, pairs_of(9).token_ids)
    assert not torch.equal(pairs_of(9).labels, pairs_of(9, seed=1).labels)


@pytest.mark.parametrize(
    ("given", "length"),
    [([[[5], [6]]], 24), ([[[5]], [[6]]], 24), ([[[5], [6]], [[]]], 24), ([[[5], [6]]] * 2, 4)],
    ids=["one document", "one sentence each", "an empty document", "too short"],
)
def test_no_pairs_can_be_made(given: list[list[list[int]]], length: int) -> None:
    with pytest.raises(
        ValueError, match=r"at least two documents, .* two sentences, .* length of at least 5"
    ):
        next_sentence_pairs(given, SPECIAL, length=length, generator=gen())


def test_both_labels_are_learned_with_the_hidden_tokens() -> None:
    """Held-out pairs whose second part is of another document are told from those that follow."""
    torch.manual_seed(0)
    cfg = TransformerConfig(vocab_size=V, max_positions=24, width=32, n_layers=2, n_segments=2)
    model, g = BERT(cfg, head=PretrainingHead), gen(7)
    learner, recipe = Learner(model), Recipe(mask="full", objective="masked", next_sentence=True)
    train_pairs = Pairs(
        *map(torch.cat, zip(*(pairs_of(8, seed=s) for s in range(30)), strict=True))
    )
    test_pairs = pairs_of(8, seed=99)

    def loss(model: BERT, at: Tensor) -> Tensor:
        ids, _, labels = (x[at] for x in train_pairs)
        task = set_task(recipe, ids, SPECIAL, vocab_size=V, generator=g, labels=labels)
        tokens, pairs = learner(task)
        return tokens / task.weights.sum() + pairs / len(ids)

    batches = (torch.randint(0, len(train_pairs.labels), (64,), generator=g) for _ in range(250))
    steps = list(train(model, batches, loss, TrainConfig(steps=250, learning_rate=3e-3)))
    assert steps[0].loss > 4.0
    model.eval()
    said = model(test_pairs.token_ids, test_pairs.segment_ids)[1].argmax(-1)
    for label in (0, 1):
        right = (said == label)[test_pairs.labels == label].float().mean().item()
        assert right > 0.9, label
