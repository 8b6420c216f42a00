"""The one stack. It does not know whether it is BERT or GPT: the caller brings the mask.

Shapes: B texts, T positions, D width, F width of the feed-forward layer.
"""

import math

import torch
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord, MultiHeadAttention
from bertgpt.config import TransformerConfig
from bertgpt.masks import check_mask
from bertgpt.shapes import check_shape, check_whole


class FeedForward(nn.Module):
    """Two layers at each position by itself (Vaswani et al. 2017, 3.3).

    Between them that paper has max(0, x); BERT and GPT have GELU (Hendrycks and
    Gimpel 2016).
    """

    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        self.up = nn.Linear(cfg.width, cfg.ff_width)
        self.act = nn.GELU(approximate="tanh" if cfg.gelu == "tanh" else "none")
        self.down = nn.Linear(cfg.ff_width, cfg.width)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.act(self.up(x))  # (B, T, F)
        return self.down(hidden)  # (B, T, D)


class Block(nn.Module):
    """Attention, then feed-forward; each adds to what passes by (a residual connection).

    norm="post" normalises after each addition (Vaswani et al. 2017; BERT); norm="pre" normalises
    what each layer reads, never the sum itself (Radford et al. 2019; GPT-2).
    """

    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        self.pre = cfg.norm == "pre"
        self.attn = MultiHeadAttention(cfg)
        self.norm_attn = nn.LayerNorm(cfg.width, eps=cfg.norm_eps)
        if cfg.ff_width:
            self.ff: FeedForward | None = FeedForward(cfg)
            self.norm_ff = nn.LayerNorm(cfg.width, eps=cfg.norm_eps)
        else:
            self.ff = None
        self.drop = nn.Dropout(cfg.dropout)

    def forward(
        self, x: Tensor, mask: Tensor, records: list[AttentionRecord] | None = None
    ) -> Tensor:
        if self.pre:
            x = x + self.drop(self.attn(self.norm_attn(x), mask, records))
            return x if self.ff is None else x + self.drop(self.ff(self.norm_ff(x)))
        x = self.norm_attn(x + self.drop(self.attn(x, mask, records)))
        return x if self.ff is None else self.norm_ff(x + self.drop(self.ff(x)))


