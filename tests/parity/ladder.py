"""Our stack beside `transformers`, rung by rung: what both make of the same weights and inputs.

Every size differs from every other, so that a swapped axis cannot pass, and every weight is
scrambled, so that no default of 0 or 1 hides a swapped bias or norm. Our models are loaded from
what `save_pretrained` writes: the list of names is climbed too.
"""

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import transformers as hf
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord
from bertgpt.bert import BERT
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
from bertgpt.masks import causal_mask, padding_mask
from bertgpt.weights.published import load_bert, load_gpt2

hf.utils.logging.disable_progress_bar()
hf.utils.logging.set_verbosity_error()

B, H, L, K, T, LABELS, P, D, F, V = 3, 4, 5, 6, 7, 9, 11, 24, 40, 61
PAD = 0
ATOL = 1e-5
Rung = tuple[str, Tensor, Tensor]  # name, ours, theirs

BERT_CONFIG = partial(
    hf.BertConfig, vocab_size=V, max_position_embeddings=P, hidden_size=D, num_hidden_layers=L,
    num_attention_heads=H, intermediate_size=F, attn_implementation="eager",
)  # fmt: skip
GPT2_CONFIG = partial(
    hf.GPT2Config, vocab_size=V, n_positions=P, n_embd=D, n_layer=L, n_head=H, n_inner=F,
    bos_token_id=1, eos_token_id=2, pad_token_id=PAD, attn_implementation="eager",
)  # fmt: skip


def inputs() -> tuple[Tensor, Tensor]:
    """Token ids, one text of them padded, and segments: (B, T) each."""
    g = torch.Generator().manual_seed(1)
    ids = torch.randint(1, V, (B, T), generator=g)
    ids[1, 5:] = PAD
    return ids, torch.randint(0, 2, (B, T), generator=g)


def scramble(model: nn.Module, seed: int = 0) -> nn.Module:
    """Move every weight away from its default."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=g))
    return model.eval()


def save(model: nn.Module, folder: Path) -> Path:
    """As a person would who then gives us the folder."""
    model.save_pretrained(folder)
    return folder


@cache
def hf_bert(kind: str) -> nn.Module:
    """`transformers`' BERT with one of its heads, scrambled."""
    labels = LABELS if kind in ("ForSequenceClassification", "ForTokenClassification") else 2
    torch.manual_seed(0)
    return scramble(getattr(hf, f"Bert{kind}")(BERT_CONFIG(num_labels=labels)))


@cache
def hf_gpt2(kind: str) -> nn.Module:
    """`transformers`' GPT-2 with one of its heads, scrambled."""
    labels = LABELS if "Classification" in kind else 2
    torch.manual_seed(0)
    return scramble(getattr(hf, f"GPT2{kind}")(GPT2_CONFIG(num_labels=labels)))


@cache
def our_bert(kind: str) -> BERT:
    """The same in our stack, through a folder on disk."""
    head = {
        "ForMaskedLM": MaskedTokenHead,
        "ForNextSentencePrediction": NextSentenceHead,
        "ForPreTraining": PretrainingHead,
        "ForSequenceClassification": partial(SequenceHead, n_labels=LABELS),
        "ForTokenClassification": partial(TokenHead, n_labels=LABELS),
        "ForQuestionAnswering": SpanHead,
        "ForMultipleChoice": partial(MultipleChoiceHead, n_choices=B),
    }[kind]
    with TemporaryDirectory() as folder:
        return load_bert(save(hf_bert(kind), Path(folder)), head).eval()


@cache
def our_gpt2(kind: str) -> GPT:
    head = {
        "LMHeadModel": LanguageModelHead,
        "ForSequenceClassification": partial(TokenHead, n_labels=LABELS, bias=False),
        "ForTokenClassification": partial(TokenHead, n_labels=LABELS),
        "ForQuestionAnswering": SpanHead,
        "DoubleHeadsModel": partial(TokenHead, n_labels=1),
    }[kind]
    with TemporaryDirectory() as folder:
        return load_gpt2(save(hf_gpt2(kind), Path(folder)), head).eval()


def additive(mask: Tensor) -> Tensor:
    """A mask as `transformers` adds it to the scores."""
    return torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)


