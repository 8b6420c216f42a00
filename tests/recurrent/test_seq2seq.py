"""Encoder and decoder: what is read, where the context comes from, what is refused."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from bertgpt.attention import dot_scores, masked_softmax
from bertgpt.recurrent.seq2seq import AdditiveScores, Seq2Seq, Seq2SeqConfig

CFG = Seq2SeqConfig(source_vocab=13, target_vocab=17, width=11)
B, S, T = 3, 7, 5
SOURCE = torch.tensor([[3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 0, 0, 0, 0], [5, 5, 6, 6, 7, 0, 0]])
TARGET = torch.tensor([[5, 6, 7, 8, 2], [9, 2, 0, 0, 0], [10, 11, 12, 2, 0]])
KINDS = ("none", "additive", "dot")
each_kind = pytest.mark.parametrize("kind", KINDS)


def model(kind: str) -> Seq2Seq:
    torch.manual_seed(0)
    return Seq2Seq(replace(CFG, attention=kind)).eval()


@torch.no_grad()
def test_additive_scores_are_the_formula() -> None:
    torch.manual_seed(0)
    layer = AdditiveScores(D := 6)
    q, k = torch.randn(2, 3, D), torch.randn(2, 4, D)
    W, U, v = layer.query.weight, layer.key.weight, layer.value.weight[0]
    for t, s in ((0, 0), (2, 3), (1, 0)):
        want = v @ torch.tanh(W @ q[1, t] + layer.query.bias + U @ k[1, s])
        assert_close(layer(q, k)[1, t, s], want, rtol=0, atol=1e-6)
    assert layer(q, k).shape == dot_scores(q, k).shape == (2, 3, 4)


def test_dot_scores_have_no_scale() -> None:
    assert dot_scores(torch.ones(1, 2, 9), torch.ones(1, 3, 9)).unique().item() == 9.0


def test_padding_gets_no_weight() -> None:
    weights = masked_softmax(torch.zeros(1, 2, 4), torch.tensor([[True, True, False, False]]))
    assert weights[0].tolist() == [[0.5, 0.5, 0.0, 0.0]] * 2


@each_kind
def test_padding_changes_nothing(kind: str) -> None:
    net = model(kind)
    logits = net(SOURCE, TARGET)
    alone = net(SOURCE[1:2, :3], TARGET[1:2, :2])
    assert_close(logits[1:2, :2], alone, rtol=0, atol=1e-6)
    right = TARGET != 0
    want = F.cross_entropy(logits[right], TARGET[right])
    assert_close(net.loss(SOURCE, TARGET), want, rtol=0, atol=1e-6)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
@each_kind
def test_padding_that_is_no_number_reaches_neither_loss_nor_gradients(kind: str, odd: float):
    """Sources, targets and the scores of attention read padding; none of it counts."""
    found = []
    for padding in (0.0, odd):
        net = model(kind)
        with torch.no_grad():
            net.source.weight[CFG.pad_id] = net.target.weight[CFG.pad_id] = padding
        loss = net.loss(SOURCE, TARGET)
        loss.backward()
        found.append([loss, *(p.grad for p in net.parameters())])
    for clean, spoilt in zip(*found, strict=True):
        assert_close(spoilt, clean, rtol=0, atol=0)


@each_kind
def test_a_token_is_guessed_from_those_before_it(kind: str) -> None:
    net = model(kind)
    changed = TARGET.clone()
    changed[0, 2] = 14
    moved = (net(SOURCE, TARGET) - net(SOURCE, changed)).abs()[0].amax(dim=-1)
    assert moved[:3].max() == 0.0
    assert moved[3:].min() > 0.0


@each_kind
def test_free_running_is_teacher_forcing_on_what_was_written(kind: str) -> None:
    net = model(kind)
    written = net.generate(SOURCE, 6)
    guessed = net(SOURCE, written).argmax(dim=-1)
    counts = written != 0
    assert counts.any(dim=1).all()
    assert (guessed == written)[counts].all()


def test_nothing_follows_the_end() -> None:
    net = model("dot")
    torch.nn.init.zeros_(net.out.weight)
    net.out.bias.data = F.one_hot(torch.tensor(2), 17).float()  # it ends every text at once
    assert net.generate(SOURCE, 9).tolist() == [[2]] * B
    net.out.bias.data = F.one_hot(torch.tensor(7), 17).float()  # it never ends
    assert net.generate(SOURCE, 4).tolist() == [[7] * 4] * B


def test_a_text_that_writes_padding_is_over_and_has_no_end() -> None:
    net = model("dot")
    torch.nn.init.zeros_(net.out.weight)
    net.out.bias.data = F.one_hot(torch.tensor(CFG.pad_id), 17).float()
    assert net.generate(SOURCE, 9).tolist() == [[CFG.pad_id]] * B


def test_without_attention_one_vector_is_all_there_is() -> None:
    """Two sources with the same last state cannot be told apart; attention tells them apart."""
    for kind, differs in (("none", False), ("additive", True), ("dot", True)):
        net = model(kind)
        memory, state = net.encode(SOURCE)
        other = memory._replace(states=memory.states + 1.0)
        begin = torch.ones(B, 1, dtype=torch.long)
        a, _ = net.decode(begin, state, memory)
        b, _ = net.decode(begin, state, other)
        assert bool((a != b).any()) == differs


def test_none_and_dot_have_the_same_parameters() -> None:
    sizes = {kind: sum(p.numel() for p in model(kind).parameters()) for kind in KINDS}
    assert sizes["none"] == sizes["dot"]
    D = CFG.width
    assert sizes["additive"] - sizes["dot"] == 2 * D * D + 2 * D  # W with its bias, U, v
    for a, b in zip(model("none").parameters(), model("dot").parameters(), strict=True):
        assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_looks_are_weights_over_the_source(kind: str) -> None:
    net = model(kind)
    records: list[torch.Tensor] = []
    net.generate(SOURCE, 3, records)
    weights = torch.cat(records, dim=1)
    assert weights.shape[:1] + weights.shape[2:] == (B, S)
    assert_close(weights.sum(dim=-1), torch.ones(weights.shape[:2]))
    assert weights[1, :, 3:].max() == 0.0  # padding
    assert weights[1, :, :3].min() > 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_learns(kind: str) -> None:
    net = model(kind)
    net.loss(SOURCE, TARGET).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (SOURCE[:2], TARGET, "2 sources and 3 targets: give one target for each source"),
        (SOURCE + 4, TARGET, "source holds ids from 4 to 13; its vocabulary has 0 to 12"),
        (SOURCE, TARGET - 1, "target holds ids from -1 to 11; its vocabulary has 0 to 16"),
        (SOURCE[:, :0], TARGET, "a source is empty; give each row at least one token"),
        (SOURCE.flip(1), TARGET, "a source is empty; give each row at least one token"),
        (torch.tensor([[3, 0, 4]]), TARGET[:1], r"has padding \(id 0\) before its last token"),
        (SOURCE[0], TARGET, r"expected source of shape \(B, S\), got \(7,\)"),
        (SOURCE.tolist(), TARGET, r"expected source as a tensor \(B, S\), got list"),
        (SOURCE, TARGET.tolist(), r"expected target as a tensor \(B, T\), got list"),
        (SOURCE.float(), TARGET, "source has the dtype torch.float32; expected whole numbers"),
        (SOURCE, TARGET[0], r"expected target of shape \(B, T\), got \(5,\)"),
    ],
)
def test_what_cannot_be_translated(source, target, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model("dot")(source, target)


def test_a_decoder_needs_a_state_of_its_own_kind() -> None:
    net = model("dot")
    memory, (h, _) = net.encode(SOURCE)
    with pytest.raises(
        ValueError, match=r"expected state as the pair \(h, c\), each \(B, D\), got one tensor"
    ):
        net.decode(TARGET, h, memory)


def test_a_text_of_no_tokens_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="max_tokens=0 must be at least 1"):
        model("dot").generate(SOURCE, 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 0}, "width=0 must be at least 1"),
        ({"width": 8.0}, "width=8.0 must be at least 1, a whole number"),
        ({"source_vocab": 0}, "source_vocab=0 must be at least 1"),
        ({"target_vocab": -1}, "target_vocab=-1 must be at least 1"),
        ({"pad_id": 14}, "pad_id=14 must be below source_vocab=13: it pads sources as well"),
        ({"attention": "cosine"}, "attention='cosine' is not known; choose 'none', 'additive'"),
        ({"end_id": 1}, "pad_id=0, begin_id=1 and end_id=1 must be three different ids"),
        ({"end_id": 17}, "end_id=17 must be three different ids from 0 to .* = 16"),
    ],
)
def test_a_config_that_cannot_be(wrong, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CFG, **wrong)
