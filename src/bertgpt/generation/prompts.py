"""Models and prompts as they are given, checked; texts side by side; where a text ends."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.gpt import GPT
from bertgpt.weights.saved import Model, unwrapped

Ids = Sequence[int]
Stop = Sequence[int | Ids]


def writer(model: nn.Module) -> GPT:
    """The GPT inside what was given, ready to write.

    Raises:
        ValueError: for a BERT, for anything else that is not a GPT, and for a model that would drop
            out at random.
    """
    return expected(
        GPT,
        model,
        "under its full mask each new token changes all earlier states, so no cache is valid, and "
        "it was never trained to guess what comes next; let it fill gaps with "
        "bertgpt.generation.fill",
    )


def expected(kind: type[Model], model: nn.Module, other: str) -> Model:
    """The BERT or the GPT inside what was given, ready to be asked.

    Args:
        kind: the one that is needed.
        other: why the other one will not do, and what to use it with.
    Raises:
        ValueError: for anything else, and for a model that would drop out at random.
    """
    model = unwrapped(model)
    if not isinstance(model, kind):
        why = ""
        if isinstance(model, BERT | GPT):
            why = f": {other}, or give a {kind.__name__}"
        raise ValueError(f"expected a {kind.__name__}, got a {type(model).__name__}{why}")
    if model.training and model.stack.cfg.dropout:
        raise ValueError(
            f"the model is in training mode and would drop out {model.stack.cfg.dropout} of its "
            "states at random; call model.eval() first"
        )
    return model


class Batch(NamedTuple):
    """Texts of different lengths side by side, padded on the left."""

    token_ids: Tensor  # (B, T) int64
    real: Tensor  # (B, T), False at padding


def side_by_side(texts: Sequence[Ids], device: torch.device) -> Batch:
    """Lay texts side by side so that all end in the last column.

    >>> side_by_side([[7], [7, 8]], torch.device("cpu")).real.tolist()
    [[False, True], [True, True]]
    """
    T = max(map(len, texts))
    ids = torch.tensor([[0] * (T - len(text)) + list(text) for text in texts], device=device)
    lengths = torch.tensor([len(text) for text in texts], device=device)
    return Batch(ids, torch.arange(T, device=device) >= T - lengths[:, None])


def checked_prompts(
    model: GPT, prompts: Sequence[Ids] | Tensor, max_tokens: int
) -> list[list[int]]:
    """The prompts as lists of ids.

    Raises:
        ValueError: without prompts; for one that is empty, leaves no room in the context, or holds
            padding or an id outside the vocabulary; and for `max_tokens` below 1.
    """
    if not isinstance(max_tokens, int) or max_tokens < 1:
        raise ValueError(f"max_tokens={max_tokens!r} must be a whole number, at least 1")
    texts = [_whole(number, prompt) for number, prompt in enumerate(prompts)]
    if not texts:
        raise ValueError("got no prompts; give a list with at least one text, itself a list of ids")
    cfg = model.stack.cfg
    for number, text in enumerate(texts):
        if not text:
            raise ValueError(
                f"prompt {number} is empty, and the first token has nothing to follow; begin with "
                "the token that begins a text, as [CLS]"
            )
        if len(text) >= cfg.max_positions:
            raise ValueError(
                f"prompt {number} has {len(text)} tokens and leaves no room to write: this model "
                f"reads at most {cfg.max_positions} (max_positions); give its last "
                f"{cfg.max_positions - 1} or fewer"
            )
        check_ids(f"prompt {number}", text, cfg.vocab_size)
        if model.special.pad in text:
            raise ValueError(
                f"prompt {number} holds the padding token {model.special.pad}; give each text "
                "without padding, whatever its length: the batch is padded here"
            )
    return texts


def _whole(number: int, prompt: Ids | Tensor) -> list[int]:
    ids = prompt.tolist() if isinstance(prompt, Tensor) else prompt
    if not isinstance(ids, Sequence) or not all(isinstance(i, int) for i in ids):
        raise ValueError(
            f"prompt {number} is {ids!r}; expected a list of ids: give several prompts as a list "
            "of lists, and one as a list with one list in it"
        )
    return list(ids)


def check_ids(name: str, ids: Ids, vocab_size: int) -> None:
    """Raise ValueError unless all ids are in [0, V)."""
    wrong = [i for i in ids if not 0 <= i < vocab_size]
    if wrong:
        raise ValueError(
            f"{name} holds {wrong[0]}, where 0 to {vocab_size - 1} are allowed "
            f"(vocab_size={vocab_size}); encode it with the model's own tokenizer"
        )


def checked_stop(stop: Stop, vocab_size: int) -> list[list[int]]:
    """Stop words as lists of ids; a number is a stop word of one token.

    Raises:
        ValueError: for an empty one, or an id outside the vocabulary.
    """
    words = [[word] if isinstance(word, int) else list(word) for word in stop]
    for word in words:
        if not word:
            raise ValueError("a stop word is empty, and would end each text at once; leave it out")
        check_ids(f"stop word {word}", word, vocab_size)
    return words


def ends(written: Ids, stop: Sequence[Ids]) -> bool:
    """Whether a text has just ended: its last tokens are a stop word."""
    return any(list(written[-len(word) :]) == word for word in stop)
