"""BERT's distribution for a gap, given what a text shows around it."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.generation.knobs import NOT_A_NUMBER, Knobs
from bertgpt.generation.prompts import expected
from bertgpt.objectives import check_special
from bertgpt.shapes import check_shape, check_whole


def filler(model: nn.Module) -> BERT:
    """The BERT inside what was given, ready to fill gaps.

    Raises:
        ValueError: for a GPT, for anything else that is not a BERT, for one without [MASK], and for
            a model that would drop out at random.
    """
    bert = expected(
        BERT,
        model,
        "it reads only what comes before a gap, and knows no [MASK]; let it write with "
        "bertgpt.generation.decode",
    )
    check_special(bert.special, ("mask",), bert.stack.cfg.vocab_size)
    return bert


def ordinary(model: BERT) -> Tensor:
    """(V,), True for the tokens that may fill a gap: all but the special ones.

    No special token is a target of masked language modelling, so what a model says of them is an
    accident of its first weights.
    """
    every_id = torch.arange(model.stack.cfg.vocab_size, device=model.stack.tokens.weight.device)
    return ~torch.isin(every_id, torch.tensor(model.special, device=every_id.device))


def gap_log_probs(model: BERT, token_ids: Tensor, places: Tensor) -> Tensor:
    """Log-probabilities of the ordinary tokens at one place of each text.

    The model reads the texts as they are given: hide the places first.

    Args:
        token_ids: (B, T) int64.
        places: (B,) a column of each text.
    Returns:
        (B, V), in nats; -inf for special tokens, so each row sums to 1.
    Raises:
        ValueError: for scores that are nan.
    """
    rows = torch.arange(len(token_ids), device=token_ids.device)
    return log_probs_of(model, model.hidden(token_ids)[rows, places])


def log_probs_of(model: BERT, h: Tensor) -> Tensor:
    """Hidden states (..., D) as log-probabilities of the ordinary tokens, (..., V).

    Raises:
        ValueError: for scores that are nan.
    """
    log_probs = model.head(h).masked_fill(~ordinary(model), -torch.inf).log_softmax(dim=-1)
    if bool(log_probs.isnan().any()):
        raise ValueError(NOT_A_NUMBER)
    return log_probs


def hide(token_ids: Tensor, where: Tensor, mask_id: int) -> Tensor:
    """A copy of the texts with [MASK] at these places; where is (B, T), or (B,) columns.

    >>> hide(torch.tensor([[7, 8, 9]]), torch.tensor([1]), mask_id=4).tolist()
    [[7, 4, 9]]
    """
    if where.dtype == torch.bool:
        return token_ids.masked_fill(where, mask_id)
    return token_ids.scatter(1, where[:, None], mask_id)


def word_places(model: BERT, token_ids: Tensor) -> Tensor:
    """(B, T), True where a text has an ordinary token: what can be hidden, and guessed."""
    return ordinary(model)[token_ids]


def checked_texts(model: BERT, token_ids: Tensor, *, gaps: bool) -> Tensor:
    """The texts, (B, T), of a length and with ids that the model can read.

    Args:
        gaps: whether a text may hold [MASK].
    Raises:
        ValueError: for another shape or dtype, texts that are empty or too long, ids outside the
            vocabulary, or a [MASK] where there must be none.
    """
    check_shape("token_ids", token_ids, "B T")
    check_whole("token_ids", token_ids)
    cfg = model.stack.cfg
    if not token_ids.numel():
        raise ValueError(
            f"token_ids of shape {tuple(token_ids.shape)} holds nothing; give at least one text "
            "with at least one token"
        )
    if token_ids.shape[1] > cfg.max_positions:
        raise ValueError(
            f"the texts have {token_ids.shape[1]} positions, this model reads at most "
            f"{cfg.max_positions}; shorten them"
        )
    low, high = (int(end) for end in torch.aminmax(token_ids))
    if low < 0 or high >= cfg.vocab_size:
        raise ValueError(
            f"token_ids holds {low if low < 0 else high}, where 0 to {cfg.vocab_size - 1} are "
            f"allowed (vocab_size={cfg.vocab_size}); encode it with the model's own tokenizer"
        )
    hidden = token_ids == model.special.mask
    if not gaps and bool(hidden.any()):
        text, place = hidden.nonzero()[0].tolist()
        raise ValueError(
            f"text {text} has [MASK] at position {place}, and a text with gaps has no score of its "
            "own; fill it first, for instance with bertgpt.generation.fill.fill"
        )
    return token_ids.to(model.stack.tokens.weight.device).long()


def refuse_repetition_control(knobs: Knobs) -> None:
    """Raise ValueError for knobs that look at what comes before the end of a text."""
    if knobs.controls_repetition:
        raise ValueError(
            f"{knobs} control repetition, which is for texts written from left to right; leave "
            "repetition_penalty and no_repeat_ngram out"
        )


def portions(n: int, rows_at_once: int) -> Iterator[slice]:
    """Slices that cover 0 to n - 1, at most `rows_at_once` each.

    Raises:
        ValueError: for `rows_at_once` below 1.
    """
    if rows_at_once < 1:
        raise ValueError(f"rows_at_once={rows_at_once} must be at least 1")
    for start in range(0, n, rows_at_once):
        yield slice(start, min(n, start + rows_at_once))
