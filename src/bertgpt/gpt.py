"""GPT: a position reads what came before, the next token is guessed (Radford et al. 2018, 2019)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord
from bertgpt.config import SPECIAL_IDS, SpecialIds, TransformerConfig
from bertgpt.heads import LanguageModelHead
from bertgpt.masks import causal_mask, count_positions, or_itself, padding_mask
from bertgpt.objectives import IGNORE, causal_targets, token_loss
from bertgpt.shapes import check_shape
from bertgpt.transformer import Transformer


class GPT(nn.Module):
    """The stack, a mask, an objective and a head.  Shapes: token_ids, segment_ids (B, T) int64.

    `bert.py` and `gpt.py` are alike line by line, so names that only one of them needs are in both.
    """

    def __init__(
        self,
        cfg: TransformerConfig,
        special: SpecialIds = SPECIAL_IDS,
        head: Callable[[Transformer], nn.Module] = LanguageModelHead,
    ) -> None:
        super().__init__()
        self.special = special
        self.stack = Transformer(cfg)
        self.head = head(self.stack)

    def hidden(
        self,
        token_ids: Tensor,
        segment_ids: Tensor | None = None,
        records: list[AttentionRecord] | None = None,
    ) -> Tensor:
        """A vector for each position, (B, T, D); `records` gets the attention of each layer."""
        check_shape("token_ids", token_ids, "B T")
        mask = causal_mask(token_ids.shape[-1], device=token_ids.device)
        mask = or_itself(mask & padding_mask(token_ids, self.special.pad))
        position_ids = count_positions(token_ids, self.special.pad)  # without padding
        return self.stack(token_ids, mask, segment_ids, records, position_ids)

    def forward(self, token_ids: Tensor, segment_ids: Tensor | None = None) -> Tensor:
        """Output of the head: (B, T, V) scores of tokens, unless another head was given."""
        return self.head(self.hidden(token_ids, segment_ids))

    def loss(self, token_ids: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Mean surprise at the target tokens, in nats."""
        seen, targets = token_ids, causal_targets(token_ids, self.special.pad)
        chosen = targets != IGNORE
        return token_loss(self.head(self.hidden(seen)[chosen]), targets[chosen])
