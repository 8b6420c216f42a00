"""Page 08, C43 C48 C74, E01: one stack, one set of weights, two masks: who influences whom?"""

from typing import Any

import torch

from bertgpt.attention import AttentionRecord
from bertgpt.config import TransformerConfig
from bertgpt.experiments.influence import MASKS, influence, scrambled_stack
from bertgpt.experiments.runner import experiment


@experiment("mask_decides")
def mask_decides(seed: int) -> dict[str, Any]:
    """Pairs of a position and a later one, how many are felt under either mask, and how much."""
    T, V = 8, 20
    cfg = TransformerConfig(vocab_size=V, max_positions=T, width=24, n_layers=3)
    stack = scrambled_stack(cfg, seed)
    ids = torch.randint(V, (T,), generator=torch.Generator().manual_seed(seed))
    later = torch.ones(T, T, dtype=torch.bool).triu(1)
    found: dict[str, Any] = {"pairs": int(later.sum())}
    for name, make in MASKS.items():
        records: list[AttentionRecord] = []
        norms = influence(stack, ids, make(T))
        with torch.no_grad():
            stack(ids[None], make(T), records=records)
        sums = torch.stack([record.weights.sum(-1) for record in records])
        found[name] = {
            "later_felt": int((norms[later] != 0).sum()),
            "largest_later": norms[later].max().item(),
            "smallest_earlier": norms[~later].min().item(),
            "row_sum_error": (sums - 1).abs().max().item(),
            "parameters": sum(p.numel() for p in stack.parameters()),
        }
    return found
