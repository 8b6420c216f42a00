"""Fine-tuning: one layer on top of a trained stack, a few labels, all weights or only the layer.

>>> import torch
>>> from bertgpt.config import tiny
>>> from bertgpt.gpt import GPT
>>> from bertgpt.training.readouts import Example, TextLabel
>>> labels = TextLabel(n_labels=2, place="last")
>>> model = with_head(GPT(tiny(9)), labels)
>>> examples = [Example(([5, 6],), (0,)), Example(([7, 8],), (1,))]
>>> texts = prepare(model, labels, examples)
>>> cfg = TrainConfig(steps=20, learning_rate=1e-3)
>>> g = torch.Generator().manual_seed(0)
>>> outcome = finetune(model, labels, texts, texts, cfg, generator=g)
>>> evaluate(model, labels, texts).accuracy
1.0
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from bertgpt.bert import BERT
from bertgpt.gpt import GPT
from bertgpt.heads import LanguageModelHead
from bertgpt.objectives import IGNORE, causal_targets, token_loss
from bertgpt.training.readouts import Example, Readout, encode_example
from bertgpt.training.train import TrainConfig, train

Model = BERT | GPT
CHUNK = 64  # texts that are read at once where nothing is learned


def with_head(start: Model, readout: Readout, *, unmask: bool = False) -> Model:
    """A copy of a model's stack with new weights on top.

    Args:
        start: a BERT or a GPT; it stays as it is.
        readout: the question that is asked, and where the answer is read.
        unmask: take the causal mask off: every position reads every other from now on.
    """
    kind = BERT if unmask else type(start)
    model = kind(start.stack.cfg, start.special, readout.make_head)
    model.stack.load_state_dict(start.stack.state_dict())
    return model


@dataclass(frozen=True)
class Prepared:
    """Examples as a model reads them.

    Args:
        examples: with their answers.
        ids: of each (T,), special tokens included.
        states: of each (T, D), where the stack stays as it is and so was run once; else None.
        pad_id: of the padding token.
    """

    examples: tuple[Example, ...]
    ids: tuple[Tensor, ...]
    states: tuple[Tensor, ...] | None
    pad_id: int

    def __len__(self) -> int:
        return len(self.examples)

    def first(self, n: int) -> "Prepared":
        """The first n of them.

        Raises:
            ValueError: if there are fewer, or none is asked for.
        """
        if not 1 <= n <= len(self):
            raise ValueError(
                f"{n} labelled texts were asked for, and there are {len(self)}; ask for 1 to "
                f"{len(self)}, or label more"
            )
        states = None if self.states is None else self.states[:n]
        return Prepared(self.examples[:n], self.ids[:n], states, self.pad_id)

    def batch(self, rows: Sequence[int], readout: Readout) -> "Batch":
        ids = pad_sequence([self.ids[i] for i in rows], True, self.pad_id)  # (B, T)
        targets = readout.targets([self.examples[i] for i in rows], ids.shape[1])
        if self.states is None:
            return Batch(ids, targets, None)
        return Batch(ids, targets, pad_sequence([self.states[i] for i in rows], True))


class Batch(NamedTuple):
    """Texts (B, T), what is asked of them, and states (B, T, D), None where they are computed."""

    token_ids: Tensor
    targets: Tensor
    states: Tensor | None


def prepare(
    model: Model, readout: Readout, examples: Sequence[Example], *, frozen: bool = False
) -> Prepared:
    """Check examples and encode them for a model.

    Args:
        frozen: run the stack over them once and keep its states: only the head will learn.
    Raises:
        ValueError: if there is none; for an answer that the readout cannot have; for an empty text,
            or one that is longer than the model reads; if the model has another head.
    """
    _check_head(model, readout)
    if not examples:
        raise ValueError("no labelled texts were given; give at least one")
    longest = model.stack.cfg.max_positions
    ids = []
    for i, example in enumerate(examples):
        if not example.parts or not all(len(part) for part in example.parts):
            raise ValueError(f"example {i} has an empty text; leave it out")
        if wrong := readout.check(example):
            raise ValueError(f"example {i} {wrong}; mend it, or make the readout for such answers")
        ids.append(encode_example(example, model.special))
        if len(ids[-1]) > longest:
            raise ValueError(
                f"example {i} has {len(ids[-1])} tokens with its special tokens, this model reads "
                f"at most {longest} (max_positions); shorten it, or leave it out"
            )
    pad_id = model.special.pad
    states = tuple(_states(model, ids)) if frozen else None
    return Prepared(tuple(examples), tuple(ids), states, pad_id)


def _check_head(model: Model, readout: Readout) -> None:
    torch_state = torch.get_rng_state()
    wanted, has = readout.make_head(model.stack), model.head
    torch.set_rng_state(torch_state)  # the head above was made only to be looked at
    shapes = [{name: p.shape for name, p in head.named_parameters()} for head in (wanted, has)]
    if type(wanted) is not type(has) or shapes[0] != shapes[1]:
        raise ValueError(
            f"{readout} is read by a {type(wanted).__name__} of its size, and this model has a "
            f"{type(has).__name__}; make the model with with_head(start, readout)"
        )


@torch.no_grad()
def _states(model: Model, ids: Sequence[Tensor]) -> list[Tensor]:
    """The stack's states of each text, (T, D); texts of like length are read together."""
    states: dict[int, Tensor] = {}
    model.eval()
    by_length = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for k in range(0, len(ids), CHUNK):
        rows = by_length[k : k + CHUNK]
        h = model.hidden(pad_sequence([ids[i] for i in rows], True, model.special.pad))
        states |= {i: h[row, : len(ids[i])].clone() for row, i in enumerate(rows)}
    return [states[i] for i in range(len(ids))]


