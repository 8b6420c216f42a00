"""Checkers of the page "Gates": the right answer passes, each slip is named."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from bertgpt.recurrent.lstm import LSTM


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def step(
    i: float, f: float, o: float, g: float, c: float, bend: Callable[[float], float] = math.tanh
) -> tuple[float, float]:
    c = sigmoid(f) * c + sigmoid(i) * bend(g)
    return sigmoid(o) * math.tanh(c), c


def bias(share: float, steps: int) -> float:
    f = share ** (1 / steps)
    return math.log(f / (1 - f))


def blocks(rows: list[Any], width: int, order: str) -> list[Any]:
    start = {name: k * width for k, name in enumerate("iofg")}
    return [row for name in order for row in rows[start[name] : start[name] + width]]


def counts(marks: list[int], first: float = 1.0) -> tuple[list[float], list[float]]:
    c, kept = 0.0, []
    for mark in marks:
        c = c * (1 - mark) + first
        kept.append(c)
    return [float(t) for t in range(1, len(marks) + 1)], kept


RIGHT = {
    "lstm_step": step,
    "bias_for": bias,
    "to_pytorch": lambda rows, width: blocks(rows, width, "ifgo"),
    "baseline": lambda n, top: n * top**2 / 12,
    "count_since": counts,
}
WRONG: list[tuple[str, Any, str]] = [
    ("lstm_step", lambda *a: step(*a)[::-1], "are swapped: first what is shown"),
    ("lstm_step", lambda *a: step(*a, bend=sigmoid), "may be negative"),
    ("lstm_step", lambda *a: (sigmoid(a[2]) * step(*a)[1], step(*a)[1]), "tanh first"),
    ("lstm_step", lambda *a: (sigmoid(a[2]) * math.tanh(a[4]), step(*a)[1]), "the old cell; the"),
    ("lstm_step", lambda i, f, o, g, c: step(f, i, o, g, c), "forget gate are swapped"),
    ("lstm_step", lambda i, f, o, g, c: step(i, 99.0, o, g, c), "cell of 1997"),
    (
        "lstm_step",
        lambda i, f, o, g, c: (sigmoid(o) * math.tanh(f * c + i * math.tanh(g)),
                               f * c + i * math.tanh(g)),
        "before they are gates",
    ),
    ("bias_for", lambda share, n: share ** (1 / n), "That is the gate f"),
    ("bias_for", lambda share, n: bias(share, 1) if share != 0.5 else 0.0, "holds for one step"),
    ("bias_for", lambda share, n: -bias(share, n), "sign is turned"),
    ("bias_for", lambda share, n: math.log(share) / n, "undoes exp"),
    ("bias_for", lambda share, n: 1 - (1 - share) / n, "not shared out evenly"),
    ("to_pytorch", lambda rows, width: blocks(rows, width, "igof"), "backwards"),
    ("to_pytorch", lambda rows, width: rows, "Nothing moved"),
    ("to_pytorch", lambda rows, width: blocks(rows, width, "ifog"), "Candidate and output"),
    ("to_pytorch", lambda rows, width: [blocks(rows, width, x) for x in "ifgo"], "join them"),
    (
        "to_pytorch",
        lambda rows, width: [rows[4 * k + j] for k in range(width) for j in (0, 2, 3, 1)],
        "stay together",
    ),
    ("baseline", lambda n, top: top**2 / 12, "of one value"),
    ("baseline", lambda n, top: n**2 * top**2 / 12, "not n squared"),
    ("baseline", lambda n, top: n * top / 12 if top > 1 else n / 12, "with its square"),
    ("baseline", lambda n, top: n / 12, "for a range of 1"),
    ("baseline", lambda n, top: n * top / 2, "constant answer itself"),
    ("baseline", lambda n, top: n * top**2 / 3, "answer 0"),
    ("baseline", lambda n, top: math.sqrt(n / 12) * top, "the spread"),
    ("count_since", lambda marks: counts(marks)[::-1], "are swapped"),
    ("count_since", lambda marks: (counts(marks)[0],) * 2, "has a forget gate"),
    ("count_since", lambda marks: (counts(marks)[1],) * 2, "no way to empty"),
    (
        "count_since",
        lambda marks: (counts(marks)[0], _late(marks)),
        "forgotten, then the candidate",
    ),
    ("count_since", lambda marks: [[c - 1 for c in part] for part in counts(marks)], "after each"),
]  # fmt: skip


def _late(marks: list[int]) -> list[float]:
    """A cell that is emptied after 1 was added, not before."""
    c, kept = 0.0, []
    for mark in marks:
        c = (c + 1) * (1 - mark)
        kept.append(c)
    return kept


def test_the_step_is_that_of_the_lstm() -> None:
    """What the checker wants is what the package does, on a net of width 1."""
    net, (i, f, o, g, c) = LSTM(1, 1), (0.3, -0.7, 1.1, 0.4, -2.0)
    for p in net.parameters():
        torch.nn.init.zeros_(p)
    net.inputs.bias.data = torch.tensor([i, o, f, g])
    h, new = net.step(torch.zeros(1, 1), (torch.zeros(1, 1), torch.tensor([[c]])))
    assert (h.item(), new.item()) == pytest.approx(step(i, f, o, g, c), abs=1e-6)


def test_the_order_is_that_of_pytorch() -> None:
    """The rows that the checker wants make PyTorch's LSTM agree with ours."""
    torch.manual_seed(0)
    net, theirs = LSTM(4, 3), torch.nn.LSTM(4, 3, batch_first=True)
    rows = torch.tensor(blocks(list(range(12)), 3, "ifgo"))
    new = (
        net.inputs.weight[rows],
        net.recurrent.weight[rows],
        net.inputs.bias[rows],
        torch.zeros(12),
    )
    theirs.load_state_dict(dict(zip(theirs.state_dict(), new, strict=True)))
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(net(x)[0], theirs(x)[0], rtol=0, atol=1e-6)
