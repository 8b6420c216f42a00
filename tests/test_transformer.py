"""The stack: its variants, its first weights, and what wrong input is told."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from bertgpt import transformer
from bertgpt.attention import AttentionRecord
from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import MaskedTokenHead
from bertgpt.masks import bidirectional_mask, causal_mask
from bertgpt.transformer import Block, Transformer

B, T, V, P, D, H, L = 3, 7, 61, 11, 24, 4, 2
CFG = TransformerConfig(vocab_size=V, max_positions=P, width=D, n_layers=L, n_heads=H, ff_width=40)
IDS = torch.randint(5, V, (B, T), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (torch.full((2, 12), 5), "token_ids has 12 positions, this model reads at most 11"),
        (torch.tensor([[5, V]]), "token_ids holds 61, where 0 to 60 .*vocab_size=61"),
        (torch.tensor([[5, -1]]), "token_ids holds -1, where 0 to 60"),
        (torch.tensor([5, 6]), r"expected token_ids of shape \(B, T\), got \(2,\)"),
        ([[5, 6]], r"expected token_ids as a tensor \(B, T\), got list"),
        (
            torch.tensor([[5.0, 6.0]]),
            "token_ids has the dtype torch.float32; expected",
        ),
        (torch.tensor([[True]]), "token_ids has the dtype torch.bool; expected whole numbers"),
    ],
    ids=["too long", "too large", "negative", "one axis", "list", "floats", "boolean"],
)
@pytest.mark.parametrize("build", [BERT, GPT])
def test_ids_that_cannot_be(build: type[BERT | GPT], ids: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(CFG)(ids)


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        (torch.full((B, T), 2), "segment_ids holds 2, where 0 to 1 .*n_segments=2"),
        (
            torch.full((B, T), -1),
            r"segment_ids holds -1, where 0 to 1 are allowed \(n_segments=2\)$",
        ),
        (torch.zeros(B, T + 1).long(), r"expected segment_ids of shape \(B=3, T=7\)"),
        ([[0] * T] * B, r"expected segment_ids as a tensor \(B, T\), got list"),
    ],
    ids=["too large", "negative", "shape", "list"],
)
def test_segments_that_cannot_be(segments: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BERT(replace(CFG, n_segments=2))(IDS, segments)


@pytest.mark.parametrize("build", [BERT, GPT])
def test_ids_of_half_the_size_are_read_the_same(build: type[BERT | GPT]) -> None:
    model = build(CFG)
    losses = [
        model.loss(ids, generator=torch.Generator().manual_seed(0)) for ids in (IDS, IDS.int())
    ]
    assert torch.equal(*losses)


def test_ids_are_looked_at_where_the_device_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apple's GPU reads zeros for an id beyond the table; only CUDA stops by itself."""
    device = SimpleNamespace(type="mps")
    ids = SimpleNamespace(device=device, dtype=torch.int64, is_floating_point=lambda: False)
    ids.numel = lambda: 1
    monkeypatch.setattr(torch, "aminmax", lambda _: (torch.tensor(0), torch.tensor(V)))
    with pytest.raises(ValueError, match="token_ids holds 61"):
        transformer._check_range("token_ids", ids, "vocab_size", V)
    device.type = "cuda"
    transformer._check_range("token_ids", ids, "vocab_size", V)


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        (torch.full((B, T), P), "position_ids holds 11, where 0 to 10 .*max_positions=11"),
        (torch.full((B, T), -1), "position_ids holds -1, where 0 to 10"),
        (torch.arange(T), r"expected position_ids of shape \(B=3, T=7\), got \(7,\)"),
    ],
    ids=["too large", "negative", "shape"],
)
def test_positions_that_cannot_be(positions: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Transformer(CFG)(IDS, causal_mask(T), position_ids=positions)


def test_the_longest_text_fits() -> None:
    longest = torch.full((1, P), 5)
    assert Transformer(CFG)(longest, causal_mask(P)).shape == (1, P, D)


def test_segments_where_there_are_none() -> None:
    with pytest.raises(ValueError, match=r"no segments .* n_segments=2"):
        BERT(CFG)(IDS, torch.zeros_like(IDS))


def test_the_mask_has_no_default_and_is_checked() -> None:
    stack = Transformer(CFG)
    with pytest.raises(TypeError, match="mask"):
        stack(IDS)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"expected a mask of shape \(T=7, S=7\) .*, got \(6, 6\)"):
        stack(IDS, causal_mask(T - 1))
    with pytest.raises(ValueError, match=r"1 or H=4, .*, got \(3, 3, 7, 7\)"):
        stack(IDS, causal_mask(T).expand(B, H - 1, T, T))
    with pytest.raises(ValueError, match="text 1, position 0 may read nothing"):
        BERT(CFG)(IDS * torch.tensor([[1], [0], [1]]))


