"""The book's thesis as assertions: one stack; BERT and GPT are a mask, an objective and a head."""

import difflib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from bertgpt import bert, gpt
from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import LanguageModelHead
from bertgpt.masks import bidirectional_mask, causal_mask
from bertgpt.objectives import IGNORE, causal_targets, mask_tokens
from bertgpt.transformer import Transformer

V, T = 61, 7
CFG = TransformerConfig(vocab_size=V, max_positions=11, width=24, n_layers=2, ff_width=40)
EITHER_NORM = [CFG, TransformerConfig(**{**CFG.__dict__, "norm": "post", "n_segments": 2})]


def ordinary(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    """Ids of ordinary tokens."""
    return torch.randint(5, V, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("cfg", EITHER_NORM, ids=["pre", "post"])
@pytest.mark.parametrize("place", range(1, T))
@pytest.mark.parametrize(("build", "future_is_felt"), [(GPT, False), (BERT, True)])
@torch.inference_mode()
def test_changing_a_later_token(
    build: Callable[..., BERT | GPT], future_is_felt: bool, place: int, cfg: TransformerConfig
) -> None:
    torch.manual_seed(0)  # the initial weights
    model = build(cfg).eval()
    ids = ordinary((3, T))
    changed = ids.clone()
    changed[:, place] = 5 + (ids[:, place] - 5 + 1) % (V - 5)  # another ordinary token
    moved = (model(ids) - model(changed)).abs().amax(dim=-1)  # (B, T)
    if future_is_felt:
        assert (moved > 0.0).all()
    else:
        assert moved[:, :place].max() == 0.0  # exactly zero, not merely small
        assert (moved[:, place:] > 0.0).all()


@torch.inference_mode()
def test_more_text_leaves_gpts_past_as_it_was() -> None:
    """Nothing but rounding, as the kernel sums in another order; BERT's past moves far more."""
    torch.manual_seed(0)
    past = {}
    for build in (GPT, BERT):
        model, ids = build(CFG).eval(), ordinary((3, T))
        past[build] = (model(ids)[:, :4] - model(ids[:, :4])).abs().max().item()
    assert past[GPT] < 1e-6
    assert past[BERT] > 1e-3


def test_both_have_the_same_stack() -> None:
    ours, theirs = BERT(CFG).stack, GPT(CFG).stack
    assert type(ours) is type(theirs) is Transformer
    shapes = [{n: p.shape for n, p in stack.named_parameters()} for stack in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) == 2 + 16 * CFG.n_layers + 2


@pytest.mark.parametrize("mask", [causal_mask(T), bidirectional_mask(T)], ids=["causal", "full"])
@torch.inference_mode()
def test_the_same_weights_and_mask_give_the_same_bits(mask: Tensor) -> None:
    one, other = BERT(CFG).eval(), GPT(CFG).eval()
    other.stack.load_state_dict(one.stack.state_dict())
    ids = ordinary((3, T))
    assert torch.equal(one.stack(ids, mask), other.stack(ids, mask))


@torch.inference_mode()
def test_the_mask_alone_makes_the_one_or_the_other() -> None:
    """BERT's weights under GPT's mask are GPT, to the bit."""
    torch.manual_seed(0)
    one, other = BERT(CFG, head=LanguageModelHead).eval(), GPT(CFG).eval()
    other.load_state_dict(one.state_dict())
    ids = ordinary((3, T))
    assert torch.equal(one.head(one.stack(ids, causal_mask(T))), other(ids))
    assert torch.equal(other.head(other.stack(ids, bidirectional_mask(T))), one(ids))
    assert (one(ids) - other(ids)).abs().max() > 1e-3


@pytest.mark.parametrize(("build", "mask"), [(GPT, causal_mask(T)), (BERT, bidirectional_mask(T))])
@torch.inference_mode()
def test_either_model_reads_segments(build: Callable[..., BERT | GPT], mask: Tensor) -> None:
    """Other segments give other answers, those of the stack with the same segments."""
    torch.manual_seed(0)
    model = build(EITHER_NORM[1]).eval()
    ids, segments = ordinary((3, T)), torch.tensor([[0, 0, 0, 1, 1, 1, 1]]).expand(3, T)
    h = model.stack(ids, mask, segments)
    assert torch.equal(model.hidden(ids, segments), h)
    assert torch.equal(model(ids, segments), model.head(h))
    assert (model(ids, segments) - model(ids)).abs().max() > 1e-3


def test_what_each_is_asked() -> None:
    """A seventh of the tokens, or all of them but the first of each text."""
    ids = ordinary((200, 50))
    _, hidden = mask_tokens(
        ids, BERT(CFG).special, vocab_size=V, generator=torch.Generator().manual_seed(0)
    )
    assert 0.14 < (hidden != IGNORE).float().mean() < 0.16
    assert (causal_targets(ids) != IGNORE).float().mean().item() == pytest.approx(49 / 50)


def changed_lines() -> list[str]:
    """What one file has and the other has not."""
    texts = [Path(str(m.__file__)).read_text("utf8").splitlines() for m in (bert, gpt)]
    lines = difflib.unified_diff(*texts, n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_the_files_differ_in_mask_objective_head_and_name() -> None:
    words = (
        "mask",
        "position_ids",
        "objectives",
        "targets",
        "generator",
        "Head",
        "class ",
        '"""',
        "vocab_size",
    )
    changed = changed_lines()
    assert len(changed) <= 24
    for line in changed:
        assert any(word in line for word in words), line


@pytest.mark.parametrize("build", [BERT, GPT])
def test_a_model_learns_what_it_is_asked(build: type[BERT | GPT]) -> None:
    """Texts of one token repeated: both soon know what is hidden, and what comes next."""
    torch.manual_seed(0)
    model = build(CFG)
    ids = ordinary((64, 1)).expand(64, T)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    g = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(40):
        loss = model.loss(ids, g)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 3.5
    assert sum(losses[-5:]) / 5 < 1.0


def test_a_head_is_all_that_is_exchanged() -> None:
    def nothing(stack: Transformer) -> nn.Module:
        return nn.Identity()

    ids = ordinary((3, T))
    for build in (BERT, GPT):
        model = partial(build, head=nothing)(CFG).eval()
        assert torch.equal(model(ids), model.hidden(ids))
