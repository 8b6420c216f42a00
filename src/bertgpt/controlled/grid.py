"""The grid: how a model was trained, by how it is asked. Each cell is one mean over the same words.

The columns, with what the best reader of each can know:

    causal           what comes before, under a causal mask                 floor: the left
    prefix           what comes before, which reads itself both ways        floor: the left
    full             all but the gap, which shows [MASK]                    floor: both sides
    full, unread     the same, with a gap that no other position reads      floor: both sides
    full, shown      everything, the answer too: the leak                   floor: 0
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.controlled.arms import Arm
from bertgpt.controlled.readers import Asked, Exact, Gap, Mask, Reader, each_place, surprise

COLUMNS: Mapping[str, tuple[Mask, Gap]] = {
    "causal": ("causal", "[MASK]"),
    "prefix": ("prefix", "[MASK]"),
    "full": ("full", "[MASK]"),
    "full, unread": ("full", "unread"),
    "full, shown": ("full", "shown"),
}
LEFT = ("causal", "prefix")  # columns in which nothing after the gap is read


def asked(model: BERT, arm: Arm, column: str) -> Asked:
    """An arm's model, asked as a column says; each guess is read where the arm's training read it.

    An arm with lessons of both kinds reads the left as its GPT lessons do, a gap as its BERT ones.
    """
    mask, gap = COLUMNS[column]
    reads = {lesson.reads for lesson in arm.lessons}
    if len(reads) == 2:
        place = "before" if column in LEFT else "at"
    else:
        (place,) = reads
    return Asked(model, mask, place, gap)  # type: ignore[arg-type]


def native(arm: Arm) -> tuple[str, ...]:
    """The columns that ask what an arm's last stage taught."""
    found: list[str] = []
    for lesson in arm.stages[-1]:
        if lesson.mask == "full":
            found.append("full, shown" if lesson.objective == "next-token" else "full")
        elif lesson.mask == "causal":
            found.append("causal")
        else:
            found += ["prefix"] if lesson.objective == "next-token" else ["prefix", "full"]
    return tuple(found)


def bits(reader: Reader, ids: Tensor) -> float:
    """Mean surprise of each word of the texts, in bits."""
    return surprise(reader, *each_place(ids)).mean().item()


def row(model: BERT, arm: Arm, ids: Tensor) -> dict[str, float]:
    """One arm, in every column."""
    return {column: bits(asked(model, arm, column), ids) for column in COLUMNS}


def floors(ids: Tensor) -> dict[str, float]:
    """The exact limit of every column, and, last, what is reached by who knows only how often
    each word comes.
    """
    left, both = bits(Exact("left"), ids), bits(Exact("both"), ids)
    found = {column: left if column in LEFT else both for column in COLUMNS}
    return found | {"full, shown": 0.0}


def shown_share(model: BERT, arm: Arm, ids: Tensor) -> float:
    """Fraction of words that a model repeats where it can see them."""
    text, place = each_place(ids)
    first = asked(model, arm, "full, shown").guess(text, place).argmax(dim=1)
    return (first == text[torch.arange(len(text)), place]).float().mean().item()
