"""Texts and what to write for them: the batches of an encoder-decoder, and its scores."""

from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.recurrent.seq2seq import Seq2Seq

SPECIAL_TOKENS = ("[PAD]", "[BEGIN]", "[END]")  # ids 0, 1 and 2, as in `Seq2SeqConfig`
END_ID = SPECIAL_TOKENS.index("[END]")


class SequencePair(NamedTuple):
    """Sources and what to write for them, padded at the end."""

    source: Tensor  # (B, S)
    target: Tensor  # (B, T), ends in END


@torch.no_grad()
def accuracies(model: Seq2Seq, pair: SequencePair) -> dict[str, float]:
    """How well a model writes targets of one length.

    Returns:
        "forced", the token accuracy given the correct tokens so far; "free", given the model's own;
        both without the end mark. "exact", the fraction of targets written without a slip and
        ended in the right place.
    """
    T = pair.target.shape[1] - 1  # without the end mark
    forced = model(*pair).argmax(dim=-1) == pair.target  # (B, T + 1)
    wrote = model.generate(pair.source, T + 1)
    wrote = torch.nn.functional.pad(wrote, (0, T + 1 - wrote.shape[1])) == pair.target
    return {
        "forced": forced[:, :T].float().mean().item(),
        "free": wrote[:, :T].float().mean().item(),
        "exact": wrote.all(dim=1).float().mean().item(),
    }
