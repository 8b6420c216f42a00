"""A model of characters with a recurrent state: training, bits, and what it writes."""

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.recurrent.rnn import RNN
from bertgpt.tasks.characters import ALPHABET, pieces
from bertgpt.training.train import TrainConfig, finish, forever, train


class CharacterModel(nn.Module):
    """A model of the next character that has nothing but a recurrent state.

    Args:
        width: of the state.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(len(ALPHABET), 32)
        self.rnn = RNN(32, width)
        self.head = nn.Linear(width, len(ALPHABET))

    def forward(
        self,
        ids: Tensor,
        state: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Scores of the next character (B, T, V), and the last state (B, D)."""
        states, last = self.rnn(self.table(ids), state)
        return self.head(states), last

    def loss(self, ids: Tensor) -> Tensor:
        """Mean surprise in nats of all characters but each row's first."""
        scores, _ = self(ids[:, :-1])
        return F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten())


def trained_character_model(
    text: Tensor, width: int, seed: int, steps: int = 1500
) -> CharacterModel:
    """Train on pieces of 65 characters, 32 in a step; each piece begins with an empty state."""
    torch.manual_seed(seed)
    model, generator = CharacterModel(width), torch.Generator().manual_seed(seed)
    cfg = TrainConfig(steps=steps, learning_rate=5e-3, warmup=50)
    draws = forever(partial(pieces, text, 32, 65, generator))
    finish(train(model, draws, CharacterModel.loss, cfg))
    return model.eval()


@torch.no_grad()
def bits(model: CharacterModel, text: Tensor) -> float:
    """Bits per character of a whole text, but for the first, with one state carried through it."""
    state, nats = None, 0.0
    for start in range(0, len(text) - 1, 1000):
        ids = text[start : start + 1001]
        scores, state = model(ids[None, :-1], state)
        nats += F.cross_entropy(scores[0], ids[1:], reduction="sum").item()
    return nats / (len(text) - 1) / math.log(2)


@torch.no_grad()
def bits_by_characters_read(model: CharacterModel, text: Tensor, T: int = 64) -> list[float]:
    """Bits of the next character after 1, 2, ... T characters read from an empty state."""
    rows = text[: (len(text) - 1) // T * T].view(-1, T)  # (B, T)
    after = text[1 : rows.numel() + 1].view(-1, T)
    scores, _ = model(rows)
    nats = F.cross_entropy(scores.transpose(1, 2), after, reduction="none")  # (B, T)
    return (nats.mean(0) / math.log(2)).tolist()


@torch.no_grad()
def write(
    model: CharacterModel, n_texts: int, T: int, temperature: float, generator: torch.Generator
) -> list[str]:
    """Texts of T characters, each begun on a new line, drawn one character after the other."""
    ids, state, written = torch.zeros(n_texts, 1, dtype=torch.long), None, []
    for _ in range(T):
        scores, state = model(ids, state)
        ids = torch.multinomial((scores[:, -1] / temperature).softmax(-1), 1, generator=generator)
        written.append(ids)
    return ["".join(ALPHABET[i] for i in row) for row in torch.cat(written, 1).tolist()]
