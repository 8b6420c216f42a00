"""Encoder-decoders for strings and dates, with one fixed vector or with attention."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from bertgpt.recurrent.seq2seq import Seq2Seq, Seq2SeqConfig
from bertgpt.tasks import dates
from bertgpt.tasks.reversal import LENGTHS, SYMBOLS, reversal_pair
from bertgpt.tasks.sequence_pairs import SequencePair, accuracies
from bertgpt.training.train import Step, TrainConfig, forever, train

Form = Literal["none", "additive", "dot"]
ATTENTION_FORMS: tuple[Form, ...] = ("none", "additive", "dot")


def reverser(form: Form, width: int = 32) -> Seq2Seq:
    """A new model for strings."""
    n = len(SYMBOLS)
    return Seq2Seq(Seq2SeqConfig(source_vocab=n, target_vocab=n, width=width, attention=form))


def dater(form: Form) -> Seq2Seq:
    """A new model for dates, of width 32."""
    n, V = len(dates.WORDS), len(dates.ISO)
    return Seq2Seq(Seq2SeqConfig(source_vocab=n, target_vocab=V, width=32, attention=form))


def learn(model: Seq2Seq, draw: Callable[[], SequencePair], steps: int) -> Iterator[Step]:
    """Train a `reverser` on strings or a `dater` on dates.

    Rate and steps were chosen with seed 100, which is not among the seeds reported.

    Args:
        draw: a source of batches, such as ``reversal_batches(seed)`` or ``date_batches(seed)``.
    """
    cfg = TrainConfig(steps=steps, learning_rate=5e-3, warmup=50, weight_decay=0.0)
    return train(model, forever(draw), lambda model, pair: model.loss(*pair), cfg)


def fresh_strings(n: int = 500) -> dict[str, SequencePair]:
    """The strings that all models are tested on, by length."""
    return {
        str(length): reversal_pair(n, length, torch.Generator().manual_seed(999))
        for length in LENGTHS
    }


def fresh_dates(n: int = 500) -> dict[str, SequencePair]:
    """The dates that all models are tested on, by split."""
    return {
        split: dates.date_draw(n, split, torch.Generator().manual_seed(999))
        for split in dates.DATE_SPLITS
    }


def string_scores(model: Seq2Seq) -> dict[str, Any]:
    """The number of parameters, and by length the `accuracies` on 500 strings."""
    by_length = {length: accuracies(model, pair) for length, pair in fresh_strings().items()}
    return {"parameters": n_parameters(model), **by_length}


def n_parameters(model: Seq2Seq) -> int:
    """How many numbers a model learns."""
    return sum(p.numel() for p in model.parameters())


@torch.no_grad()
def correct_letters(
    model: Seq2Seq, pair: SequencePair, readable: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Which letters are correct, teacher-forced, when not all states of the source may be read.

    Args:
        pair: strings of one length S.
        readable: (B or 1, S, S), True where the state of a place may be read for a letter; None
            leaves all of them. The end mark may always read all.
    Returns:
        (B, S) True where the letter is correct; and the place with the largest weight, (B, S).
    """
    S, records = pair.source.shape[1], list[Tensor]()
    memory, state = model.encode(pair.source)
    if readable is not None:
        end = readable.new_ones(len(readable), 1, S)
        memory = memory._replace(mask=torch.cat((readable, end), dim=1))  # (B or 1, T, S)
    begin = pair.target.new_full((len(pair.target), 1), model.cfg.begin_id)
    logits, _ = model.decode(torch.cat((begin, pair.target[:, :-1]), 1), state, memory, records)
    return (logits.argmax(-1) == pair.target)[:, :S], records[0].argmax(-1)[:, :S]
