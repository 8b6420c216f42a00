"""Readers of a text with a gap: a model asked under a mask of our choice, or one who knows all.

All answer the same question, which word is at this place, with log-probabilities over the ordinary
tokens: that one comes is given. So a limit of an ability is the ability of an exact reader.

Shapes: B texts, T positions, V tokens, N texts of the language.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import all_texts, config
from bertgpt.masks import causal_mask

ROWS = 512  # texts that a model reads at once
Mask = Literal["causal", "prefix", "full"]
Gap = Literal["[MASK]", "unread", "shown"]
SPECIAL = torch.tensor(SPECIAL_IDS)


class Reader(Protocol):
    """Whoever can be asked which word is at a place of a text."""

    def guess(self, ids: Tensor, places: Tensor) -> Tensor:
        """Log-probabilities of the ordinary tokens, (B, V); -inf for special ones.

        Args:
            ids: (B, T) int64, [MASK] where the text is not known; what is at the place itself is
                looked at only by those who are shown it.
            places: (B,) a column of each text, 1 or more.
        """
        ...


@dataclass(frozen=True)
class Asked:
    """A model, and how it is asked.

    Args:
        model: any arm's stack and head.
        mask: "causal"; "prefix", where what comes before the gap reads itself both ways and
            nothing after it is read; "full", where all but the gap is read.
        reads: where the guess is read, at the gap or at the position before it, as it was trained.
        gap: what the model is shown at the gap: [MASK]; [MASK] that no other position may read,
            for a model that never met one; or the answer itself.
    """

    model: BERT
    mask: Mask
    reads: Literal["before", "at"]
    gap: Gap = "[MASK]"

    def readable(self, ids: Tensor, places: Tensor) -> Tensor:
        """(B, 1, T, T), True where t may read s."""
        T = ids.shape[1]
        columns = torch.arange(T)
        allowed = (ids != SPECIAL_IDS.pad)[:, None, :].expand(-1, T, -1)  # (B, T, S)
        if self.mask == "causal":
            allowed = allowed & causal_mask(T)
        elif self.mask == "prefix":
            end = places if self.reads == "at" else places - 1
            allowed = allowed & (columns <= end[:, None])[:, None, :]
        if self.gap == "unread":
            other = columns[:, None] != columns
            allowed = allowed & ~((columns == places[:, None])[:, None, :] & other)
        return allowed[:, None]

    def guess(self, ids: Tensor, places: Tensor) -> Tensor:
        found = []
        for rows in torch.arange(len(ids)).split(ROWS):
            text, place = ids[rows], places[rows]
            readable = self.readable(text, place)
            if self.gap != "shown":
                text = text.scatter(1, place[:, None], SPECIAL_IDS.mask)
            at = place if self.reads == "at" else place - 1
            with torch.inference_mode():
                h = self.model.stack(text, readable)[torch.arange(len(text)), at]  # (B, D)
                found.append(ordinary_log_probs(self.model.head(h)))
        return torch.cat(found)


@cache
def is_special() -> Tensor:
    """(V,), True for tokens that are no words."""
    return torch.isin(torch.arange(config().vocab_size), SPECIAL)


def ordinary_log_probs(logits: Tensor) -> Tensor:
    """Scores (..., V) as log-probabilities of the ordinary tokens."""
    return logits.masked_fill(is_special(), -torch.inf).log_softmax(dim=-1)


@dataclass(frozen=True)
class Exact:
    """Who knows the probability of every text, and reads the left of a gap, or both sides."""

    read: Literal["left", "both"]

    def guess(self, ids: Tensor, places: Tensor) -> Tensor:
        """As `Reader.guess`, in float64.

        Raises:
            ValueError: if no text of the language agrees with what is read.
        """
        listed = all_texts()
        ids = F.pad(ids, (0, listed.ids.shape[1] - ids.shape[1]), value=SPECIAL_IDS.pad)
        columns = torch.arange(ids.shape[1])
        known = (ids != SPECIAL_IDS.mask) & (columns != places[:, None])
        if self.read == "left":
            known = known & (columns < places[:, None])
        sums = torch.zeros(len(ids), config().vocab_size, dtype=torch.float64)
        by_pattern = sorted(range(len(ids)), key=lambda row: known[row].tolist())
        for row in by_pattern:
            agree = agreeing(ids[row], known[row])
            words = listed.ids[agree, places[row]]
            sums[row].index_add_(0, words, listed.probabilities[agree])
        sums = sums.masked_fill(is_special(), 0.0)
        if not bool(sums.any(dim=1).all()):
            row = int((~sums.any(dim=1)).nonzero()[0])
            raise ValueError(
                f"text {row}, {ids[row].tolist()}, agrees with no text of the language that has a "
                f"word at place {int(places[row])}; ask about texts that are possible"
            )
        return (sums / sums.sum(dim=1, keepdim=True)).log()


def agreeing(text: Tensor, known: Tensor) -> Tensor:
    """Numbers of the listed texts that have the same tokens at the known places: (n,).

    Args:
        text: (T,), T as of the list.
        known: (T,) Booleans.
    """
    columns = tuple(known.nonzero()[:, 0].tolist())
    numbers = _by_known(columns).get(tuple(text[known].tolist()), [])
    return torch.tensor(numbers, dtype=torch.int64)


@lru_cache(maxsize=32)  # each holds all texts
def _by_known(columns: tuple[int, ...]) -> dict[tuple[int, ...], list[int]]:
    """The listed texts by their tokens in some columns."""
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, tokens in enumerate(all_texts().ids[:, list(columns)].tolist()):
        found[tuple(tokens)].append(number)
    return found


def each_place(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Every word of every text once: texts (M, T), and the places (M,)."""
    text, place = (~torch.isin(ids, SPECIAL)).nonzero(as_tuple=True)
    return ids[text], place


def surprise(reader: Reader, ids: Tensor, places: Tensor) -> Tensor:
    """Bits of the word at each place: (B,)."""
    words = ids.gather(1, places[:, None])
    return -reader.guess(ids, places).gather(1, words)[:, 0].double() / torch.log(torch.tensor(2.0))
