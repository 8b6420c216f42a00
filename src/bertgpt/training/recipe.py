"""The task that a stack is trained for: its mask and its objective, named apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds
from bertgpt.gpt import GPT
from bertgpt.heads import PretrainingHead
from bertgpt.masks import (
    bidirectional_mask,
    causal_mask,
    count_positions,
    or_itself,
    padding_mask,
    prefix_mask,
)
from bertgpt.objectives import IGNORE, causal_targets, mask_at_all_rates, mask_tokens
from bertgpt.training.ragged import Ragged

MASKS = ("causal", "full", "prefix")
OBJECTIVES = ("next-token", "masked", "all-rates")
Model = BERT | GPT


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A mask, an objective, and what goes with them.

    BERT is full and masked, GPT causal and next-token. Any mask goes with any objective: what
    makes no sense is worth seeing, too (under a full mask the next token is copied).
    """

    mask: Literal["causal", "full", "prefix"]
    objective: Literal["next-token", "masked", "all-rates"]
    mask_rate: float = 0.15  # of the objective "masked", with its split 80/10/10
    next_sentence: bool = False  # pairs of segments, and whether the second follows

    def __post_init__(self) -> None:
        for name, allowed in (("mask", MASKS), ("objective", OBJECTIVES)):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is unknown; take one of {', '.join(allowed)}"
                )
        if not 0 < self.mask_rate < 1:
            raise ValueError(f"mask_rate={self.mask_rate} must lie between 0 and 1; 0.15 is usual")
        if self.next_sentence and self.objective == "next-token":
            raise ValueError(
                "next_sentence goes with the objectives masked and all-rates: a model that guesses "
                "the next token reads on into the second segment anyway; leave it out"
            )


BERT_RECIPE = Recipe(mask="full", objective="masked")
GPT_RECIPE = Recipe(mask="causal", objective="next-token")


class Task(NamedTuple):
    """A batch as a model is asked: what it sees, and what it should say.

    Rows are texts, so a part of a batch is the same rows of each field.
    """

    seen: Tensor  # (B, T)
    readable: Tensor  # (B, 1, T, S), True where t may read s
    position_ids: Tensor  # (B, T)
    targets: Tensor  # (B, T), IGNORE where nothing is guessed
    weights: Tensor  # (B, T) float32, of each guess; 0 where none is made
    segment_ids: Tensor | None = None  # (B, T)
    labels: Tensor | None = None  # (B,), of next sentence

    def rows(self, part: slice) -> "Task":
        """The same fields of some of the texts."""
        return self._each(lambda x: x[part])

    def to(self, device: torch.device) -> "Task":
        """The same on another device."""
        return self._each(lambda x: x.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Task":
        fields: list[Any] = [None if x is None else change(x) for x in self]
        return Task(*fields)


def set_task(
    recipe: Recipe,
    token_ids: Tensor,
    special: SpecialIds,
    *,
    vocab_size: int,
    generator: torch.Generator,
    labels: Tensor | None = None,
) -> Task:
    """Turn texts, (B, T) int64, into what is seen and what is guessed.

    Args:
        labels: (B,), of pairs of segments, whether the second follows; None for single texts.
    Raises:
        ValueError: as `mask_tokens` and `mask_at_all_rates`.
    """
    B, T = token_ids.shape
    readable = padding_mask(token_ids, special.pad).expand(B, 1, T, T)
    seen, weights = token_ids, None
    if recipe.objective == "masked":
        seen, targets = mask_tokens(
            token_ids, special, vocab_size=vocab_size, rate=recipe.mask_rate, generator=generator
        )
    elif recipe.objective == "all-rates":
        seen, targets, weights = mask_at_all_rates(token_ids, special, generator=generator)
    else:
        targets = causal_targets(token_ids, special.pad)
    if recipe.mask == "full":
        readable = readable & bidirectional_mask(T)
    elif recipe.mask == "causal":
        readable = or_itself(readable & causal_mask(T))
    else:
        length = (token_ids != special.pad).sum(dim=1)  # (B,)
        prefix = 1 + (torch.rand(B, generator=generator) * (length - 1)).long()  # 1 to length - 1
        readable = or_itself(readable & prefix_mask(T, prefix))
        if recipe.objective == "next-token":  # inside the prefix the next token would be copied
            inside = torch.arange(T) < prefix[:, None] - 1
            targets = targets.masked_fill(inside, IGNORE)
    if weights is None:
        weights = (targets != IGNORE).float()
    columns = torch.arange(T).expand(B, T)
    places = columns if recipe.mask == "full" else count_positions(token_ids, special.pad)
    places = columns if places is None else places
    segments = None if labels is None else segment_ids(token_ids, special)
    return Task(seen, readable, places, targets, weights, segments, labels)


def segment_ids(token_ids: Tensor, special: SpecialIds) -> Tensor:
    """0 up to the first [SEP], then 1; 0 on padding.  (B, T) -> (B, T).

    >>> ids = torch.tensor([[2, 7, 3, 8, 3, 0]])
    >>> segment_ids(ids, SpecialIds()).tolist()
    [[0, 0, 0, 1, 1, 0]]
    """
    ends = (token_ids == special.sep).long()
    return (ends.cumsum(dim=1) - ends).clamp(max=1).masked_fill(token_ids == special.pad, 0)


def mean_guesses(recipe: Recipe, texts: Ragged, special: SpecialIds) -> float:
    """The sum of the weights of guesses that a text is expected to have, a mean over texts.

    >>> texts = Ragged.of([[2, 7, 8, 3], [2, 7, 8, 9, 10, 3]])
    >>> mean_guesses(GPT_RECIPE, texts, SpecialIds())
    4.0
    >>> round(mean_guesses(BERT_RECIPE, texts, SpecialIds()), 2)
    0.45
    """
    if recipe.objective == "next-token":
        if recipe.mask == "prefix":  # a prefix of 1 to T - 1 tokens leaves T / 2 on average
            return float(texts.lengths.float().mean()) / 2
        return float(texts.lengths.float().mean()) - 1
    ordinary = ~torch.isin(texts.ids, torch.tensor(special, dtype=texts.ids.dtype))
    rate = recipe.mask_rate if recipe.objective == "masked" else 1.0
    return rate * int(ordinary.sum()) / len(texts)


class Learner(nn.Module):
    """A model and the losses that it is trained by; whatever spreads training wraps this module."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, task: Task) -> tuple[Tensor, Tensor]:
        """Losses of a batch or of a part of one, as sums in nats.

        Sums, because parts of a batch are added up: the caller divides them, whatever the part, by
        the same numbers (`mean_guesses` times the texts of a batch, and these texts).

        Returns:
            the weighted surprise at all guesses, and that at next sentence (0 without labels).
        """
        head = self.model.head
        h = self.model.stack(task.seen, task.readable, task.segment_ids, None, task.position_ids)
        chosen = task.targets != IGNORE
        scores = head.token if isinstance(head, PretrainingHead) else head
        logits = scores(h[chosen]).float()  # (N, V)
        surprise = F.cross_entropy(logits, task.targets[chosen], reduction="none")
        tokens = (surprise * task.weights[chosen]).sum()
        if task.labels is None:
            return tokens, torch.zeros_like(tokens)
        assert isinstance(head, PretrainingHead), "labels are asked of a head that answers them"
        return tokens, F.cross_entropy(head.pair(h).float(), task.labels, reduction="sum")
