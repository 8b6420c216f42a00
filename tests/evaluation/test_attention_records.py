"""What attention did on one text, of our models and of those of `transformers`."""

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

from bertgpt.attention import attention_weights
from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.evaluation.attention_records import record_attention
from bertgpt.gpt import GPT
from bertgpt.masks import bidirectional_mask, causal_mask
from bertgpt.transformer import Transformer

CFG = TransformerConfig(
    vocab_size=31, max_positions=9, width=24, n_layers=2, n_heads=3, dropout=0.5, init_std=0.5
)
IDS = [7, 8, 9, 10, 11]
T = len(IDS)


def theirs(kind: str, attn_implementation: str = "eager", **more: bool) -> nn.Module:
    torch.manual_seed(0)
    if kind == "bert":
        cfg = BertConfig(
            vocab_size=31, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
            intermediate_size=40, initializer_range=0.5, attn_implementation=attn_implementation,
        )  # fmt: skip
        return BertModel(cfg)
    cfg = GPT2Config(
        vocab_size=31, n_embd=24, n_layer=2, n_head=3, n_positions=9, bos_token_id=0,
        eos_token_id=0, initializer_range=0.5, attn_implementation=attn_implementation, **more,
    )  # fmt: skip
    return GPT2LMHeadModel(cfg)


def ours(build) -> nn.Module:
    torch.manual_seed(0)
    return build(CFG)


MODELS = {
    "our BERT": (lambda: ours(BERT), bidirectional_mask(T)),
    "our GPT": (lambda: ours(GPT), causal_mask(T)),
    "BERT": (lambda: theirs("bert"), bidirectional_mask(T)),
    "GPT-2": (lambda: theirs("gpt2"), causal_mask(T)),
}


@pytest.mark.parametrize("name", MODELS)
def test_queries_and_keys_explain_the_weights(name: str) -> None:
    make, mask = MODELS[name]
    records = record_attention(make(), IDS)
    assert len(records) == 2
    for record in records:
        assert record.weights.shape == (1, 3, T, T)
        assert record.queries.shape == record.keys.shape == (1, 3, T, 8)
        assert ((record.weights > 0) == mask).all()
        again = attention_weights(record.queries, record.keys, mask)
        torch.testing.assert_close(again, record.weights, rtol=0, atol=1e-5)


def test_a_bare_stack_brings_no_mask() -> None:
    stack = ours(Transformer)
    (record, _) = record_attention(stack, torch.tensor(IDS), causal_mask(T))
    assert ((record.weights > 0) == causal_mask(T)).all()
    with pytest.raises(ValueError, match=r"who may read whom; .* mask=causal_mask\(5\)"):
        record_attention(stack, IDS)
    with pytest.raises(ValueError, match="GPT brings its own mask; leave out mask="):
        record_attention(ours(GPT), IDS, causal_mask(T))


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_left_as_it_was(training: bool) -> None:
    model = ours(GPT).train(training)
    first, second = record_attention(model, IDS), record_attention(model, IDS)
    assert model.training == training
    assert (first[1].weights == second[1].weights).all(), "dropout was on"
    assert not first[0].weights.requires_grad
    foreign = theirs("gpt2")
    record_attention(foreign, IDS)  # transformers leaves hooks of its own at the first call
    before = [len(module._forward_hooks) for module in foreign.modules()]
    record_attention(foreign, IDS)
    assert [len(module._forward_hooks) for module in foreign.modules()] == before


def test_a_frozen_part_stays_frozen() -> None:
    model = ours(GPT).train()
    model.stack.blocks[0].eval()
    before = {name: part.training for name, part in model.named_modules()}
    record_attention(model, IDS)
    assert {name: part.training for name, part in model.named_modules()} == before
    assert len(set(before.values())) == 2


class Elsewhere(nn.Module):
    """A model on another device, which remembers where its inputs were."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, device="meta"))
        self.devices: list[str] = []

    def hidden(self, *inputs) -> None:
        self.devices = [x.device.type for x in inputs if isinstance(x, torch.Tensor)]


class StackElsewhere(Transformer):
    """A bare stack on another device, which remembers where its inputs were."""

    def forward(self, *inputs) -> None:
        self.devices = [x.device.type for x in inputs if isinstance(x, torch.Tensor)]


def test_all_inputs_go_where_the_model_is() -> None:
    segments = torch.zeros(1, T, dtype=torch.long)
    model, stack = Elsewhere(), StackElsewhere(CFG).to("meta")
    record_attention(model, IDS, segment_ids=segments)
    assert model.devices == ["meta"] * 2
    record_attention(stack, IDS, causal_mask(T), segments)
    assert stack.devices == ["meta"] * 3


def test_one_text_at_a_time() -> None:
    with pytest.raises(ValueError, match=r"ids has the shape \(2, 5\), and a view shows one text"):
        record_attention(ours(BERT), torch.tensor([IDS, IDS]))


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_a_model_without_weights_says_how_to_get_them(kind: str) -> None:
    with pytest.raises(ValueError, match=r'no attention weights .* attn_implementation="eager"'):
        record_attention(theirs(kind, "sdpa"), IDS)


def test_segments_are_passed_on() -> None:
    segments = torch.tensor([[0, 0, 1, 1, 1]])
    torch.manual_seed(0)
    cfg = TransformerConfig(vocab_size=31, max_positions=9, width=24, n_heads=3, n_segments=2)
    models = ((BERT(cfg), None), (Transformer(cfg), causal_mask(T)), (theirs("bert"), None))
    for model, mask in models:
        plain, told = (
            record_attention(model, IDS, mask)[0],
            record_attention(model, IDS, mask, segment_ids=segments)[0],
        )
        assert (plain.weights != told.weights).any()


def test_queries_that_do_not_explain_the_weights_are_left_out() -> None:
    """This GPT-2 divides the scores of its second layer by 2 besides."""
    first, second = record_attention(theirs("gpt2", scale_attn_by_inverse_layer_idx=True), IDS)
    assert first.queries.numel()
    assert not second.queries.numel()
    assert not second.keys.numel()