def bert_rungs() -> Iterator[Rung]:
    ids, segments = inputs()
    real = (ids != PAD).long()
    given = {"attention_mask": real, "token_type_ids": segments}
    theirs, ours = hf_bert("ForMaskedLM"), our_bert("ForMaskedLM")
    x = torch.randn(B, T, D, generator=torch.Generator().manual_seed(2))
    mask = padding_mask(ids, PAD).expand(B, 1, T, T)

    embedded = theirs.bert.embeddings(ids, token_type_ids=segments)
    yield "embeddings", ours.stack.embed(ids, segments), embedded
    layer, block = theirs.bert.encoder.layer[0], ours.stack.blocks[0]
    records: list[AttentionRecord] = []
    block.attn(x, mask, records)
    mixed, weights = layer.attention.self(x, additive(mask))
    yield "attention weights", records[0].weights, weights
    yield "attention", block.attn(x, mask), layer.attention.output.dense(mixed)
    yield "block", block(x, mask), layer(x, additive(mask))
    hidden = theirs.bert(ids, **given).last_hidden_state
    yield "stack", ours.hidden(ids, segments), hidden
    yield "head: masked token", ours(ids, segments), theirs(ids, **given).logits
    for name, kind in (
        ("next sentence", "ForNextSentencePrediction"),
        ("sequence", "ForSequenceClassification"),
        ("token", "ForTokenClassification"),
    ):
        logits = hf_bert(kind)(ids, **given).logits
        yield f"head: {name}", our_bert(kind)(ids, segments), logits
    out = hf_bert("ForPreTraining")(ids, **given)
    tokens, pair = our_bert("ForPreTraining")(ids, segments)
    yield "heads: pre-training, token", tokens, out.prediction_logits
    yield "heads: pre-training, pair", pair, out.seq_relationship_logits
    out = hf_bert("ForQuestionAnswering")(ids, **given)
    span = torch.stack([out.start_logits, out.end_logits], dim=-1)
    yield "head: span", our_bert("ForQuestionAnswering")(ids, segments), span
    one = {name: x[None] for name, x in given.items()}  # one question with B answers
    logits = hf_bert("ForMultipleChoice")(ids[None], **one).logits
    yield "head: multiple choice", our_bert("ForMultipleChoice")(ids, segments), logits


def gpt2_rungs() -> Iterator[Rung]:
    ids, _ = inputs()
    real = ids != PAD  # what stands on padding is never used: not compared
    theirs, ours = hf_gpt2("LMHeadModel"), our_gpt2("LMHeadModel")
    x = torch.randn(B, T, D, generator=torch.Generator().manual_seed(2))
    mask = causal_mask(T)

    embedded = theirs.transformer(ids, output_hidden_states=True).hidden_states[0]
    yield "embeddings", ours.stack.embed(ids), embedded
    layer, block = theirs.transformer.h[0], ours.stack.blocks[0]
    records: list[AttentionRecord] = []
    block.attn(x, mask, records)
    mixed, weights = layer.attn(x, attention_mask=additive(mask))
    yield "attention weights", records[0].weights, weights
    yield "attention", block.attn(x, mask), mixed
    yield "block", block(x, mask), layer(x, attention_mask=additive(mask))
    given = {"attention_mask": real.long()}
    hidden = theirs.transformer(ids, **given).last_hidden_state
    yield "stack", ours.hidden(ids)[real], hidden[real]
    yield "head: language model", ours(ids)[real], theirs(ids, **given).logits[real]
    out = hf_gpt2("ForSequenceClassification")(ids, **given)
    scores = our_gpt2("ForSequenceClassification")(ids)
    yield "head: sequence (last token)", last_token(scores, ids, PAD), out.logits
    out = hf_gpt2("ForTokenClassification")(ids, **given)
    yield "head: token", our_gpt2("ForTokenClassification")(ids)[real], out.logits[real]
    out = hf_gpt2("ForQuestionAnswering")(ids, **given)
    span = torch.stack([out.start_logits, out.end_logits], dim=-1)
    yield "head: span", our_gpt2("ForQuestionAnswering")(ids)[real], span[real]
    last = real.sum(dim=1) - 1
    out = hf_gpt2("DoubleHeadsModel")(ids[None], mc_token_ids=last[None])
    scores = last_token(our_gpt2("DoubleHeadsModel")(ids), ids, PAD)  # (B, 1)
    yield "head: multiple choice", scores.view(1, B), out.mc_logits


@cache
@torch.inference_mode()
def differences(kind: str) -> dict[str, tuple[float, float]]:
    """Of each rung: the largest absolute difference, and the largest number of theirs."""
    rungs = {"BERT": bert_rungs, "GPT-2": gpt2_rungs}[kind]()
    found = {}
    for name, ours, theirs in rungs:
        assert ours.shape == theirs.shape, f"{name}: {tuple(ours.shape)}, {tuple(theirs.shape)}"
        found[name] = ((ours - theirs).abs().max().item(), theirs.abs().max().item())
    return found
