"""Experiment of Part II: a model of characters with a recurrent state, and what it writes."""

import ast
import math
import string
from functools import partial
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.corpora.corpus import python_code, split
from bertgpt.evaluation.scores import bits_per_token
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.transformer import forever
from bertgpt.recurrent.rnn import RNN
from bertgpt.training.train import TrainConfig, train
from bertgpt.words.ngram import Counts, KneserNey

ALPHABET = "\n" + string.printable[:95]  # letters, digits, marks, space; the rest becomes ?
NUMBER = {character: i for i, character in enumerate(ALPHABET)}


def code_text(seed: int) -> tuple[str, str]:
    """Code of the standard library: 500,000 characters to train on, 60,000 of other files.

    Args:
        seed: which files are held out.
    """
    parts = split(python_code(), 0.1, seed=seed)
    train_on, held_out = ("".join(c if c in NUMBER else "?" for c in p.text) for p in parts)
    return train_on[:500_000], held_out[:60_000]


def encode(text: str) -> Tensor:
    """Number of each character: (T,)."""
    return torch.tensor([NUMBER[character] for character in text])


class CharacterModel(nn.Module):
    """What comes next, from a recurrent state alone.

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


def pieces(text: Tensor, n_texts: int, T: int, generator: torch.Generator) -> Tensor:
    """Pieces of T characters, drawn with replacement: (B, T)."""
    first = torch.randint(len(text) - T + 1, (n_texts, 1), generator=generator)
    return text[first + torch.arange(T)]


def character_model(text: Tensor, width: int, seed: int, steps: int = 1500) -> CharacterModel:
    """Train on pieces of 65 characters, 32 in a step; each piece begins with an empty state."""
    torch.manual_seed(seed)
    model, generator = CharacterModel(width), torch.Generator().manual_seed(seed)
    cfg = TrainConfig(steps=steps, learning_rate=5e-3, warmup=50)
    draws = forever(partial(pieces, text, 32, 65, generator))
    for _ in train(model, draws, CharacterModel.loss, cfg):
        pass
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


def share_that_parses(texts: list[str]) -> float:
    """Share of whole lines that are Python by themselves; empty ones and comments do not count."""
    lines = [line.strip() for text in texts for line in text.split("\n")[:-1]]
    lines = [line for line in lines if line and line[0] != "#"]
    return fmean(map(parses, lines)) if lines else 0.0


# Where a line may stand: by itself, with a body, after what it belongs to, in a function or loop.
PLACES = (
    "{}", "{}\n pass", "if x:\n pass\n{}\n pass", "try:\n pass\n{}\n pass", "def f():\n {}",
    "while x:\n {}",
)  # fmt: skip


def parses(line: str) -> bool:
    """Whether a line is Python; one that opens a block gets a body, a branch what it hangs on."""
    for place in PLACES:
        try:
            ast.parse(place.format(line))
        except (SyntaxError, ValueError):
            continue
        return True
    return False


@experiment("character_model")
def character_models(seed: int) -> dict[str, Any]:
    """Bits per character of code from a recurrent state and from n-grams, on the same files.

    Returns "ngram", bits by order 2 to 6; by width and steps of training "rnn", bits with the state
    carried through the text, and "by_read", after 1 to 64 characters from an empty state; and
    "parses", the share of lines that are Python: held out, by a 6-gram, by the net of "128 1500".
    """
    train_on, held_out = code_text(seed)
    counts = Counts([train_on], 6, vocabulary=ALPHABET, unknown=None)
    found: dict[str, Any] = {"ngram": {}, "rnn": {}, "by_read": {}}
    found["parses"] = {"held out": share_that_parses([held_out])}
    for order in (2, 3, 4, 5, 6):
        model = KneserNey(counts, order)
        logs = model.token_log_probabilities(held_out)[1:-1]  # not the first one, and no end
        found["ngram"][order] = round(bits_per_token(logs), 4)
    draws = torch.Generator().manual_seed(seed)
    texts = ["".join(map(str, model.sample(draws, max_tokens=12_000)))]
    found["parses"]["6-gram"] = share_that_parses(texts)
    numbers, text = encode(train_on), encode(held_out)
    for width, steps in ((128, 1500), (256, 1500), (128, 6000)):
        net, name = character_model(numbers, width, seed, steps), f"{width} {steps}"
        found["rnn"][name] = round(bits(net, text), 4)
        found["by_read"][name] = [round(b, 4) for b in bits_by_characters_read(net, text)]
        if name == "128 1500":
            for heat in (1.0, 0.5):
                texts = write(net, 20, 600, heat, draws)
                found["parses"][f"RNN {heat:g}"] = share_that_parses(texts)
    return found
