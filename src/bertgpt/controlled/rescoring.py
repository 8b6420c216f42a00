"""A left-to-right model reads both sides: every filling of a gap is put in, and the text scored.

By Bayes' rule P(filling | all the rest) is P(the text with it), divided by the sum over all
fillings. With 70 words that sum is exact. What a gap costs so is one reading for each word.

Shapes: B texts, T positions, V tokens, K fillings.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.readers import ROWS, is_special
from bertgpt.masks import causal_mask
from bertgpt.objectives import IGNORE, causal_targets


def next_log_probs(model: BERT, ids: Tensor) -> Tensor:
    """Log-probabilities of the token after each position, read from the left: (B, T, V)."""
    with torch.inference_mode():
        return model.head(model.stack(ids, causal_mask(ids.shape[1]))).log_softmax(dim=-1)


def log_prob(model: BERT, ids: Tensor) -> Tensor:
    """Log-probability of each text by the chain rule, its end included, in nats: (B,).

    Padding has to come last, where no token before it reads it.
    """
    found = []
    for rows in ids.split(ROWS):
        targets = causal_targets(rows, SPECIAL_IDS.pad)
        asked = targets != IGNORE
        log_probs = next_log_probs(model, rows)
        picked = log_probs.gather(2, targets.masked_fill(~asked, 0)[..., None])[..., 0]
        found.append((picked * asked).double().sum(dim=1))
    return torch.cat(found)


@dataclass(frozen=True)
class Rescored:
    """A reader of both sides, made of a model that reads from the left."""

    model: BERT

    def guess(self, ids: Tensor, places: Tensor) -> Tensor:
        """As `Reader.guess`, of texts with no other gap.

        Raises:
            ValueError: for a text that has one: its fillings would have to be summed as well.
        """
        words = (~is_special()).nonzero()[:, 0]  # (K,)
        gaps = (ids == SPECIAL_IDS.mask).scatter(1, places[:, None], False)
        if bool(gaps.any()):
            text, place = gaps.nonzero()[0].tolist()
            raise ValueError(
                f"text {text} has a second gap, at position {place}; fill it first, or rank whole "
                "pairs with pair_fillings"
            )
        B, K = len(ids), len(words)
        filled = ids.repeat_interleave(K, dim=0)
        filled = filled.scatter(1, places.repeat_interleave(K)[:, None], words.repeat(B)[:, None])
        scores = log_prob(self.model, filled).view(B, K)
        found = torch.full((B, len(is_special())), -torch.inf, dtype=torch.float64)
        found[:, words] = scores
        return found.log_softmax(dim=1)


class Fillings(NamedTuple):
    """Fillings of two gaps, and how likely each is."""

    words: Tensor  # (K, 2)
    log_probs: Tensor  # (K,), of the filling given the whole rest; they sum to 1
    left_out: float  # probability, given what comes before the second, of fillings not listed


def pair_fillings(model: BERT, text: Tensor, places: tuple[int, int], keep: int = 512) -> Fillings:
    """Rank fillings of two places of a text by what a left-to-right model says of the whole.

    All V^2 pairs are scored up to the second place, in V readings; those that are likeliest so
    are scored with what follows.

    Args:
        text: (T,), padded at the end or not.
        places: the first before the second.
        keep: how many are scored with what follows.
    """
    words = (~is_special()).nonzero()[:, 0]  # (V,)
    i, j = places
    begun = text[:j].repeat(len(words), 1)
    begun[:, i] = words
    log_probs = next_log_probs(model, begun)  # (V, j, all tokens)
    said = log_probs[:, i - 1 : j - 1].gather(2, begun[:, i:, None])[..., 0].sum(dim=1)
    joint = (said[:, None] + log_probs[:, j - 1][:, words]).flatten().log_softmax(0)
    likeliest = joint.topk(min(keep, len(joint))).indices
    pairs = torch.stack([words[likeliest // len(words)], words[likeliest % len(words)]], dim=1)
    filled = text.repeat(len(pairs), 1)
    filled[:, [i, j]] = pairs
    left_out = max(0.0, 1.0 - joint[likeliest].exp().sum().item())
    return Fillings(pairs, log_prob(model, filled).log_softmax(0), left_out)
