"""BERT's pretraining objective as a whole: masked tokens and next sentence together."""

from torch import Tensor

from bertgpt.heads import PretrainingHead
from bertgpt.objectives import IGNORE, token_loss


def pretraining_loss(head: PretrainingHead, h: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """BERT's whole objective, in nats: masked tokens and next sentence, one mean loss each, added.

    Args:
        head: of the model; it scores tokens only at targets.
        h: (B, T, D), hidden states of the corrupted pairs.
        targets: (B, T), as `mask_tokens` gives them.
        labels: (B,), as `next_sentence_pairs` gives them.
    """
    chosen = targets != IGNORE
    return token_loss(head.token(h[chosen]), targets[chosen]) + token_loss(head.pair(h), labels)
