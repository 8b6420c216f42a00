"""Records of attention on one text, from our models, a bare stack, or `transformers`."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord, attention_weights
from bertgpt.transformer import Transformer

NO_WEIGHTS = (
    "there are no attention weights to draw; a model of `transformers` gives them only when it was "
    'loaded with attn_implementation="eager" and called with output_attentions=True'
)


def record_attention(
    model: nn.Module,
    ids: Tensor | Sequence[int],
    mask: Tensor | None = None,
    segment_ids: Tensor | None = None,
) -> list[AttentionRecord]:
    """Record what each attention layer of a model does with one text.

    Args:
        model: our BERT or GPT, a bare `Transformer` together with a mask, or a BERT or GPT-2 of
            `transformers` that was made with attn_implementation="eager".
        ids: the numbers of its T tokens: a list, (T,) or (1, T).
        mask: (T, T), True where t may read s; only for a bare stack.
        segment_ids: (1, T) int64; None means all 0.
    Returns:
        One AttentionRecord per layer, batch size 1. Where the queries and keys of a foreign model
        could not be found, both are empty.
    Raises:
        ValueError: for more than one text, a mask too many or too few, or a model that gives none
            of its weights away.
    """
    device = next(model.parameters()).device
    text = torch.atleast_2d(torch.as_tensor(ids)).to(device)
    if text.ndim != 2 or text.shape[0] != 1:
        raise ValueError(
            f"ids has the shape {tuple(text.shape)}, and a view shows one text: give (T,) or (1, T)"
        )
    bare, found = isinstance(model, Transformer), list[AttentionRecord]()
    if bare != (mask is not None):
        raise ValueError(
            "a bare stack does not know who may read whom; give it a mask, such as "
            f"mask=causal_mask({text.shape[1]})"
            if bare
            else f"{type(model).__name__} brings its own mask; leave out mask="
        )
    mask, segment_ids = (x if x is None else x.to(device) for x in (mask, segment_ids))
    # Each part by itself: `model.train()` would switch on the dropout of a part that was frozen.
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            if bare:
                model(text, mask, segment_ids, found)
            elif hasattr(model, "hidden"):
                model.hidden(text, segment_ids, found)  # type: ignore[operator]
            else:
                found = _records_of_transformers(model, text, segment_ids)
    finally:
        for part, was_training in modes:
            part.training = was_training
    return found


def _records_of_transformers(
    model: Any, ids: Tensor, segment_ids: Tensor | None
) -> list[AttentionRecord]:
    """Ask a model of `transformers` for its weights, and listen to its queries and keys."""
    heard: list[Tensor] = []
    listeners = [
        module.register_forward_hook(lambda _, given, said: heard.append(said))
        for name, module in model.named_modules()
        if name.rpartition(".")[2] in ("query", "key", "c_attn")  # BERT: two; GPT-2: one with both
    ]
    extra = {} if segment_ids is None else {"token_type_ids": segment_ids}
    try:
        said = model(input_ids=ids, output_attentions=True, **extra)
    finally:
        for listener in listeners:
            listener.remove()
    weights = getattr(said, "attentions", None)
    if not weights or any(w is None for w in weights):
        raise ValueError(NO_WEIGHTS)
    if len(heard) == len(weights):  # queries, keys and values side by side
        heard = [part for x in heard for part in x.chunk(3, dim=-1)[:2]]
    found = [AttentionRecord(w, w.new_empty(0), w.new_empty(0)) for w in weights]
    for n, (w, *pair) in enumerate(zip(weights, heard[::2], heard[1::2], strict=False)):
        q, k = (x.unflatten(-1, (w.shape[1], -1)).transpose(1, 2) for x in pair)  # (1, H, T, K)
        if torch.allclose(attention_weights(q, k, w > 0), w, atol=1e-4):  # they explain it
            found[n] = AttentionRecord(w, q, k)
    return found
