"""An LSTM of torch.nn as a language model, which reads the same batches as GPT."""

from collections.abc import Iterator
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.training.batches import Batches
from bertgpt.training.held_out import Surprise
from bertgpt.training.ragged import Ragged
from bertgpt.training.train import TrainConfig, finish, train

IN_A_READING = 128  # texts that are scored together
State = tuple[Tensor, Tensor]


class LSTMLanguageModel(nn.Module):
    """Layers of nn.LSTM between a table and the same table backwards (Press and Wolf 2017).

    Dropout is where Zaremba et al. (2014) put it: before each layer and after the last, not from
    step to step.

    Args:
        V: size of the vocabulary.
        D: width of the table and of each layer's state.
        layers: how many layers.
        dropout: probability, in [0, 1).
    """

    def __init__(self, V: int, D: int, layers: int = 2, dropout: float = 0.0) -> None:
        super().__init__()
        self.table = nn.Embedding(V, D)
        nn.init.normal_(
            self.table.weight, std=0.1
        )  # 1, its own, makes scores of the tied table huge
        self.drop = nn.Dropout(dropout)
        self.net = nn.LSTM(D, D, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.bias = nn.Parameter(torch.zeros(V))

    def forward(self, token_ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Scores of the token after each one, (B, T, V), and the state after the last."""
        h, state = self.net(self.drop(self.table(token_ids)), state)
        return F.linear(self.drop(h), self.table.weight, self.bias), state


def learn(
    model: LSTMLanguageModel, texts: Ragged, cfg: TrainConfig, *, batch: int, seed: int, pad: int
) -> None:
    """Train on the batches that GPT reads, each guess counting the same, as in pretraining."""
    in_a_batch = batch * (float(texts.lengths.float().mean()) - 1)

    def loss(model: LSTMLanguageModel, ids: Tensor) -> Tensor:
        return surprise(model, ids, pad).sum() / in_a_batch

    torch.manual_seed(seed)  # dropout
    batches: Iterator[Tensor] = (ids for _, ids in Batches(texts, batch, seed, pad).after(0))
    finish(train(model, batches, loss, cfg))


def surprise(model: LSTMLanguageModel, ids: Tensor, pad: int) -> Tensor:
    """Nats of each token after the first, (B, T - 1); 0 on padding."""
    logits, _ = model(ids[:, :-1])
    targets = ids[:, 1:].masked_fill(ids[:, 1:] == pad, -100)
    return F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=-100, reduction="none")


@torch.inference_mode()
def left_to_right(model: LSTMLanguageModel, texts: Ragged, pad: int) -> Surprise:
    """Each token after those before it, as `held_out.left_to_right` asks GPT."""
    model.eval()
    nats, guesses = 0.0, 0
    by_length = texts.lengths.argsort(stable=True)
    for some in by_length.split(IN_A_READING):
        ids = texts.padded(some.tolist(), pad)
        nats += surprise(model, ids, pad).double().sum().item()
        guesses += int((ids[:, 1:] != pad).sum())
    return Surprise(nats, guesses)


@torch.inference_mode()
def write(
    model: LSTMLanguageModel,
    n: int,
    *,
    first: int,
    end: int,
    longest: int,
    generator: torch.Generator,
) -> list[list[int]]:
    """Draw texts from the model's own distribution, token after token.

    Args:
        n: how many.
        first: id that each begins with; not returned.
        end: id that ends a text; not returned.
        longest: tokens, after which a text is cut.
        generator: of the draws.
    """
    model.eval()
    last, state = torch.full((n, 1), first), None
    drawn = []
    for _ in range(longest):
        logits, state = model(last, state)
        last = torch.multinomial(logits[:, -1].softmax(-1), 1, generator=generator)
        drawn.append(last)
        if bool((torch.cat(drawn, 1) == end).any(1).all()):
            break
    rows = torch.cat(drawn, 1).tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


def bits_of(found: Surprise, n_bytes: int) -> float:
    """Bits per byte of the text that the surprise is of."""
    return found.nats / n_bytes / log(2)
