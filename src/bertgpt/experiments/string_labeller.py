"""A Transformer that labels each token of a string, with positions counted in one of three ways."""

from typing import Literal

import torch
from torch import Tensor, nn

from bertgpt.config import TransformerConfig
from bertgpt.masks import causal_mask
from bertgpt.transformer import Transformer

Places = Literal["numbered", "random start", "none"]


class StringLabeller(nn.Module):
    """The stack under a causal mask, two layers of width 32 with 4 heads, and two labels.

    Args:
        places: "numbered": positions count from 0, so those of longer strings are new.
            "random start": while training each string begins at a random number, so that all
            positions are known. "none": no position table.
        longest: the longest string, in tokens.
        init_std: standard deviation of new weights.
    """

    def __init__(self, places: Places, longest: int, init_std: float = 0.15) -> None:
        super().__init__()
        self.places, self.longest = places, longest
        cfg = TransformerConfig(
            vocab_size=3, max_positions=longest, width=32, n_layers=2, n_heads=4,
            init_std=init_std, positions="none" if places == "none" else "learned",
        )  # fmt: skip
        self.stack, self.read = Transformer(cfg), nn.Linear(cfg.width, 2)

    def forward(self, token_ids: Tensor) -> Tensor:
        B, T = token_ids.shape
        position_ids = None
        if self.places == "random start" and self.training:
            first = torch.randint(self.longest - T + 1, (B, 1), device=token_ids.device)
            position_ids = first + torch.arange(T, device=token_ids.device)  # (B, T)
        mask = causal_mask(T, device=token_ids.device)
        return self.read(self.stack(token_ids, mask, position_ids=position_ids))  # (B, T, 2)
