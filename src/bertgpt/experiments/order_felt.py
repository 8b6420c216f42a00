"""Page 08, C48, E10: shuffle the words; do the outputs only move along, f(P x) = P f(x)?"""

from typing import Any

import torch

from bertgpt.config import TransformerConfig
from bertgpt.experiments.influence import MASKS, scrambled_stack
from bertgpt.experiments.runner import experiment


@experiment("order_felt")
def order_felt(seed: int) -> dict[str, Any]:
    """Largest difference between the two sides, by mask and with and without positions."""
    T, V = 8, 20
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(V, (1, T), generator=generator)
    shuffle = torch.randperm(T, generator=generator)
    found = {}
    for positions in ("none", "learned"):
        cfg = TransformerConfig(
            vocab_size=V, max_positions=T, width=24, n_layers=3, positions=positions
        )
        stack = scrambled_stack(cfg, seed)
        for name, make in MASKS.items():
            with torch.no_grad():
                moved = stack(ids[:, shuffle], make(T)) - stack(ids, make(T))[:, shuffle]
            found[f"{name}, {positions}"] = moved.abs().max().item()
    return found
