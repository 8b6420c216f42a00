"""BERT: every position reads every other, hidden tokens are guessed (Devlin et al. 2019)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord
from bertgpt.config import SPECIAL_IDS, SpecialIds, TransformerConfig
from bertgpt.heads import MaskedTokenHead
from bertgpt.masks import bidirectional_mask, padding_mask
from bertgpt.objectives import IGNORE, mask_tokens, token_loss
from bertgpt.shapes import check_shape
from bertgpt.transformer import Transformer


class BERT(nn.Module):
    """The stack, a mask, an objective and a head.  Shapes: token_ids, segment_ids (B, T) int64.

    `bert.py` and `gpt.py` are alike line by line, so names that only one of them needs are in both.
    """

    def __init__(
        self,
        cfg: TransformerConfig,
        special: SpecialIds = SPECIAL_IDS,
        head: Callable[[Transformer], nn.Module] = MaskedTokenHead,
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
        mask = bidirectional_mask(token_ids.shape[-1], device=token_ids.device)
        mask = mask & padding_mask(token_ids, self.special.pad)
        position_ids = None  # by column, as in `transformers`
        return self.stack(token_ids, mask, segment_ids, records, position_ids)

    def forward(self, token_ids: Tensor, segment_ids: Tensor | None = None) -> Tensor:
        """Output of the head: (B, T, V) scores of tokens, unless another head was given."""
        return self.head(self.hidden(token_ids, segment_ids))

    def loss(self, token_ids: Tensor, generator: torch.Generator) -> Tensor:
        """Mean surprise at the target tokens, in nats."""
        V = self.stack.cfg.vocab_size
        seen, targets = mask_tokens(token_ids, self.special, vocab_size=V, generator=generator)
        chosen = targets != IGNORE
        return token_loss(self.head(self.hidden(seen)[chosen]), targets[chosen])
