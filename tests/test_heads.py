"""Heads: what they read, how they begin, and what they refuse. Their numbers: tests/parity."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import (
    LanguageModelHead,
    MaskedTokenHead,
    MultipleChoiceHead,
    NextSentenceHead,
    PretrainingHead,
    SequenceHead,
    SpanHead,
    TokenHead,
    last_token,
)
from bertgpt.objectives import token_loss
from bertgpt.transformer import Transformer

B, T, V, D, C = 6, 7, 61, 24, 5
CFG = TransformerConfig(vocab_size=V, max_positions=11, width=D, n_layers=2, dropout=0.3)
IDS = torch.randint(5, V, (B, T), generator=torch.Generator().manual_seed(0))
HEADS: dict[str, tuple[Callable[[Transformer], nn.Module], tuple[int, ...]]] = {
    "language model": (LanguageModelHead, (B, T, V)),
    "masked token": (MaskedTokenHead, (B, T, V)),
    "token": (partial(TokenHead, n_labels=C), (B, T, C)),
    "span": (SpanHead, (B, T, 2)),
    "sequence": (partial(SequenceHead, n_labels=C), (B, C)),
    "next sentence": (NextSentenceHead, (B, 2)),
    "multiple choice": (partial(MultipleChoiceHead, n_choices=3), (2, 3)),
}
each = pytest.mark.parametrize(("head", "shape"), HEADS.values(), ids=HEADS)


@each
@pytest.mark.parametrize("build", [BERT, GPT])
def test_every_head_fits_either_model(build: type, head: Callable, shape: tuple[int, ...]) -> None:
    model = build(CFG, head=head).eval()
    answers = model(IDS)
    assert answers.shape == shape
    answers.sum().backward()
    assert model.stack.tokens.weight.grad.abs().sum() > 0


@each
def test_a_head_begins_as_the_stack_does(head: Callable, shape: tuple[int, ...]) -> None:
    """New layers: deviation init_std, no bias; PyTorch's own would be ten times as wide."""
    torch.manual_seed(0)
    made = head(Transformer(replace(CFG, width=240, init_std=0.005)))
    for name, layer in made.named_modules():
        if isinstance(layer, nn.Linear):
            assert layer.weight.std().item() == pytest.approx(0.005, rel=0.15), name
            assert (layer.bias == 0).all()


@each
@torch.inference_mode()
def test_where_a_head_reads(head: Callable, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    made = head(Transformer(CFG)).eval()
    h = torch.randn(B, T, D)
    before = made(h)
    for place in range(T):
        moved = h.clone()
        moved[:, place] += 1
        change = (made(moved) - before).abs()
        if len(shape) == 2:
            assert (change.max().item() > 0) == (place == 0)
        else:
            assert change[:, place].max() > 0
            assert change[:, [t for t in range(T) if t != place]].max() == 0


def test_dropout_before_new_labels_in_training_alone() -> None:
    h = torch.randn(B, T, D)
    for name in ("token", "sequence", "multiple choice"):
        made = HEADS[name][0](Transformer(CFG))
        assert not torch.equal(made(h), made(h)), name
        made.eval()
        assert torch.equal(made(h), made(h)), name
        still = HEADS[name][0](Transformer(replace(CFG, dropout=0.0)))
        assert torch.equal(still(h), still(h)), name


def test_pretraining_is_both_heads() -> None:
    made = PretrainingHead(Transformer(CFG))
    h = torch.randn(B, T, D)
    tokens, pair = made(h)
    assert torch.equal(tokens, made.token(h))
    assert torch.equal(pair, made.pair(h))
    assert (tokens.shape, pair.shape) == ((B, T, V), (B, 2))


def test_the_choices_of_a_question_follow_each_other() -> None:
    made = MultipleChoiceHead(Transformer(CFG), n_choices=3).eval()
    h = torch.randn(B, T, D)
    scores = made(h)
    assert_close(scores[1, 2], made.score(h)[5, 0])
    assert_close(scores[0, 1], made.score(h)[1, 0])
    with pytest.raises(ValueError, match="5 texts do not divide into questions with n_choices=3"):
        made(h[:5])


@pytest.mark.parametrize(
    "head",
    [partial(TokenHead, n_labels=0), partial(SequenceHead, n_labels=0)],
    ids=["token", "text"],
)
def test_no_labels(head: Callable) -> None:
    with pytest.raises(ValueError, match="n_labels=0 must be at least 1: one score for each label"):
        BERT(CFG, head=head)


@pytest.mark.parametrize("n_choices", [0, -1])
def test_no_choices(n_choices: int) -> None:
    message = f"n_choices={n_choices} must be at least 1: it counts the answers"
    with pytest.raises(ValueError, match=message):
        BERT(CFG, head=partial(MultipleChoiceHead, n_choices=n_choices))


def test_a_text_is_read_at_its_last_real_token() -> None:
    ids = torch.tensor([[5, 6, 7, 0, 0], [5, 6, 7, 8, 9], [0, 0, 5, 6, 0], [5, 0, 0, 0, 0]])
    x = torch.arange(20).view(4, 5, 1)
    assert last_token(x, ids, 0)[:, 0].tolist() == [2, 9, 13, 15]
    assert last_token(x, ids, -1)[:, 0].tolist() == [4, 9, 14, 19]  # GPT-2 has no padding token
    ids[2] = 0
    with pytest.raises(ValueError, match=r"text 2 is all padding .* leave it out"):
        last_token(x, ids, 0)


def learned(build: type, head: Callable, read: Callable[[nn.Module, Tensor], Tensor]) -> float:
    """Share of held-out texts rightly labelled: is token 5 there, in a text of 5 to 7 tokens?"""
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(1)
    ids = torch.randint(6, 12, (600, T), generator=g)
    labels = torch.randint(0, 2, (600,), generator=g)
    lengths = torch.randint(5, T + 1, (600,), generator=g)
    places = (torch.rand(600, generator=g) * lengths).long()
    rows = torch.arange(600)
    ids[rows, places] = torch.where(labels == 1, 5, ids[rows, places])
    ids[torch.arange(T) >= lengths[:, None]] = 0
    model = build(replace(CFG, dropout=0.0), head=head)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        batch = torch.randint(0, 500, (32,), generator=g)
        loss = token_loss(read(model, ids[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (read(model, ids[500:]).argmax(-1) == labels[500:]).float().mean().item()


def test_either_model_learns_to_label_texts() -> None:
    """BERT at [CLS]'s place, GPT at the last real token; GPT at the first place cannot."""
    bert = learned(BERT, partial(SequenceHead, n_labels=2), lambda m, ids: m(ids))
    token = partial(TokenHead, n_labels=2, bias=False)
    gpt = learned(GPT, token, lambda m, ids: last_token(m(ids), ids, 0))
    blind = learned(GPT, partial(SequenceHead, n_labels=2), lambda m, ids: m(ids))
    assert min(bert, gpt) > 0.95
    assert blind < 0.8