def test_no_text_and_no_segments_are_fine() -> None:
    stack = Transformer(replace(CFG, n_segments=2)).eval()
    assert stack(IDS[:0], causal_mask(T)).shape == (0, T, D)
    mask = bidirectional_mask(T)
    assert torch.equal(stack(IDS, mask), stack(IDS, mask, torch.zeros_like(IDS)))
    assert not torch.equal(stack(IDS, mask), stack(IDS, mask, torch.ones_like(IDS)))


def test_records_are_made_only_on_request() -> None:
    model = GPT(CFG).eval()
    records: list[AttentionRecord] = []
    model.hidden(IDS, records=records)
    assert len(records) == L
    for record in records:
        assert record.weights.shape == (B, H, T, T)
        assert record.queries.shape == record.keys.shape == (B, H, T, D // H)
        assert_close(record.weights.sum(-1), torch.ones(B, H, T))
        assert (record.weights[..., ~causal_mask(T)] == 0).all()
        scores = record.queries @ record.keys.transpose(-2, -1) / math.sqrt(D // H)
        assert_close(scores.masked_fill(~causal_mask(T), -torch.inf).softmax(-1), record.weights)
    assert not [name for name, _ in model.named_buffers()]


def test_records_are_made_before_dropout() -> None:
    """In training, too, each row sums to 1."""
    torch.manual_seed(0)
    records: list[AttentionRecord] = []
    Transformer(replace(CFG, dropout=0.5))(IDS, causal_mask(T), records=records)
    assert len(records) == L
    for record in records:
        assert_close(record.weights.sum(-1), torch.ones(B, H, T))


def test_without_positions_the_stack_does_not_see_order() -> None:
    """Shuffled words give shuffled vectors, to rounding; with positions they do not."""
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    for positions, felt in (("none", False), ("learned", True)):
        torch.manual_seed(0)
        stack = Transformer(replace(CFG, positions=positions)).double().eval()
        mask = bidirectional_mask(T)
        moved = (stack(IDS[:, order], mask) - stack(IDS, mask)[:, order]).abs().max().item()
        assert (moved > 1e-6) == felt
        assert moved < 1e-12 or felt


def test_no_feed_forward_layers() -> None:
    block = Block(replace(CFG, ff_width=0))
    assert block.ff is None
    assert not [name for name, _ in block.named_parameters() if "ff" in name]
    x = torch.randn(B, T, D)
    assert_close(block(x, causal_mask(T)), x + block.attn(block.norm_attn(x), causal_mask(T)))
    post = Block(replace(CFG, ff_width=0, norm="post"))
    mixed = post.attn(x, causal_mask(T))
    assert_close(post(x, causal_mask(T)), post.norm_attn(x + mixed))


def test_the_place_of_the_norm() -> None:
    torch.manual_seed(0)
    x, mask = torch.randn(B, T, D), causal_mask(T)
    pre, post = Block(CFG).eval(), Block(replace(CFG, norm="post")).eval()
    between = x + pre.attn(pre.norm_attn(x), mask)
    assert_close(pre(x, mask), between + pre.ff(pre.norm_ff(between)))
    between = post.norm_attn(x + post.attn(x, mask))
    assert_close(post(x, mask), post.norm_ff(between + post.ff(between)))
    stack = Transformer(replace(CFG, norm="post")).eval()
    assert_close(stack.embed(IDS).mean(-1), torch.zeros(B, T), atol=1e-6, rtol=0)
    last = Transformer(CFG).eval()(IDS, mask)
    assert_close(last.mean(-1), torch.zeros(B, T), atol=1e-6, rtol=0)


def deviations(cfg: TransformerConfig) -> dict[str, float]:
    torch.manual_seed(0)
    return {n: p.std().item() for n, p in Transformer(cfg).named_parameters() if p.ndim > 1}


def test_first_weights() -> None:
    """As both papers; with pre-norm, what adds to the stream is smaller by sqrt(2 layers)."""
    wide = replace(CFG, width=240, init_std=0.05)
    pre, post = deviations(wide), deviations(replace(wide, norm="post"))
    for name, std in post.items():
        assert std == pytest.approx(0.05, rel=0.05), name
    for name, std in pre.items():
        small = name.endswith(("out.weight", "down.weight"))
        assert std == pytest.approx(0.05 / (2 if small else 1), rel=0.05), name
    stack = Transformer(CFG)
    for part in stack.modules():
        if isinstance(part, nn.LayerNorm):
            assert (part.weight == 1).all()
            assert (part.bias == 0).all()
        if isinstance(part, nn.Linear):
            assert (part.bias == 0).all()


def test_dropout_is_in_training_alone() -> None:
    torch.manual_seed(0)
    model = BERT(replace(CFG, dropout=0.5))
    assert not torch.equal(model(IDS), model(IDS))
    assert not torch.equal(model.hidden(IDS, records=[]), model.hidden(IDS, records=[]))
    model.eval()
    assert torch.equal(model(IDS), model(IDS))


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_all_that_is_added_is_dropped_out(norm: Any) -> None:
    """Where everything is dropped, no layer adds anything, and no token enters the stack."""
    torch.manual_seed(0)
    stack = Transformer(replace(CFG, norm=norm, dropout=0.5))
    for part in stack.modules():
        if isinstance(part, nn.Dropout):
            part.p = 1.0  # a config does not allow it
    x, mask, block = torch.randn(B, T, D), causal_mask(T), stack.blocks[0]
    # Attention that reads nothing still adds its bias. A norm would hide a constant one.
    for bias in (block.attn.out.bias, block.ff.down.bias):
        nn.init.normal_(bias)
    assert_close(block(x, mask), x if norm == "pre" else block.norm_ff(block.norm_attn(x)))
    entered: list[Tensor] = []
    block.register_forward_pre_hook(lambda _, given: entered.append(given[0]))
    stack(IDS, mask)
    assert len(entered) == 1
    assert (entered[0] == 0).all()


@pytest.mark.parametrize("records", [None, []], ids=["fused", "by the formula"])
def test_dropout_keeps_the_mean(records: Any) -> None:
    """Weights that stay are scaled up, in the fused kernel and in the formula."""
    torch.manual_seed(0)
    attn = Transformer(replace(CFG, dropout=0.5)).blocks[0].attn
    nn.init.normal_(attn.value.weight, std=0.5)
    nn.init.normal_(attn.out.weight, std=0.5)
    x, mask = torch.randn(1, T, D).expand(4000, T, D), causal_mask(T)
    mean = attn(x, mask, records).mean(0)
    spread = attn(x, mask, records).std(0) / math.sqrt(4000)
    exact = attn.eval()(x[:1], mask)[0]
    assert ((mean - exact).abs() / spread).max() < 5
    assert spread.min() > 0


@pytest.mark.parametrize("build", [BERT, GPT])
def test_the_table_is_one(build: type[BERT | GPT]) -> None:
    """The head reads with the table that the stack writes with."""
    model = build(CFG)
    assert model.head.table.weight is model.stack.tokens.weight
    names = [name for name, _ in model.named_parameters()]
    assert len([n for n in names if "table" in n]) == 0
    bias = CFG.vocab_size + D * D + 3 * D if isinstance(model.head, MaskedTokenHead) else 0
    stack = sum(p.numel() for p in model.stack.parameters())
    assert sum(p.numel() for p in model.parameters()) == stack + bias


@pytest.mark.parametrize("build", [BERT, GPT])
def test_every_weight_learns(build: type[BERT | GPT]) -> None:
    torch.manual_seed(0)
    model = build(replace(CFG, n_segments=2))
    model.loss(IDS, generator=torch.Generator().manual_seed(0)).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        # The bias of keys adds the same to all scores of a row: softmax does not see it.
        assert weight.grad.any() or name.endswith("key.bias"), name


@pytest.mark.filterwarnings("ignore")  # tracing warns of each check that looks at a value
@pytest.mark.parametrize("build", [BERT, GPT])
def test_traced_and_compiled_models_answer_as_the_model(build: type[BERT | GPT]) -> None:
    model = build(CFG).eval()
    padded = IDS.clone()
    padded[0, :3] = 0
    with torch.no_grad():
        want = model(padded)
        assert torch.equal(torch.jit.trace(model, (IDS,))(padded), want)
        assert torch.equal(torch.compile(model, backend="eager")(padded), want)
