"""Small models with every weight away from its default, and models whose scores are set by hand."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bertgpt.config import NO_SPECIAL_IDS, SPECIAL_IDS, SpecialIds, TransformerConfig
from bertgpt.gpt import GPT

V, P, D, L, H = 61, 11, 24, 2, 4
VARIANTS = {
    "pre": {},
    "post": {"norm": "post"},
    "no feed-forward": {"ff_width": 0},
    "post, no feed-forward": {"norm": "post", "ff_width": 0},
    "no positions": {"positions": "none"},
    "segments": {"n_segments": 2},
    "segments, no positions": {"n_segments": 2, "positions": "none"},
}


def config(**given: object) -> TransformerConfig:
    sizes = {"vocab_size": V, "max_positions": P, "width": D, "n_layers": L, "n_heads": H}
    return TransformerConfig(**sizes | given)


def scrambled(kind: type, cfg: TransformerConfig | None = None, **given: object) -> nn.Module:
    torch.manual_seed(0)
    model = kind(cfg or config(), **given).eval()
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=g))
    return model


class FromTable(nn.Module):
    """A head whose scores are a function of the last token, which the stack passes on as it is."""

    def __init__(self, scores: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.scores = scores

    def forward(self, h: Tensor) -> Tensor:
        return self.scores(h)


def bigram_gpt(
    log_probs: Tensor, special: SpecialIds = NO_SPECIAL_IDS, max_positions: int = 16
) -> GPT:
    """A GPT whose scores of the next token are a row of a table, (V, V), chosen by the last token.

    The embeddings are one-hot at V of the widths, the blocks add nothing, and the final norm, which
    keeps the order, is undone by looking for the largest.
    """
    n = len(log_probs)
    cfg = TransformerConfig(
        vocab_size=n, max_positions=max_positions, width=n, n_layers=1, n_heads=1, ff_width=0,
        positions="none",
    )  # fmt: skip
    model = GPT(cfg, special, head=lambda stack: FromTable(lambda h: log_probs[h.argmax(-1)]))
    with torch.no_grad():
        model.stack.tokens.weight.copy_(torch.eye(n))
        for part in (model.stack.blocks[0].attn.out.weight, model.stack.blocks[0].attn.out.bias):
            part.zero_()
    return model.eval()


__all__ = [
    "NO_SPECIAL_IDS",
    "SPECIAL_IDS",
    "VARIANTS",
    "bigram_gpt",
    "config",
    "scrambled",
]