class Evaluation(NamedTuple):
    """Mean loss in nats, and the fraction of right answers."""

    loss: float
    accuracy: float


class Outcome(NamedTuple):
    """Development loss at each look, by update (0: before the first), and the update chosen."""

    development: Mapping[int, float]
    chosen: int

    @property
    def loss(self) -> float:
        """Development loss of the weights that were chosen."""
        return self.development[self.chosen]


def answer_scores(model: Model, readout: Readout, batch: Batch) -> tuple[Tensor, Tensor]:
    """Scores of the answers, and the states (B, T, D) that they are read from."""
    h = model.hidden(batch.token_ids) if batch.states is None else batch.states
    return readout.scores(model.head, h, batch.token_ids, model.special.pad), h


@torch.no_grad()
def evaluate(model: Model, readout: Readout, texts: Prepared) -> Evaluation:
    """Loss and accuracy on labelled texts, each answer counted once."""
    model.eval()
    by_length = sorted(range(len(texts)), key=lambda i: len(texts.ids[i]))
    nats, right = 0.0, []
    for k in range(0, len(texts), CHUNK):
        batch = texts.batch(by_length[k : k + CHUNK], readout)
        scores, _ = answer_scores(model, readout, batch)
        right.append(readout.right(scores, batch.targets))
        nats += readout.loss(scores, batch.targets).item() * len(right[-1])
    found = torch.cat(right)
    return Evaluation(nats / len(found), found.double().mean().item())


def finetune(
    model: Model,
    readout: Readout,
    texts: Prepared,
    development: Prepared,
    cfg: TrainConfig,
    *,
    generator: torch.Generator,
    batch_size: int = 16,
    looks: int = 5,
    lm_weight: float = 0.0,
) -> Outcome:
    """Train on labelled texts, and keep the weights with the lowest development loss.

    Where `prepare` was given frozen=True, only the head learns.

    Args:
        model: from `with_head`; changed in place.
        texts, development: from `prepare`, both for this model.
        generator: draws the batches, in which texts have nearly one length.
        looks: how often the development loss is measured, at even distances; the last is at the
            end, and one more is before the first update.
        lm_weight: how much of the language model's own loss is added, lambda of Radford et al.
            (2018, equation 5; they took 0.5). Only a GPT whose stack learns has it.
    Raises:
        ValueError: if `lm_weight` is below 0 or the model is none that has such a loss; if only one
            of the two parts holds states; if there are no looks, or more than updates.
    """
    frozen = texts.states is not None
    _check_setting(model, frozen, development, cfg, looks, lm_weight)
    learner: nn.Module = model.head if frozen else model

    def loss_fn(_: nn.Module, batch: Batch) -> Tensor:
        scores, h = answer_scores(model, readout, batch)
        loss = readout.loss(scores, batch.targets)
        return loss + lm_weight * next_token_loss(model, h, batch.token_ids) if lm_weight else loss

    best = {name: p.clone() for name, p in learner.state_dict().items()}
    found = {0: evaluate(model, readout, development).loss}
    chosen = 0
    batches = (
        texts.batch(rows, readout) for rows in rows_by_length(texts.ids, batch_size, generator)
    )
    due = {round(cfg.steps * k / looks) for k in range(1, looks + 1)}
    for step in train(learner, batches, loss_fn, cfg):
        if step.number in due:
            found[step.number] = evaluate(model, readout, development).loss
            if found[step.number] < found[chosen]:
                chosen = step.number
                best = {name: p.clone() for name, p in learner.state_dict().items()}
            learner.train()
    learner.load_state_dict(best)
    model.eval()
    return Outcome(found, chosen)


def _check_setting(
    model: Model, frozen: bool, development: Prepared, cfg: TrainConfig, looks: int, lm: float
) -> None:
    if not 1 <= looks <= cfg.steps:
        raise ValueError(f"looks={looks} must be at least 1 and at most steps={cfg.steps}")
    if frozen != (development.states is not None):
        raise ValueError(
            "one part was prepared with frozen=True and the other without; prepare both alike"
        )
    if lm < 0 or (lm and (frozen or not isinstance(model, GPT))):
        raise ValueError(
            f"lm_weight={lm:g} must be 0, or above 0 for a GPT whose stack learns: under a full "
            "mask the next token is no secret, and frozen states cannot get better at it"
        )


def next_token_loss(model: Model, h: Tensor, token_ids: Tensor) -> Tensor:
    """Mean surprise at the next tokens, in nats, from states (B, T, D) that are there already."""
    targets = causal_targets(token_ids, model.special.pad)
    asked = targets != IGNORE
    return token_loss(LanguageModelHead(model.stack)(h[asked]), targets[asked])


def rows_by_length(
    ids: Sequence[Tensor], batch_size: int, generator: torch.Generator
) -> Iterator[list[int]]:
    """Rows of batches without end: each text once, in a new order, before any comes again.

    Texts of like length are put together, ten batches' worth at a time, so that little is padded.
    A batch is smaller than `batch_size` where the texts do not divide.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size} must be at least 1; 16 is usual")
    while True:
        order = torch.randperm(len(ids), generator=generator).tolist()
        batches = []
        for k in range(0, len(order), 10 * batch_size):
            some = sorted(order[k : k + 10 * batch_size], key=lambda i: len(ids[i]))
            batches += [some[j : j + batch_size] for j in range(0, len(some), batch_size)]
        for b in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[b]
