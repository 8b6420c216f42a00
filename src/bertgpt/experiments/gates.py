"""Experiments of Part II: what gates keep (E02b), a stream without reset (E06), order (C22)."""

from collections.abc import Callable
from functools import partial
from itertools import product
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from bertgpt.experiments.adding import squared_error
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.transformer import forever
from bertgpt.recurrent.lstm import LSTM, Gates, State
from bertgpt.recurrent.rnn import RNN
from bertgpt.recurrent.sequences import after_the_end
from bertgpt.training.train import TrainConfig, train

# --- E02b: how much of the first state is felt at step T, before any training

SPANS = (1, 2, 5, 10, 20, 50, 100, 200)  # T
NEW: dict[str, Callable[[], RNN | LSTM]] = {
    "tanh RNN": lambda: RNN(8, 32),
    "LSTM 1997": lambda: LSTM(8, 32, forget=False),
    "LSTM 2000, bias -1": lambda: LSTM(8, 32, forget_bias=-1.0),
    "LSTM 2000, bias 0": lambda: LSTM(8, 32, forget_bias=0.0),
    "LSTM 2000, bias 1": lambda: LSTM(8, 32, forget_bias=1.0),
    "LSTM 2000, bias 3": lambda: LSTM(8, 32, forget_bias=3.0),
}


def size(jacobian: Tensor) -> float:
    """Frobenius norm of a square matrix over the root of its width: 1 for the identity."""
    return (jacobian.norm() / len(jacobian) ** 0.5).item()


def felt(net: RNN | LSTM, x: Tensor) -> dict[str, float]:
    """How the last state moves with the first, all paths counted.

    Args:
        net: an `RNN` or an `LSTM`.
        x: (1, T, C).
    Returns:
        size of dh_T/dh_0 as "h"; for an LSTM also of dc_T/dc_0 as "c", and of the way from cell to
        cell alone, with the gates held fixed, as "carousel": the product of the forget gates.
    """
    D = net.width
    first = [torch.zeros(D, D, requires_grad=True) for _ in range(2)]  # a copy for each output
    x = x.expand(D, -1, -1)
    if isinstance(net, RNN):
        (jacobian,) = torch.autograd.grad(net(x, first[0])[1].diagonal().sum(), first[:1])
        return {"h": size(jacobian)}
    records: list[Gates] = []
    h, c = net(x, (first[0], first[1]), records=records)[1]
    found = {}
    for name, last, start in (("h", h, first[0]), ("c", c, first[1])):
        (jacobian,) = torch.autograd.grad(last.diagonal().sum(), start, retain_graph=True)
        found[name] = size(jacobian)
    return found | {"carousel": size(records[0].forget[0].prod(0).diag())}


@experiment("kept")
def kept(seed: int) -> dict[str, Any]:
    """New nets of width 32 on random inputs: what `felt` finds after each span (E02b)."""
    found: dict[str, Any] = {}
    for kind, make in NEW.items():
        torch.manual_seed(seed)
        net = make()
        x = torch.randn(1, SPANS[-1], 8, generator=torch.Generator().manual_seed(seed))
        rows = [felt(net, x[:, :T]) for T in SPANS]
        found[kind] = {name: [row[name] for row in rows] for name in rows[0]}
    return found


# --- E06: a stream that is never reset

GAPS = (10, 30)  # steps from one mark to the next, fewest and most
UNIT = 20  # counts are asked for in units of this many steps
WATCHED = (1, 10, 100, 1000, 4000)


class Stream:
    """Streams of marks, without an end; at each step the count since the last mark is asked for."""

    def __init__(self, n: int, seed: int) -> None:
        self.draws = torch.Generator().manual_seed(seed)
        self.count = torch.zeros(n)
        self.left = self._gap(n)

    def _gap(self, n: int) -> Tensor:
        return torch.randint(GAPS[0], GAPS[1] + 1, (n,), generator=self.draws)

    def next(self, T: int) -> tuple[Tensor, Tensor]:
        """The next T steps: marks (B, T, 1), 0 or 1; counts since a mark over `UNIT`, (B, T)."""
        marks, counts = [], []
        for _ in range(T):
            self.left -= 1
            mark = self.left == 0
            self.left = torch.where(mark, self._gap(len(mark)), self.left)
            self.count = torch.where(mark, 0.0, self.count + 1)
            marks.append(mark.float())
            counts.append(self.count / UNIT)
        return torch.stack(marks, 1)[..., None], torch.stack(counts, 1)


class Counter(nn.Module):
    """An LSTM that goes on where it stopped; gradients stay within a piece."""

    def __init__(self, *, forget: bool) -> None:
        super().__init__()
        self.net = LSTM(1, 16, forget=forget, forget_bias=1.0)
        self.read = nn.Linear(16, 1)
        self.state: State | None = None

    def forward(self, x: Tensor) -> Tensor:
        out, (h, c) = self.net(x, self.state)
        self.state = h.detach(), c.detach()
        return self.read(out)[..., 0]  # (B, T)


