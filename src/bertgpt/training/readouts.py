"""Where the answer to a text is read off the stack, and how it is scored.

All models read the same input, [CLS] first [SEP] or [CLS] first [SEP] second [SEP]. For GPT these
are the start, delimiter and extract tokens of Radford et al. (2018, 3.3); for BERT they are the
input of Devlin et al. (2019, figure 4). What differs is the place where the answer is read:

    TextLabel("first")  a text's label at [CLS], through BERT's pooler
    TextLabel("last")   a text's label at the last token, where GPT has read everything
    WordLabels          a label at each labelled word
    Span("each")        begin and end of an answer, by a score at each position
    Span("last")        the same from the state at the last token, which points at positions

Shapes: B texts, T positions, D width, C choices, N answers in a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.config import SpecialIds
from bertgpt.heads import SequenceHead, SpanHead, TokenHead, label_layer, last_token
from bertgpt.objectives import IGNORE
from bertgpt.transformer import Transformer


class Example(NamedTuple):
    """A text or a pair of texts as ids, without special tokens, and its answer.

    The answer is a label, (3,); or a label for each token of the first text, IGNORE where none is
    asked; or the first and the last position of a span in the first text.
    """

    parts: tuple[Sequence[int], ...]
    answer: tuple[int, ...]


def encode_example(example: Example, special: SpecialIds) -> Tensor:
    """The ids that every model reads: (T,).

    >>> encode_example(Example(([7, 8], [9]), (0,)), SpecialIds()).tolist()
    [2, 7, 8, 3, 9, 3]
    """
    ids = [special.cls]
    for part in example.parts:
        ids += [*part, special.sep]
    return torch.tensor(ids)


class PointerHead(nn.Module):
    """The state at one position asks, those at all positions are compared with what it asks for.

    One matrix for the begin and one for the end. A causal model points from its last token, where
    it has read the question; the pointer is that of Vinyals et al. (2015), without its tanh.
    """

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.labels = label_layer(stack, 2 * stack.cfg.width)

    def forward(self, h: Tensor, asking: Tensor) -> Tensor:
        """Scores of positions.

        Args:
            h: (B, T, D), states of the positions to point at.
            asking: (B, D), the state that asks.
        Returns:
            Scores of begin and end, (B, T, 2).
        """
        B, T, D = h.shape
        wanted = self.labels(asking).view(B, 2, D)
        return h @ wanted.transpose(1, 2) / D**0.5  # (B, T, 2)


@dataclass(frozen=True)
class TextLabel:
    """One of `n_labels` for a text or a pair, at its first token or at its last."""

    n_labels: int
    place: Literal["first", "last"]
    each: ClassVar[str] = "text"

    def make_head(self, stack: Transformer) -> nn.Module:
        if self.place == "first":
            return SequenceHead(stack, self.n_labels)
        return TokenHead(stack, self.n_labels)

    def check(self, example: Example) -> str:
        """The fault of an answer; "" if nothing is."""
        if len(example.answer) != 1:
            return f"has {len(example.answer)} labels, where a text has one"
        return _outside(example.answer, self.n_labels)

    def targets(self, examples: Sequence[Example], T: int) -> Tensor:
        return torch.tensor([example.answer[0] for example in examples])  # (B,)

    def scores(self, head: nn.Module, h: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
        out = head(h)
        return out if self.place == "first" else last_token(out, token_ids, pad_id)  # (B, C)

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(scores, targets)

    def right(self, scores: Tensor, targets: Tensor) -> Tensor:
        return scores.argmax(-1) == targets  # (B,)


@dataclass(frozen=True)
class WordLabels:
    """One of `n_labels` at each labelled word of the first text, read at the word itself."""

    n_labels: int
    each: ClassVar[str] = "word"

    def make_head(self, stack: Transformer) -> nn.Module:
        return TokenHead(stack, self.n_labels)

    def check(self, example: Example) -> str:
        labels = [label for label in example.answer if label != IGNORE]
        if len(example.answer) != len(example.parts[0]):
            return f"has {len(example.answer)} labels for {len(example.parts[0])} words"
        return _outside(labels, self.n_labels) if labels else "has no word with a label"

    def targets(self, examples: Sequence[Example], T: int) -> Tensor:
        rows = [torch.tensor([IGNORE, *example.answer]) for example in examples]  # after [CLS]
        return torch.stack([F.pad(row, (0, T - len(row)), value=IGNORE) for row in rows])  # (B, T)

    def scores(self, head: nn.Module, h: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
        return head(h)  # (B, T, C)

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=IGNORE)

    def right(self, scores: Tensor, targets: Tensor) -> Tensor:
        asked = targets != IGNORE
        return scores[asked].argmax(-1) == targets[asked]  # (N,)


@dataclass(frozen=True)
class Span:
    """First and last position of an answer in the first text (Devlin et al. 2019, 4.2).

    place="each" gives every position its scores from its own state; "last" lets the state of the
    last token point, for a model in which only that one has read the question.
    """

    place: Literal["each", "last"]
    each: ClassVar[str] = "question"

    def make_head(self, stack: Transformer) -> nn.Module:
        return SpanHead(stack) if self.place == "each" else PointerHead(stack)

    def check(self, example: Example) -> str:
        n, answer = len(example.parts[0]), example.answer
        if len(answer) != 2 or not 0 <= answer[0] <= answer[1] < n:
            return f"has the span {answer}, where its first text has positions 0 to {n - 1}"
        return ""

    def targets(self, examples: Sequence[Example], T: int) -> Tensor:
        return torch.tensor([example.answer for example in examples]) + 1  # (B, 2), after [CLS]

    def scores(self, head: nn.Module, h: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
        if self.place == "each":
            scores = head(h)
        else:
            scores = head(h, last_token(h, token_ids, pad_id))
        return scores.masked_fill((token_ids == pad_id)[..., None], -torch.inf)  # (B, T, 2)

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(scores, targets)  # the mean over begins and ends

    def right(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Whether the best span that does not end before it begins is correct."""
        begin, end = scores.unbind(-1)
        pairs = begin[:, :, None] + end[:, None, :]  # (B, T, T)
        allowed = torch.ones(pairs.shape[1:], dtype=torch.bool, device=scores.device).triu()
        best = pairs.masked_fill(~allowed, -torch.inf).flatten(1).argmax(-1)
        T = scores.shape[1]
        return (best // T == targets[:, 0]) & (best % T == targets[:, 1])  # (B,)


Readout = TextLabel | WordLabels | Span


def _outside(labels: Sequence[int], n_labels: int) -> str:
    """Which label is none of 0 to n_labels - 1."""
    wrong = [label for label in labels if not 0 <= label < n_labels]
    return f"has the label {wrong[0]}, where 0 to {n_labels - 1} are allowed" if wrong else ""
