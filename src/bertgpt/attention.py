"""Attention: each position takes a weighted mean of what it may read.

Shapes: B texts, H heads, T queries, S keys, K width of a head, D = H K.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.config import TransformerConfig


class AttentionRecord(NamedTuple):
    """Record of one attention layer, made only on request."""

    weights: Tensor  # (B, H, T, S), each row sums to 1
    queries: Tensor  # (B, H, T, K)
    keys: Tensor  # (B, H, S, K)


def attention_weights(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(K)) over the keys that may be read (Vaswani et al. 2017, 3.2.1).

    Args:
        q: (..., T, K) queries.
        k: (..., S, K) keys.
        mask: (T, S) or wider, True where t may read s.
    Returns:
        (..., T, S); a row sums to 1, and is nan where nothing may be read.

    >>> q, k = torch.zeros(1, 4), torch.zeros(3, 4)
    >>> attention_weights(q, k, torch.tensor([[True, True, False]])).tolist()
    [[0.5, 0.5, 0.0]]
    """
    return masked_softmax(dot_scores(q, k) / math.sqrt(q.shape[-1]), mask)  # (..., T, S)


def dot_scores(q: Tensor, k: Tensor) -> Tensor:
    """q^T k for each query and key: (..., T, K) and (..., S, K) make (..., T, S).

    The "dot" form of Luong, Pham and Manning (2015, 3.1): no weights of its own.
    """
    return q @ k.transpose(-2, -1)  # (..., T, S)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Scores (..., T, S) as weights over the keys that may be read."""
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)  # (..., T, S)


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention in H heads (Vaswani et al. 2017, 3.2.2)."""

    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        self.n_heads = cfg.n_heads
        self.query = nn.Linear(cfg.width, cfg.width)
        self.key = nn.Linear(cfg.width, cfg.width)
        self.value = nn.Linear(cfg.width, cfg.width)
        self.out = nn.Linear(cfg.width, cfg.width)
        self.dropout = nn.Dropout(cfg.dropout)

    def forward(
        self, x: Tensor, mask: Tensor, records: list[AttentionRecord] | None = None
    ) -> Tensor:
        """Let every position read.

        Args:
            x: (B, T, D).
            mask: (T, S) or (B, 1, T, S), True where t may read s; here S = T.
            records: a list to which weights, queries and keys are appended. Without it PyTorch's
                fused kernel computes the same numbers and never forms the weights.
        Returns:
            (B, T, D).
        """
        B, T, D = x.shape
        q, k, v = (
            proj(x).view(B, T, self.n_heads, D // self.n_heads).transpose(1, 2)
            for proj in (self.query, self.key, self.value)
        )  # each (B, H, T, K)
        if records is None:
            p = self.dropout.p if self.training else 0.0
            mixed = F.scaled_dot_product_attention(q, k, v, mask, dropout_p=p)  # (B, H, T, K)
        else:
            weights = attention_weights(q, k, mask)  # (B, H, T, S)
            records.append(AttentionRecord(weights, q, k))
            mixed = self.dropout(weights) @ v  # (B, H, T, K)
        mixed = mixed.transpose(1, 2).reshape(B, T, D)  # heads side by side
        return self.out(mixed)
