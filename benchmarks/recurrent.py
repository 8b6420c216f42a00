"""Seconds of our LSTM beside `nn.LSTM`, and steps per second of our decoder, in one run.

One pass forward and one backward over a batch of B sequences of T steps, float32 on the CPU, as
many threads for both. The two take turns, so that a busy machine slows both; the ratio is taken
within each turn and the median of the turns is printed. `nn.LSTM` runs a fused kernel, ours a loop
in Python, which pays for about thirty calls a step, forward and backward: narrow nets feel that.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.seq2seq import Seq2Seq, Seq2SeqConfig

SIZES = ((32, 64), (32, 128), (64, 256))  # B, D
STEPS = (16, 64, 256, 1024)  # T


def forward_and_backward(net: nn.Module, x: torch.Tensor) -> Callable[[], None]:
    def once() -> None:
        net.zero_grad()
        net(x)[0].sum().backward()

    return once


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def lstm_table(turns: int) -> None:
    print("LSTM, forward and backward; ratio = our seconds / theirs, aim at most 1.5")
    print(f"{'B':>4s} {'D':>4s} {'T':>5s} {'nn.LSTM ms':>11s} {'ours ms':>9s} {'ratio':>6s}")
    for B, D in SIZES:
        for T in STEPS:
            torch.manual_seed(0)
            x = torch.randn(B, T, D)
            theirs = forward_and_backward(nn.LSTM(D, D, batch_first=True), x)
            ours = forward_and_backward(LSTM(D, D), x)
            theirs(), ours()  # the first call sets things up
            taken = [(seconds(theirs), seconds(ours)) for _ in range(turns)]
            a, b = (1000 * statistics.median(column) for column in zip(*taken, strict=True))
            ratio = statistics.median(mine / their for their, mine in taken)
            print(f"{B:4d} {D:4d} {T:5d} {a:11.1f} {b:9.1f} {ratio:6.2f}", flush=True)


def decoder_table(turns: int, B: int = 64, S: int = 20) -> None:
    print(f"Decoder writing freely: {B} texts at once, {S} source tokens, width 64")
    print(f"{'attention':10s} {'steps/s':>8s} {'tokens/s':>9s} {'time beside none':>17s}")
    models = {}
    for kind in ("none", "dot", "additive"):
        torch.manual_seed(0)
        cfg = Seq2SeqConfig(source_vocab=20, target_vocab=20, width=64, attention=kind)
        models[kind] = Seq2Seq(cfg).eval()
        models[kind].out.bias.data[cfg.end_id] = -1e9  # never ends: each run has all its steps
    source = torch.randint(3, 20, (B, S), generator=torch.Generator().manual_seed(0))
    n_steps = 100
    rows = []
    for turn in range(turns + 1):
        row = {k: seconds(lambda m=m: m.generate(source, n_steps)) for k, m in models.items()}
        if turn:  # the first sets things up
            rows.append(row)
    for kind in models:
        rate = statistics.median(n_steps / row[kind] for row in rows)
        beside = statistics.median(row[kind] / row["none"] for row in rows)
        print(f"{kind:10s} {rate:8.0f} {rate * B:9.0f} {beside:17.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    lstm_table(given.turns)
    decoder_table(given.turns)
