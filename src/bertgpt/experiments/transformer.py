"""Experiments of Part III: what depth is for (E15), and where recurrence wins (E14)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from statistics import fmean
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bertgpt.config import NO_SPECIAL_IDS, TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.masks import causal_mask
from bertgpt.objectives import IGNORE, token_loss
from bertgpt.training.train import Batch, TrainConfig, train
from bertgpt.transformer import Transformer

Pair = tuple[Tensor, Tensor]  # token ids (B, T); targets (B, T), IGNORE where nothing is asked


def forever(draw: Callable[[], Batch]) -> Iterator[Batch]:
    """One batch after the other, without an end."""
    while True:
        yield draw()


def pair_loss(model: nn.Module, pair: Pair) -> Tensor:
    """Mean surprise in nats where something is asked."""
    asked = pair[1] != IGNORE
    return token_loss(model(pair[0])[asked], pair[1][asked])


def right(model: nn.Module, pair: Pair) -> Tensor:
    """Where the best guess is the target: (B, T) booleans, False where nothing is asked."""
    with torch.inference_mode():
        return model.eval()(pair[0]).argmax(-1) == pair[1]


# --- E15: a string said twice

COPY_TOKENS = COPY_LENGTH = 40
PERIODS = range(8, 21)


def copy_batch(n_texts: int, generator: torch.Generator, period: int | None = None) -> Pair:
    """Random tokens, a piece of which is said twice in a row; its second half is asked for.

    No token comes back by chance, so that the best score is 1; and the piece begins anywhere, so
    that a position says little about where its first half stands.

    Args:
        n_texts: B.
        period: tokens of the piece; None draws 8 to 20 for each text.
    """
    B, T = n_texts, COPY_LENGTH
    order = torch.rand(B, COPY_TOKENS, generator=generator).argsort(1)  # (B, T), no token twice
    n = torch.randint(PERIODS[0], PERIODS[-1] + 1, (B, 1), generator=generator)
    n = n if period is None else torch.full((B, 1), period)
    start = (torch.rand(B, 1, generator=generator) * (T - 2 * n + 1)).long()
    t = torch.arange(T)
    again = (t >= start + n) & (t < start + 2 * n)  # (B, T)
    ids = order.gather(1, torch.where(again, t - n, t))
    return ids, ids.roll(-1, 1).masked_fill(~(again & again.roll(-1, 1)), IGNORE)


def copy_positions_only() -> float:
    """The best score of a reader who knows where it stands, and not how long the piece is."""
    weights: defaultdict[tuple[int, int], float] = defaultdict(float)
    for n in PERIODS:
        starts = range(COPY_LENGTH - 2 * n + 1)
        for start in starts:
            for t in range(start + n, start + 2 * n - 1):
                weights[t, n] += 1 / len(starts) / (n - 1) / len(PERIODS)
    return sum(max(weights[t, n] for n in PERIODS) for t in range(COPY_LENGTH))


def attention_only(n_layers: int) -> GPT:
    """A GPT without feed-forward layers, width 64, two heads."""
    cfg = TransformerConfig(
        vocab_size=COPY_TOKENS, max_positions=COPY_LENGTH, width=64, n_layers=n_layers, n_heads=2,
        ff_width=0, init_std=0.125,
    )  # fmt: skip
    return GPT(cfg, NO_SPECIAL_IDS)  # token 0 is one like others


class Recurrent(nn.Module):
    """A recurrent network of torch.nn between a table and a linear layer."""

    def __init__(self, kind: Literal["RNN", "LSTM"], V: int, D: int, C: int, n: int = 32) -> None:
        super().__init__()
        self.table = nn.Embedding(V, n)
        self.net = getattr(nn, kind)(n, D, batch_first=True)
        self.read = nn.Linear(D, C)

    def forward(self, token_ids: Tensor) -> Tensor:
        return self.read(self.net(self.table(token_ids))[0])  # (B, T, C)


COPY_TRAINING = TrainConfig(steps=2000, learning_rate=5e-3, warmup=50, weight_decay=0.0)


@experiment("copy")
def copy(seed: int) -> dict[str, Any]:
    """Attention alone, in one layer and in two, and an LSTM: who can say a string again? (E15).

    Returns for each model the share of right tokens by period, on the same 200 texts a period;
    every 200 steps the mean over all periods; and its parameters.
    """
    makers: dict[str, Callable[[], nn.Module]] = {
        "1 layer": lambda: attention_only(1),
        "2 layers": lambda: attention_only(2),
        "LSTM": lambda: Recurrent("LSTM", COPY_TOKENS, 128, COPY_TOKENS, 64),
    }
    test = {n: copy_batch(200, torch.Generator().manual_seed(1000 + n), n) for n in PERIODS}

    def score(model: nn.Module) -> dict[int, float]:
        asked = {n: int((pair[1] != IGNORE).sum()) for n, pair in test.items()}
        return {n: int(right(model, pair).sum()) / asked[n] for n, pair in test.items()}

    found: dict[str, Any] = {}
    for name, make in makers.items():
        torch.manual_seed(seed)
        model, generator = make(), torch.Generator().manual_seed(seed)
        batches = forever(partial(copy_batch, 64, generator))
        curve = []
        for step in train(model, batches, pair_loss, COPY_TRAINING):
            if step.number % 200 == 0:
                curve.append(round(fmean(score(model).values()), 4))
                model.train()
        size = sum(p.numel() for p in model.parameters())
        by_period = {n: round(value, 4) for n, value in score(model).items()}
        found[name] = {"by period": by_period, "curve": curve, "parameters": size}
    return found


# --- E14: rules carried to longer strings

SHORT, LONG = 20, 100


def parity_batch(n_texts: int, length: int, generator: torch.Generator) -> Pair:
    """Bits, and at each position whether the ones so far are odd."""
    bits = torch.randint(2, (n_texts, length), generator=generator)
    return bits, bits.cumsum(1) % 2


def counting_batch(counts: Tensor, length: int) -> Pair:
    """As many b as a: at each b, is it the last?  Tokens: a 0, b 1, blank 2.

    Args:
        counts: (B,) how many of each; twice that must fit into the length.
    """
    n, t = counts[:, None], torch.arange(length)
    ids = torch.where(t < n, 0, torch.where(t < 2 * n, 1, 2))  # (B, T)
    return ids, torch.where(ids == 1, (t == 2 * n - 1).long(), IGNORE)


class Labels(nn.Module):
    """The stack under a causal mask, and two labels at each position.

    Args:
        places: "first": positions are numbered from 0, so that those of long strings are new.
            "any": while training a string begins at a random number, so that all are known.
            "none": no position table.
    """

    def __init__(self, places: Literal["first", "any", "none"]) -> None:
        super().__init__()
        self.places = places
        cfg = TransformerConfig(
            vocab_size=3, max_positions=LONG, width=32, n_layers=2, n_heads=4, init_std=0.15,
            positions="none" if places == "none" else "learned",
        )  # fmt: skip
        self.stack, self.read = Transformer(cfg), nn.Linear(cfg.width, 2)

    def forward(self, token_ids: Tensor) -> Tensor:
        T, stack = token_ids.shape[1], self.stack
        x = stack.embed(token_ids)  # (B, T, D)
        if stack.positions is not None and self.places == "any" and self.training:
            table, first = stack.positions.weight, int(torch.randint(LONG - T + 1, ()))
            x = x - table[:T] + table[first : first + T]
        return self.read(stack.run(x, causal_mask(T)))  # (B, T, 2)


@experiment("longer_strings")
def longer_strings(seed: int) -> dict[str, Any]:
    """Parity and counting, trained on at most 20 tokens, tested to 100 (E14).

    Returns for each model "parity", the share of right labels at each position of 500 strings of
    100; and "counting", for each n from 1 to 50 whether all b of n a and n b were labelled right.
    """
    places: tuple[Literal["first", "any", "none"], ...] = ("first", "any", "none")
    makers: dict[str, Callable[[], nn.Module]] = {
        "RNN": lambda: Recurrent("RNN", 3, 32, 2),
        "LSTM": lambda: Recurrent("LSTM", 3, 32, 2),
        **{f"Transformer, {p}": partial(Labels, p) for p in places},
    }

    def strings(task: str, g: torch.Generator) -> Iterator[Pair]:
        while True:
            counts = torch.randint(1, SHORT // 2 + 1, (64,), generator=g)
            yield parity_batch(64, SHORT, g) if task == "parity" else counting_batch(counts, SHORT)

    many = counting_batch(torch.arange(1, LONG // 2 + 1), LONG)
    test = parity_batch(500, LONG, torch.Generator().manual_seed(1000))
    found: dict[str, Any] = {}
    for name, make in makers.items():
        found[name] = {}
        for task, steps in (("parity", 900), ("counting", 600)):
            torch.manual_seed(seed)
            model, cfg = make(), TrainConfig(steps=steps, learning_rate=5e-3, warmup=50)
            for _ in train(
                model, strings(task, torch.Generator().manual_seed(seed)), pair_loss, cfg
            ):
                pass
            if task == "parity":
                found[name][task] = [
                    round(x, 4) for x in right(model, test).float().mean(0).tolist()
                ]
            else:
                ok = right(model, many) | (many[1] == IGNORE)
                found[name][task] = ok.all(1).int().tolist()
    return found
