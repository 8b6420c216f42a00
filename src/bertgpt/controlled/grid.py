"""The grid: how a model was trained, by how it is asked. Each cell is one mean over the same words.

The columns, with what the best reader of each can know:

    causal              what comes before, under a causal mask             floor: the left
    prefix              the same, which reads itself both ways             floor: the left
    full, rest [MASK]   the same, and how many words follow                floor: these
    full                all but the gap, which shows [MASK]                floor: both sides
    full, unread        the same, with a gap that no other position reads  floor: both sides
    full, shown         everything, the answer too: the leak               floor: 0
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.arms import Arm
from bertgpt.controlled.readers import (
    Asked,
    Exact,
    Gap,
    Mask,
    Reader,
    each_place,
    is_special,
    surprise,
)

COLUMNS: Mapping[str, tuple[Mask, Gap]] = {
    "causal": ("causal", "[MASK]"),
    "prefix": ("prefix", "[MASK]"),
    "full, rest [MASK]": ("full", "[MASK]"),
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
            found += ["full, rest [MASK]"] if lesson.objective == "all-rates" else []
        elif lesson.mask == "causal":
            found.append("causal")
        else:
            found += ["prefix"] if lesson.objective == "next-token" else ["prefix", "full"]
    return tuple(found)


def questions(ids: Tensor, column: str = "full") -> tuple[Tensor, Tensor]:
    """Every word of the texts as a column asks it: texts (M, T), and the places (M,).

    A place itself is hidden by who is asked; here the words after it are, in one column.
    """
    text, place = each_place(ids)
    if column != "full, rest [MASK]":
        return text, place
    later = torch.arange(text.shape[1]) > place[:, None]
    return text.masked_fill(later & ~is_special()[text], SPECIAL_IDS.mask), place


def bits(reader: Reader, ids: Tensor, column: str = "full") -> float:
    """Mean surprise of each word of the texts, in bits."""
    return surprise(reader, *questions(ids, column)).mean().item()


def row(model: BERT, arm: Arm, ids: Tensor) -> dict[str, float]:
    """One arm, in every column."""
    return {column: bits(asked(model, arm, column), ids, column) for column in COLUMNS}


def floors(ids: Tensor) -> dict[str, float]:
    """The exact limit of every column."""
    readers = {column: Exact("left" if column in LEFT else "both") for column in COLUMNS}
    found = {column: bits(reader, ids, column) for column, reader in readers.items()}
    return found | {"full, shown": 0.0}


def shown_share(model: BERT, arm: Arm, ids: Tensor) -> float:
    """Fraction of words that a model repeats where it can see them."""
    text, place = each_place(ids)
    first = asked(model, arm, "full, shown").guess(text, place).argmax(dim=1)
    return (first == text[torch.arange(len(text)), place]).float().mean().item()
