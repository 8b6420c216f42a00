"""Arithmetic of a training run, against counters, against built models and against a simulation."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bertgpt.config import TransformerConfig
from bertgpt.masks import causal_mask
from bertgpt.training import budget
from bertgpt.training.budget import H100, Machine
from bertgpt.transformer import Transformer

CFG = TransformerConfig(vocab_size=5, max_positions=24, width=24, n_layers=3, n_heads=2)


def test_operations_are_what_pytorch_counts() -> None:
    """6 N D for matrices and biases that are multiplied, and attention on top; no head."""
    B, T = 2, 24
    stack = Transformer(CFG)
    with FlopCounterMode(display=False) as counter:
        records: list = []  # the weights are formed, since a fused kernel hides its products
        ids = torch.zeros(B, T, dtype=torch.long)
        stack(ids, causal_mask(T), records=records).sum().backward()
    matrices = sum(p.numel() for p in stack.blocks.parameters() if p.ndim > 1)
    by_weights = budget.training_flops(matrices, B * T)
    by_attention = B * T * budget.attention_flops(CFG.n_layers, CFG.width, T)
    assert counter.get_total_flops() == by_weights + by_attention
    assert by_attention > 0.05 * by_weights


def ring(processes: int, gradients: list[list[float]]) -> tuple[list[list[float]], int]:
    """Add lists up in a ring, part by part: the sums in each process, and what each has sent."""
    p, sent = processes, 0
    held = [[[x] for x in own] for own in gradients]  # process -> part -> numbers
    for step in range(2 * (p - 1)):
        travelling = []
        for i in range(p):
            part = (i - step) % p if step < p - 1 else (i + 1 - (step - p + 1)) % p
            travelling.append((part, held[i][part]))
        for i, (part, numbers) in enumerate(travelling):
            there = held[(i + 1) % p]
            before = there[part]
            there[part] = [a + b for a, b in zip(before, numbers, strict=True)]
            if step >= p - 1:
                there[part] = numbers  # the sum itself, to be kept
        sent += 1
    return [[part[0] for part in own] for own in held], sent


@pytest.mark.parametrize("p", [2, 3, 5])
def test_a_ring_adds_up_and_sends_as_much_as_the_formula_says(p: int) -> None:
    gradients = [[float(10 * i + part) for part in range(p)] for i in range(p)]
    sums, parts_sent = ring(p, gradients)
    expected = [sum(column) for column in zip(*gradients, strict=True)]
    assert all(own == expected for own in sums)
    assert budget.ring_bytes(p, p, each=4) == pytest.approx(4 * parts_sent)


def test_where_sending_takes_as_long_as_computing_the_size_does_not_matter() -> None:
    tokens = budget.least_tokens(H100, budget.BF16)
    for weights in (1e8, 1e11):
        computing = budget.training_flops(weights, tokens) / H100.speed
        sending = 2 * weights * budget.BF16 / H100.link
        assert computing == pytest.approx(sending)
    slower = Machine("slow link", H100.peak, H100.used, H100.link / 10)
    assert budget.least_tokens(slower, budget.BF16) == pytest.approx(10 * tokens)


def test_the_state_of_adam_is_what_pytorch_keeps() -> None:
    stack = Transformer(CFG)
    optimizer = torch.optim.AdamW(stack.parameters())
    stack(torch.zeros(1, 3, dtype=torch.long), causal_mask(3)).sum().backward()
    optimizer.step()
    weights = sum(p.numel() for p in stack.parameters())
    kept = sum(p.nbytes + p.grad.nbytes for p in stack.parameters() if p.grad is not None)
    kept += sum(s[k].nbytes for s in optimizer.state.values() for k in ("exp_avg", "exp_avg_sq"))
    assert kept == weights * sum(budget.state_bytes(mixed=False).values())


def test_published_training_is_as_its_authors_say() -> None:
    known = {p.name: p for p in budget.PUBLISHED}
    gpt3 = known["GPT-3"]
    assert budget.training_flops(gpt3.weights, gpt3.tokens or 0) == pytest.approx(3.14e23, rel=0.01)
    # BERT's authors say "about 40 epochs" of 3.3 billion words, with all steps at 512 tokens.
    assert 256 * 512 * 1_000_000 / 3.3e9 == pytest.approx(40, abs=1)
    assert known["BERT-base"].tokens == pytest.approx(42.6e9, rel=0.01)
    assert known["GPT-2"].tokens is None
