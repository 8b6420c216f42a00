"""BERT: every position reads every other, hidden tokens are guessed (Devlin et al. 2019)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord
from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.heads import MaskedTokenHead
from bertgpt.masks import bidirectional_mask, padding_mask
from bertgpt.objectives import IGNORE, mask_tokens, token_loss
from bertgpt.transformer import Transformer


class BERT(nn.Module):
    """The stack, a mask, an objective and a head.  Shapes: token_ids, segment_ids (B, T) int64."""

    def __init__(
        self,
        cfg: TransformerConfig,
        special: SpecialIds = SpecialIds(),  # noqa: B008 - a tuple, nothing can change it
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
        mask = bidirectional_mask(token_ids.shape[-1], device=token_ids.device)
        mask = mask & padding_mask(token_ids, self.special.pad)
        return self.stack(token_ids, mask, segment_ids, records)

    def forward(self, token_ids: Tensor, segment_ids: Tensor | None = None) -> Tensor:
        """What the head reads out: (B, T, V) scores of tokens, unless another head was given."""
        return self.head(self.hidden(token_ids, segment_ids))

    def loss(self, token_ids: Tensor, generator: torch.Generator) -> Tensor:
        """Mean surprise in nats at the tokens that are to be guessed."""
        V = self.stack.cfg.vocab_size
        seen, targets = mask_tokens(token_ids, self.special, vocab_size=V, generator=generator)
        chosen = targets != IGNORE
        return token_loss(self.head(self.hidden(seen)[chosen]), targets[chosen])
