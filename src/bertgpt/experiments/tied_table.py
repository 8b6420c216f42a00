"""Page 09, C53, E13: the head that is the token table backwards, against one with its own table."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.heads import LanguageModelHead
from bertgpt.toyland import END, toyland
from bertgpt.training.train import TrainConfig, finish, train
from bertgpt.transformer import Transformer, init_weights

WIDTHS = (48, 96)
RATES = (2e-3, 4e-3)
STEPS, STORIES = 200, 16  # updates, and stories of each
READ, CHOOSE, TEST = 5000, 100, 200  # stories to learn from, to choose the rate on, to test on
SPECIAL = SpecialIds(0, -1, -1, -1, -1)  # padding; END is before a story and after it


class UntiedHead(nn.Module):
    """A score for each token, by a table that nothing else uses."""

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.table = nn.Linear(stack.cfg.width, stack.cfg.vocab_size, bias=False)
        init_weights(self, stack.cfg)

    def forward(self, h: Tensor) -> Tensor:
        return self.table(h)  # (..., D) -> (..., V)


@cache
def stories(n: int, seed: int) -> tuple[Tensor, ...]:
    """Stories of Toyland as ids from 1, with END before and after each."""
    language = toyland()
    number = {word: i for i, word in enumerate(language.vocabulary, start=1)}
    drawn = language.stories(n, torch.Generator().manual_seed(seed))
    return tuple(torch.tensor([number[w] for w in (END, *s.words, END)]) for s in drawn)


def padded(texts: list[Tensor]) -> Tensor:
    """(B, T) int64, 0 where a text is over."""
    return nn.utils.rnn.pad_sequence(texts, batch_first=True)


def batches(texts: tuple[Tensor, ...], generator: torch.Generator) -> Iterator[Tensor]:
    """Batches of stories drawn with replacement, without end."""
    while True:
        chosen = torch.randint(len(texts), (STORIES,), generator=generator).tolist()
        yield padded([texts[i] for i in chosen])


@torch.no_grad()
def mean_loss(model: GPT, texts: tuple[Tensor, ...]) -> float:
    """Nats per token, END included, on all texts."""
    total, tokens = 0.0, 0
    for first in range(0, len(texts), 50):
        some = list(texts[first : first + 50])
        n = sum(len(text) - 1 for text in some)
        total += model.eval().loss(padded(some)).item() * n
        tokens += n
    return total / tokens


def model_with(head: Callable[[Transformer], nn.Module], width: int, seed: int) -> GPT:
    """A new GPT of 3 blocks, as on the page, with the head that is given."""
    torch.manual_seed(seed)
    cfg = TransformerConfig(
        vocab_size=len(toyland().vocabulary) + 1, max_positions=96, width=width, n_layers=3
    )
    return GPT(cfg, SPECIAL, head)


def trained(new: Callable[[], GPT], seed: int) -> dict[str, float]:
    """Train the same new model at each rate; the rate is chosen on stories that test nothing.

    Args:
        new: makes the model.
    Returns:
        "rate", the one that was chosen, and "loss", nats per token on the stories of the test.
    """
    best = {"rate": 0.0, "loss": 0.0, "chosen": float("inf")}
    for rate in RATES:
        model = new()
        drawn = batches(stories(READ, 0), torch.Generator().manual_seed(seed))
        cfg = TrainConfig(steps=STEPS, learning_rate=rate, warmup=STEPS // 10)
        finish(train(model, drawn, GPT.loss, cfg))
        chosen = mean_loss(model, stories(CHOOSE, 1_000_001))
        if chosen < best["chosen"]:
            test = mean_loss(model, stories(TEST, 1_000_002))
            best = {"rate": rate, "loss": round(test, 4), "chosen": chosen}
    return {name: best[name] for name in ("rate", "loss")}


@experiment("tied_table", seeds=range(3))
def tied_table(seed: int) -> dict[str, Any]:
    """Parameters and loss, tied and untied, by width, each at the better of two rates.

    Returns for "{width} tied" and "{width} untied" the number of parameters, the rate that was
    chosen and the loss in nats per token.
    """
    heads = {"tied": LanguageModelHead, "untied": UntiedHead}
    found: dict[str, Any] = {}
    for width in WIDTHS:
        for name, head in heads.items():

            def new(head: Any = head, width: int = width) -> GPT:
                return model_with(head, width, seed)

            n = sum(p.numel() for p in new().parameters())
            found[f"{width} {name}"] = {"parameters": n} | trained(new, seed)
    return found
