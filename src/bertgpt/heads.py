"""What is read out of the stack. A head turns hidden states (B, T, D) into answers."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.transformer import Transformer, init_weights


class LanguageModelHead(nn.Module):
    """GPT's: a score for each token, by the token table itself (no weights of its own)."""

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.table = stack.tokens

    def forward(self, h: Tensor) -> Tensor:
        return F.linear(h, self.table.weight)  # (B, T, D) @ (D, V) -> (B, T, V)


class MaskedTokenHead(nn.Module):
    """BERT's: one more layer, GELU and norm, then the token table and a bias for each token."""

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        cfg = stack.cfg
        self.dense = nn.Linear(cfg.width, cfg.width)
        self.act = nn.GELU(approximate="tanh" if cfg.gelu == "tanh" else "none")
        self.norm = nn.LayerNorm(cfg.width, eps=cfg.norm_eps)
        init_weights(self, cfg)
        self.table = stack.tokens
        self.bias = nn.Parameter(torch.zeros(cfg.vocab_size))

    def forward(self, h: Tensor) -> Tensor:
        h = self.norm(self.act(self.dense(h)))  # (B, T, D)
        return F.linear(h, self.table.weight, self.bias)  # (B, T, V)
