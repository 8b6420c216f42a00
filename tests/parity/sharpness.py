"""Models that are each a little wrong, and by how much `transformers` would notice.

A tolerance is worth what it notices. Each variant below is our model with the right weights and one
thing that people get wrong; its distance from `transformers` must be beyond the tolerance. What the
tolerance would not notice: BERT's eps as 1e-6 instead of 1e-12, which shifts its scores by as much.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from unittest.mock import patch

import torch
from ladder import (
    PAD,
    B,
    D,
    H,
    K,
    T,
    hf_bert,
    hf_gpt2,
    inputs,
    our_bert,
    our_gpt2,
)
from torch import Tensor
from torch.nn import functional

from bertgpt.attention import attention_weights
from bertgpt.bert import BERT
from bertgpt.gpt import GPT
from bertgpt.heads import last_token
from bertgpt.masks import bidirectional_mask, causal_mask, padding_mask

Model = BERT | GPT
IDS, SEGMENTS = inputs()
REAL = IDS != PAD


def read(model: Model, mask: Tensor | None = None, ids: Tensor = IDS) -> Tensor:
    """Scores of tokens: as the model reads them, or under another mask."""
    segments = SEGMENTS if isinstance(model, BERT) else None
    if mask is None:
        return model(ids, segments)
    return model.head(model.stack(ids, mask, segments))


def rebuilt(model: Model, **changes: object) -> Tensor:
    """The same weights in a stack of another config."""
    wrong = type(model)(replace(model.stack.cfg, **changes), model.special, type(model.head))
    weights = model.state_dict()
    if "norm" in changes:  # the one norm outside the blocks is elsewhere, too
        places = "stack.embed_norm", "stack.final_norm"
        there, here = places if changes["norm"] == "pre" else places[::-1]
        weights = {name.replace(there, here): x for name, x in weights.items()}
    wrong.load_state_dict(weights)
    return read(wrong.eval())


def changed(model: Model, change: Callable[[Model], object]) -> Tensor:
    """A copy of which something was changed by hand."""
    wrong = deepcopy(model)
    change(wrong)
    return read(wrong)


def with_weights(model: Model, wrong: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """Another formula of the attention weights."""

    def fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, dropout_p: float) -> Tensor:
        return wrong(q, k, mask) @ v

    with patch.object(functional, "scaled_dot_product_attention", fused):
        return read(model)


def scores(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    return (q @ k.transpose(-2, -1)).masked_fill(~mask, -torch.inf)


def other_axis(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """The softmax over those who read; where nobody does, nan is taken as 0."""
    return (scores(q, k, mask) / K**0.5).softmax(dim=-2).nan_to_num()


def plain(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """The right formula, to show that the way it is put in changes nothing."""
    return attention_weights(q, k, mask)


def shift_positions(model: Model) -> None:
    table = model.stack.positions.weight
    table.data = table.data.roll(-1, 0)


def swap_heads(model: Model) -> None:
    """Queries of one head meet the keys of the next, in one layer."""
    query = model.stack.blocks[1].attn.query
    query.weight.data = query.weight.data.view(H, K, D).roll(1, 0).reshape(D, D)
    query.bias.data = query.bias.data.view(H, K).roll(1, 0).reshape(D)


def swap_query_and_key(model: Model) -> None:
    attn = model.stack.blocks[1].attn
    attn.query, attn.key = attn.key, attn.query


def swap_norms(model: Model) -> None:
    block = model.stack.blocks[1]
    block.norm_attn, block.norm_ff = block.norm_ff, block.norm_attn


def drop_last_block(model: Model) -> None:
    model.stack.blocks = model.stack.blocks[:-1]


def drop_mask_once(model: Model) -> None:
    """One layer that reads everything."""
    attn = model.stack.blocks[1].attn
    attn.forward = lambda x, mask, records=None: type(attn).forward(attn, x, torch.ones_like(mask))


def no_final_norm(model: Model) -> None:
    model.stack.final_norm = torch.nn.Identity()


def no_bias(model: Model) -> None:
    model.head.bias.data.zero_()


def no_tanh(model: BERT) -> Tensor:
    h = model.hidden(IDS, SEGMENTS)
    return model.head.labels(model.head.pooler.dense(h[:, 0]))


def pooled_at(model: BERT, place: int) -> Tensor:
    return model.head(model.hidden(IDS, SEGMENTS).roll(-place, 1))


COMMON: dict[str, Callable[[Model], Tensor]] = {
    "no scale": lambda m: with_weights(m, lambda q, k, mask: scores(q, k, mask).softmax(-1)),
    "scale by K, not by its root": lambda m: with_weights(
        m, lambda q, k, mask: (scores(q, k, mask) / K).softmax(-1)
    ),
    "scale by the root of D": lambda m: with_weights(
        m, lambda q, k, mask: (scores(q, k, mask) / D**0.5).softmax(-1)
    ),
    "softmax over the wrong axis": lambda m: with_weights(m, other_axis),
    "positions from 1": lambda m: changed(m, shift_positions),
    "heads swapped": lambda m: changed(m, swap_heads),
    "query and key swapped": lambda m: changed(m, swap_query_and_key),
    "norms of a block swapped": lambda m: changed(m, swap_norms),
    "mask dropped in one layer": lambda m: changed(m, drop_mask_once),
    "one block too few": lambda m: changed(m, drop_last_block),
}
ON_BERT = COMMON | {
    "GELU by tanh": lambda m: rebuilt(m, gelu="tanh"),
    "eps of the norms 1e-5": lambda m: rebuilt(m, norm_eps=1e-5),
    "norm before each layer": lambda m: rebuilt(m, norm="pre"),
    "padding read": lambda m: read(m, bidirectional_mask(T)),
    "a causal mask": lambda m: read(m, causal_mask(T) & padding_mask(IDS, PAD)),
    "segments left out": lambda m: m(IDS),
    "segments swapped": lambda m: m(IDS, 1 - SEGMENTS),
    "no bias of the tokens": lambda m: changed(m, no_bias),
}
ON_GPT2 = COMMON | {
    "GELU exact": lambda m: rebuilt(m, gelu="exact"),
    "eps of the norms 1e-12": lambda m: rebuilt(m, norm_eps=1e-12),
    "norm after each layer": lambda m: rebuilt(m, norm="post"),
    "no last norm": lambda m: changed(m, no_final_norm),
    "mask transposed": lambda m: read(m, causal_mask(T).T),
    "mask off by one, one more": lambda m: read(m, causal_mask(T + 1)[1:, :-1]),
    "mask off by one, one less": lambda m: read(
        m, causal_mask(T).tril(-1) | (torch.eye(T) * (torch.arange(T) == 0)).bool()
    ),
    "no mask": lambda m: read(m, bidirectional_mask(T)),
}


@cache
@torch.inference_mode()
def shifts(kind: str) -> dict[str, float]:
    """How far each wrong variant is from `transformers`; first the right one, for scale."""
    if kind == "BERT":
        given = {"attention_mask": REAL.long(), "token_type_ids": SEGMENTS}
        theirs, ours, variants = hf_bert("ForMaskedLM"), our_bert("ForMaskedLM"), ON_BERT
    else:
        given = {"attention_mask": REAL.long()}
        theirs, ours, variants = hf_gpt2("LMHeadModel"), our_gpt2("LMHeadModel"), ON_GPT2
    want = theirs(IDS, **given).logits
    rows: dict[str, Callable[[Model], Tensor]] = {
        "right": read,
        "right, weights by the formula": lambda m: with_weights(m, plain),
        **variants,
    }
    found = {}
    for name, variant in rows.items():
        difference = (variant(ours) - want).abs()
        found[name] = difference[REAL].max().item()
    return found | (pooled(given) if kind == "BERT" else last())


def pooled(given: dict[str, Tensor]) -> dict[str, float]:
    """What is read out of BERT at another place, or without the pooler's tanh."""
    want = hf_bert("ForSequenceClassification")(IDS, **given).logits
    ours = our_bert("ForSequenceClassification")
    variants = {
        "right, sequence": ours(IDS, SEGMENTS),
        "pooled at position 1": pooled_at(ours, 1),
        "pooled at the last position": pooled_at(ours, -1),
        "no tanh in the pooler": no_tanh(ours),
    }
    return {name: (x - want).abs().max().item() for name, x in variants.items()}


def last() -> dict[str, float]:
    """What is read out of GPT-2 at another place."""
    want = hf_gpt2("ForSequenceClassification")(IDS, attention_mask=REAL.long()).logits
    scored = our_gpt2("ForSequenceClassification")(IDS)
    variants = {
        "right, sequence": last_token(scored, IDS, PAD),
        "read at the last position, padding or not": scored[:, -1],
        "read at the first position": scored[:, 0],
        "read one position too early": last_token(scored.roll(1, 1), IDS, PAD),
    }
    assert len(want) == B
    return {name: (x - want).abs().max().item() for name, x in variants.items()}