def trained_counter(*, forget: bool, seed: int, pieces: int = 1000) -> Counter:
    """A counter trained on 32 streams, 40 steps a piece.

    New streams, from an empty state, begin after as many steps as `watch` runs, so that a test asks
    for no longer stream than was trained on.
    """
    torch.manual_seed(seed)
    model, stream = Counter(forget=forget), Stream(32, seed)
    cfg = TrainConfig(steps=pieces, learning_rate=5e-3, weight_decay=0.0)
    for step in train(model, forever(partial(stream.next, 40)), squared_error, cfg):
        if step.number % (WATCHED[-1] // 40) == 0:
            model.state = None
    return model


def watch(model: Counter, seed: int) -> dict[str, Any]:
    """Run a counter over 4,000 steps of 16 fresh streams, from an empty state, without a reset.

    Returns:
        "cell", the largest |c| of all streams after each number of `WATCHED` steps; "full", the
        share of cells that show the same at any higher value, |tanh(c)| beyond 0.99, at those
        steps; "error", the mean squared error over the variance of the counts, in the first 500
        steps and in the last.
    """
    stream, model.state = Stream(16, 5000 + seed), None
    found: dict[str, Any] = {"cell": [], "full": [], "error": []}
    guesses, counts = [], []
    with torch.inference_mode():
        for number in range(1, WATCHED[-1] + 1):
            x, y = stream.next(1)
            guesses.append(model(x))
            counts.append(y)
            if number in WATCHED and model.state:
                c = model.state[1].abs()
                found["cell"].append(c.max().item())
                found["full"].append((c.tanh() > 0.99).float().mean().item())
    guess, count = torch.cat(guesses, 1), torch.cat(counts, 1)
    for part in (slice(500), slice(-500, None)):
        error = (guess[:, part] - count[:, part]).square().mean() / count[:, part].var()
        found["error"].append(error.item())
    return found


@experiment("stream")
def stream(seed: int) -> dict[str, Any]:
    """The cells of 1997 and 2000 on streams that are never reset: what `watch` sees (E06)."""
    return {
        name: watch(trained_counter(forget=forget, seed=seed), seed)
        for name, forget in (("LSTM 1997", False), ("LSTM 2000", True))
    }


# --- C22: sentences that a mean cannot tell apart

GOOD = "good fine great kind clever bright funny warm fresh strong rich lovely".split()
BAD = "bad poor awful cruel stupid dull boring cold stale weak empty ugly".split()
# What is said of the film stands first in some, second in others.
TEMPLATES = {
    "it was {} , not {}": 0,
    "it was not {} but {}": 1,
    "it was {} rather than {}": 0,
    "it was less {} than {}": 1,
}
WORDS = sorted({w for t in TEMPLATES for w in t.split() if w != "{}"} | {*GOOD, *BAD})


def opinions(seed: int) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Sentences and what they say, 1 for good: those of two thirds of the word pairs, and the rest.

    Each pair of a good and a bad word gives two sentences a template, one in either order: the same
    words, and opposite answers. No pair of the second list is in the first.
    """
    pairs = list(product(GOOD, BAD))
    order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed)).tolist()
    sentences = [
        [
            (template.format(*words), int(words[told] in GOOD))
            for template, told in TEMPLATES.items()
            for words in (pairs[i], pairs[i][::-1])
        ]
        for i in order
    ]
    cut = len(pairs) * 2 // 3
    return [s for p in sentences[:cut] for s in p], [s for p in sentences[cut:] for s in p]


class Judge(nn.Module):
    """Word vectors, made into one vector by their mean or by a recurrent net, and a yes or no."""

    def __init__(self, kind: str, D: int = 16) -> None:
        super().__init__()
        self.table = nn.Embedding(len(WORDS), D)
        nets: dict[str, type[RNN] | type[LSTM]] = {"RNN": RNN, "LSTM": LSTM}
        self.net = nets[kind](D, D) if kind in nets else None
        self.read = nn.Linear(D, 1)

    def forward(self, sentences: list[str]) -> Tensor:
        words = [s.split() for s in sentences]
        lengths = torch.tensor([len(w) for w in words])
        ids = torch.zeros(len(words), int(lengths.max()), dtype=torch.long)
        for row, known in zip(ids, words, strict=True):
            row[: len(known)] = torch.tensor([WORDS.index(w) for w in known])
        vectors = self.table(ids)  # (B, T, D)
        if self.net is None:
            vectors = vectors.masked_fill(after_the_end(lengths, ids.shape[1]), 0.0)
            whole = vectors.sum(1) / lengths[:, None]
        else:
            last = self.net(vectors, lengths=lengths)[1]
            whole = last[0] if isinstance(last, tuple) else last
        return self.read(whole)[:, 0]  # (B,), above 0 for good


def judge_loss(model: nn.Module, batch: list[tuple[str, int]]) -> Tensor:
    """Mean surprise in nats."""
    texts, told = zip(*batch, strict=True)
    return nn.functional.binary_cross_entropy_with_logits(
        model(list(texts)), torch.tensor(told, dtype=torch.float)
    )


def judge_right(model: nn.Module, sentences: list[tuple[str, int]]) -> float:
    """Share of sentences judged rightly; a judgement of exactly 0 counts as good."""
    with torch.inference_mode():
        guesses = (model([s for s, _ in sentences]) >= 0).tolist()
    return fmean(g == t for g, (_, t) in zip(guesses, sentences, strict=True))


def trained_judge(kind: str, seed: int, steps: int = 400) -> Judge:
    """A judge trained on the first list of `opinions`, 64 sentences an update."""
    torch.manual_seed(seed)
    model, draws, seen = Judge(kind), torch.Generator().manual_seed(seed), opinions(seed)[0]

    def draw() -> list[tuple[str, int]]:
        return [seen[i] for i in torch.randint(len(seen), (64,), generator=draws).tolist()]

    cfg = TrainConfig(steps=steps, learning_rate=1e-2, weight_decay=0.0)
    for _ in train(model, forever(draw), judge_loss, cfg):
        pass
    return model


@experiment("order")
def order(seed: int) -> dict[str, Any]:
    """Opinions in unseen pairs of words: the mean of vectors, an RNN and an LSTM; shares right."""
    return {
        kind: [judge_right(trained_judge(kind, seed), part) for part in opinions(seed)]
        for kind in ("mean", "RNN", "LSTM")
    }
