"""BertViz's three views of attention, each drawn from the records of one text.

The records come from :func:`~bertgpt.evaluation.attention_records.record_attention`.
"""

from collections.abc import Sequence
from typing import Any

from IPython.display import HTML

from bertgpt.attention import AttentionRecord
from bertgpt.evaluation.attention_records import NO_WEIGHTS
from bertgpt.figures.bertviz_frame import RecordedModel, framed, script_safe

Records = Sequence[AttentionRecord]


def head_view(records: Records, tokens: Sequence[str], **keywords: Any) -> HTML:
    """``bertviz.head_view`` in a frame of its own: lines from each token to those it reads.

    Args:
        records: one AttentionRecord per layer, of one text.
        tokens: the T tokens of the text, as they should appear.
        keywords: as for ``bertviz.head_view``, such as ``layer=1, heads=[0]``.
    Returns:
        The frame, or one line of text where the views are not installed.
    Raises:
        ValueError: if there are no records, or not as many tokens as positions.
    """
    _check(records, tokens)

    def draw() -> HTML:
        from bertviz import head_view as view

        weights = [record.weights.detach().cpu() for record in records]
        return view(weights, script_safe(tokens), html_action="return", **keywords)

    return framed(draw, "head view")


def model_view(
    records: Records, tokens: Sequence[str], *, display_mode: str = "light", **keywords: Any
) -> HTML:
    """``bertviz.model_view`` in a frame of its own: every head of every layer at once.

    Args:
        records, tokens, keywords: as for :func:`head_view`.
        display_mode: "light" or "dark", the ground that the lines are drawn on.
    """
    _check(records, tokens)

    def draw() -> HTML:
        from bertviz import model_view as view

        weights = [record.weights.detach().cpu() for record in records]
        text = script_safe(tokens)
        return view(weights, text, html_action="return", display_mode=display_mode, **keywords)

    return framed(draw, "model view", display_mode)


def neuron_view(
    records: Records,
    tokens: Sequence[str],
    *,
    layer: int = 0,
    head: int = 0,
    display_mode: str = "light",
) -> HTML:
    """``bertviz.neuron_view`` in a frame of its own: queries and keys, number by number.

    Args:
        records, tokens: as for :func:`head_view`; the weights are not enough.
        layer, head: what is shown first, from 0.
        display_mode: "light" or "dark", the ground that the lines are drawn on.
    Raises:
        ValueError: also if there are no queries and keys.
    """
    _check(records, tokens)
    if not all(record.queries.numel() for record in records):
        raise ValueError(
            "the neuron view needs queries and keys besides weights; record one of our models, or "
            "a BERT or GPT-2 of `transformers`; head view and model view need only the weights"
        )

    def draw() -> HTML:
        from bertviz.neuron_view import show

        model = RecordedModel(records, script_safe(tokens))
        page = show(
            model,
            model_type="gpt2",  # of the kinds that BertViz knows, the one that gets no tokens added
            tokenizer=model,
            sentence_a="a text",
            display_mode=display_mode,
            layer=layer,
            head=head,
            html_action="return",
        )
        if any(bool(record.weights.triu(1).any()) for record in records):
            page.data = page.data.replace('"bidirectional": false', '"bidirectional": true', 1)
        return page

    return framed(draw, "neuron view", display_mode)


def _check(records: Records, tokens: Sequence[str]) -> None:
    """Raise ValueError unless these are records of one text, which has these tokens."""
    if records is None or (isinstance(records, list | tuple) and not records):
        raise ValueError(NO_WEIGHTS)
    if not isinstance(records, list | tuple) or not isinstance(records[0], AttentionRecord):
        raise ValueError(
            f"expected the records of one text, but got a {type(records).__name__}; give a view "
            "record_attention(model, ids), from bertgpt.evaluation.attention_records"
        )
    T = len(tokens)
    for record in records:
        shape = tuple(record.weights.shape)
        if len(shape) != 4 or (shape[0], shape[2], shape[3]) != (1, T, T):
            raise ValueError(
                f"{T} tokens and weights of shape {shape}; a view shows one text: weights "
                "(1, H, T, T) in each layer, and T tokens"
            )
