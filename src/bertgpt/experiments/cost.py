"""Page 10, C50, E08: what a Transformer block costs beside a recurrent layer."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from bertgpt.config import TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.masks import bidirectional_mask
from bertgpt.transformer import Block

LENGTHS = (16, 64, 256, 1024)
WIDTHS = (64, 256)
N_HEADS = 4


def block_flops(n: int, width: int, ff_width: int = -1) -> int:
    """Additions and multiplications in the matrix products of one block, one text, forward.

    A product of (a, b) by (b, c) is 2abc of them. Four projections are 8 n D^2, the two layers of
    the feed-forward part 4 n D F, scores and mixture 4 n^2 D.

    >>> block_flops(1, 10)  # 24 n D^2 + 4 n^2 D for F = 4 D
    2440
    """
    ff = 4 * width if ff_width == -1 else ff_width
    return 8 * n * width**2 + 4 * n * width * ff + 4 * n**2 * width


def lstm_flops(n: int, width: int) -> int:
    """The same for an LSTM layer: four gates, each reads the input and the state, 16 n D^2."""
    return 16 * n * width**2


def block(width: int) -> Block:
    """One block with F = 4 D and random weights."""
    return Block(
        TransformerConfig(vocab_size=1, max_positions=1, width=width, n_heads=N_HEADS, n_layers=1)
    )


def run_in_a_loop(cell: nn.LSTMCell, x: Tensor) -> Tensor:
    """An LSTM as a loop of Python: (B, T, D) -> (B, T, D)."""
    h = c = x.new_zeros(len(x), cell.hidden_size)
    states = []
    for t in range(x.shape[1]):
        h, c = cell(x[:, t], (h, c))
        states.append(h)
    return torch.stack(states, dim=1)


def fused_states(net: nn.LSTM, x: Tensor) -> Tensor:
    """Output of the fused LSTM at each position: (B, T, D) -> (B, T, D)."""
    return net(x)[0]


PRODUCTS = ("MmBackward0", "BmmBackward0", "MvBackward0", "DotBackward0")
SUMS_WITH_PRODUCT = ("AddmmBackward0", "BaddbmmBackward0", "AddmvBackward0")  # a + b @ c
OPAQUE = ("ScaledDotProduct", "Mkldnn", "Cudnn", "Convolution", "Trilinear")  # products inside


def longest_chain(y: Tensor) -> int:
    """Matrix products that had to wait for one another until `y` was there.

    PyTorch notes for each result what it was made of, to go back for the gradient. This finds the
    longest way through these notes, counting the products on it.

    Raises:
        ValueError: if `y` was made without notes, or by a fused kernel, which hides its products.

    >>> x = torch.ones(2, 2, requires_grad=True)
    >>> longest_chain((x @ x) @ x + x @ x)
    2
    """
    if y.grad_fn is None:
        raise ValueError("y has no notes of how it was made; compute it with gradients enabled")
    chain: dict[Any, int] = {}
    todo: list[Any] = [y.grad_fn]
    while todo:
        node = todo[-1]
        parents = [parent for parent, _ in node.next_functions]
        if new := [p for p in parents if p is not None and p not in chain]:
            todo += new
            continue
        todo.pop()
        chain[node] = _chain_after(node.name(), [chain.get(parent, 0) for parent in parents])
    return chain[y.grad_fn]


def _chain_after(name: str, before: list[int]) -> int:
    """The longest chain up to and with one operation, from those of what it was made of."""
    if any(part in name for part in OPAQUE):
        raise ValueError(
            f"{name} hides its matrix products; write them out: attention with its weights "
            "recorded, an LSTM as a loop over its cell"
        )
    if name in PRODUCTS:
        return max(before) + 1
    if name in SUMS_WITH_PRODUCT:  # the product does not wait for what is added to it
        added, *factors = before
        return max(added, max(factors) + 1)
    return max(before, default=0)


def count_flops(run: Callable[[], Tensor]) -> dict[str, int]:
    """FLOPs as PyTorch's own counter sees them, and the longest chain."""
    with FlopCounterMode(display=False) as counter:
        y = run()
    return {"flops": counter.get_total_flops(), "chain": longest_chain(y)}


def seconds(run: Callable[[], Tensor], repeats: int) -> float:
    """Median time of forward and backward; the first run is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run().sum().backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


@experiment("cost")
def cost(seed: int) -> dict[str, Any]:
    """A block, a fused LSTM and a looped one: FLOPs, longest chain, seconds.

    Counts are for one text, forward; they are the same for each seed. Seconds are the median of
    five runs of forward and backward on 8 texts, on one thread. PyTorch's counter is blind to its
    fused kernels: the block's attention is counted with the weights formed, the LSTM as a loop.
    """
    torch.manual_seed(seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for width in WIDTHS:
        attention, fused = block(width), nn.LSTM(width, width, batch_first=True)
        cell = nn.LSTMCell(width, width)
        for n in LENGTHS:
            mask, x, one = bidirectional_mask(n), torch.randn(8, n, width), torch.randn(1, n, width)
            runs: dict[str, Callable[[], Tensor]] = {
                "block": partial(attention, x, mask),
                "fused LSTM": partial(fused_states, fused, x),
                "looped LSTM": partial(run_in_a_loop, cell, x),
            }
            found[f"{width} {n}"] = {
                "seconds": {name: seconds(run, 5) for name, run in runs.items()},
                "block": count_flops(partial(attention, one, mask, [])),
                "LSTM": count_flops(partial(run_in_a_loop, cell, one)),
            }
    torch.set_num_threads(threads)
    return found