class Transformer(nn.Module):
    """Embeddings and blocks: token ids in, a vector for each position out.

    Ids and masks are checked by their values. So `torch.compile` works, while `torch.export` and
    `torch.vmap`, which see no values, do not.
    """

    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        self.cfg = cfg
        self.tokens = nn.Embedding(cfg.vocab_size, cfg.width)
        learned = cfg.positions == "learned"
        self.positions = nn.Embedding(cfg.max_positions, cfg.width) if learned else None
        self.segments = nn.Embedding(cfg.n_segments, cfg.width) if cfg.n_segments else None
        self.blocks = nn.ModuleList(Block(cfg) for _ in range(cfg.n_layers))
        norm = nn.LayerNorm(cfg.width, eps=cfg.norm_eps)
        self.embed_norm = norm if cfg.norm == "post" else None  # after the embeddings
        self.final_norm = norm if cfg.norm == "pre" else None  # after the last block
        self.drop = nn.Dropout(cfg.dropout)
        init_weights(self, cfg)
        if cfg.norm == "pre":  # keeps the sum of 2 n_layers additions at one size (GPT-2, 2.3)
            for name, weight in self.named_parameters():
                if name.endswith(("out.weight", "down.weight")):
                    nn.init.normal_(weight, std=cfg.init_std / math.sqrt(2 * cfg.n_layers))

    def forward(
        self,
        token_ids: Tensor,
        mask: Tensor,
        segment_ids: Tensor | None = None,
        records: list[AttentionRecord] | None = None,
        position_ids: Tensor | None = None,
    ) -> Tensor:
        """Read a batch of texts.

        Args:
            token_ids: (B, T) int64 in [0, V), T at most `max_positions`.
            mask: (T, T) or (B, 1, T, T), True where t may read s. It has no default:
                no model is causal, or not, by accident.
            segment_ids: (B, T) int64 in [0, n_segments); None means all 0.
            records: a list that gets one `AttentionRecord` per layer.
            position_ids: (B, T) int64 in [0, max_positions), as `count_positions` has
                them; None means 0 to T - 1 in each text.
        Returns:
            (B, T, D).
        Raises:
            ValueError: for ids, lengths, masks or segments that do not fit.
        """
        x = self.drop(self.embed(token_ids, segment_ids, position_ids))  # (B, T, D)
        B, T = token_ids.shape
        check_mask(mask, B, T, T, self.cfg.n_heads)
        return self.run(x, mask, records)

    def run(
        self,
        x: Tensor,
        mask: Tensor,
        records: list[AttentionRecord] | None = None,
    ) -> Tensor:
        """All blocks, then the final norm if there is one: (B, T, D) -> (B, T, D)."""
        for block in self.blocks:
            x = block(x, mask, records)
        return x if self.final_norm is None else self.final_norm(x)

    def embed(
        self,
        token_ids: Tensor,
        segment_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
    ) -> Tensor:
        """The vectors that enter the first block: (B, T) -> (B, T, D)."""
        self._check(token_ids, segment_ids, position_ids)
        x = self.tokens(token_ids)
        if self.positions is not None:
            if position_ids is None:
                position_ids = torch.arange(token_ids.shape[1], device=token_ids.device)
            x = x + self.positions(position_ids)
        if self.segments is not None:
            zeros = torch.zeros_like(token_ids)
            x = x + self.segments(zeros if segment_ids is None else segment_ids)
        return x if self.embed_norm is None else self.embed_norm(x)

    def _check(
        self, token_ids: Tensor, segment_ids: Tensor | None, position_ids: Tensor | None
    ) -> None:
        check_shape("token_ids", token_ids, "B T")
        B, T = token_ids.shape
        if T > self.cfg.max_positions:
            raise ValueError(
                f"token_ids has {T} positions, this model reads at most {self.cfg.max_positions}; "
                "shorten the texts, or make the model with a larger max_positions"
            )
        _check_range("token_ids", token_ids, "vocab_size", self.cfg.vocab_size)
        if segment_ids is not None:
            if self.segments is None:
                raise ValueError(
                    "segment_ids were given, but this model has no segments (n_segments=0); leave "
                    "them out, or make the model with n_segments=2"
                )
            check_shape("segment_ids", segment_ids, "B T", B=B, T=T)
            _check_range("segment_ids", segment_ids, "n_segments", self.cfg.n_segments)
        if position_ids is not None:
            check_shape("position_ids", position_ids, "B T", B=B, T=T)
            _check_range("position_ids", position_ids, "max_positions", self.cfg.max_positions)


def _check_range(name: str, ids: Tensor, size: str, n: int) -> None:
    """Raise ValueError unless all ids are in [0, n)."""
    check_whole(name, ids)
    # CUDA stops at a wrong id by itself; MPS reads zeros in its place and says nothing.
    if ids.device.type in ("cuda", "meta") or not ids.numel():
        return
    low, high = torch.aminmax(ids)
    if low < 0 or high >= n:
        wrong = int(low if low < 0 else high)
        tokens = "; encode the text with the tokenizer that the model was made for"
        advice = tokens if name == "token_ids" else ""
        raise ValueError(
            f"{name} holds {wrong}, where 0 to {n - 1} are allowed ({size}={n}){advice}"
        )


def init_weights(module: nn.Module, cfg: TransformerConfig) -> None:
    """Fill new weights as both papers do: normal with `init_std`, biases 0, norms 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=cfg.init_std)
            if isinstance(part, nn.Linear) and part.bias is not None:
                nn.init.zeros_(part.bias)
