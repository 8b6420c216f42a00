"""Ways to use an arm's model, by how it was trained: it writes, fills, or does both.

The course's own ways of writing and filling take a GPT or a BERT. Both are made here of one and
the same stack, without a copy: what makes them one or the other is the mask.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from bertgpt.attention import AttentionRecord
from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.arms import Arm
from bertgpt.controlled.readers import Asked, Reader, is_special
from bertgpt.controlled.rescoring import Rescored
from bertgpt.gpt import GPT


class OneBefore(BERT):
    """A BERT whose guess of a token is read from the state before it."""

    def hidden(
        self,
        token_ids: Tensor,
        segment_ids: Tensor | None = None,
        records: list[AttentionRecord] | None = None,
    ) -> Tensor:
        """The states (B, T, D), each moved to the position whose token it guesses."""
        return super().hidden(token_ids, segment_ids, records).roll(1, dims=1)


class UnderCausalMask(BERT):
    """A BERT that reads as a GPT does: what comes before, and the gap itself."""

    hidden = GPT.hidden  # of a model it uses only the stack and the special tokens


def writes(arm: Arm) -> bool:
    """Whether it was trained to guess what comes next, only from what comes before."""
    return any(x.objective == "next-token" and x.mask != "full" for x in arm.lessons)


def fills(arm: Arm) -> bool:
    """Whether it was trained to guess hidden words with both sides in sight."""
    return any(x.objective != "next-token" and x.mask != "causal" for x in arm.lessons)


def as_writer(model: BERT) -> GPT:
    """The same stack and head under the causal mask."""
    with torch.random.fork_rng(devices=[]):
        gpt = GPT(model.stack.cfg, SPECIAL_IDS)
    gpt.stack, gpt.head = model.stack, model.head
    return gpt.eval()


def fills_from_the_left(arm: Arm) -> bool:
    """Whether it was trained to guess hidden words only from what comes before."""
    return any(x.objective != "next-token" and x.mask == "causal" for x in arm.lessons)


def as_filler(model: BERT, arm: Arm) -> BERT:
    """The same stack and head under the mask that its training had where words were hidden.

    A guess is read where the training read it. A prefix may be the whole text: that mask is full.
    """
    hides = [x for x in arm.lessons if x.objective != "next-token"]
    kind = BERT if any(x.reads == "at" for x in hides) else OneBefore
    if fills_from_the_left(arm):
        kind = UnderCausalMask
    with torch.random.fork_rng(devices=[]):
        bert = kind(model.stack.cfg, SPECIAL_IDS)
    bert.stack, bert.head = model.stack, model.head
    return bert.eval()


def left_reader(model: BERT, arm: Arm) -> Reader:
    """Asked for a word from what comes before: under the causal mask if that was trained."""
    masks = {x.mask for x in arm.lessons}
    before = any(x.objective == "next-token" for x in arm.lessons)
    before = before or all(x.reads == "before" for x in arm.lessons)
    mask = "causal" if masks & {"causal", "prefix"} else "prefix"
    return Asked(model, mask, "before" if before else "at")  # type: ignore[arg-type]


@dataclass(frozen=True)
class RestHidden:
    """A reader of both sides, shown the left alone: each word after the place is [MASK].

    So a model trained under the full mask knows to read the left. It sees the length as well.
    """

    reader: Reader

    def guess(self, ids: Tensor, places: Tensor) -> Tensor:
        """As `Reader.guess`."""
        later = torch.arange(ids.shape[1]) > places[:, None]
        hidden = ids.masked_fill(later & ~is_special()[ids], SPECIAL_IDS.mask)
        return self.reader.guess(hidden, places)


def both_readers(model: BERT, arm: Arm) -> dict[str, Reader]:
    """Asked for a word from both sides, in each way that its training allows."""
    found: dict[str, Reader] = {}
    if fills(arm):
        reads = {x.reads for x in arm.lessons if x.objective != "next-token"}
        found["gap"] = Asked(model, "full", "at" if "at" in reads else "before")
        found["left, rest [MASK]"] = RestHidden(found["gap"])
    if writes(arm):
        found["rescored"] = Rescored(model)
    return found
