"""Many texts of different lengths in one row of ids, which costs little memory and loads fast."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor


class Ragged:
    """Texts, each a row of ids.

    >>> texts = Ragged.of([[2, 7, 3], [2, 8, 9, 3]])
    >>> texts[1], len(texts), texts.padded([0, 1], pad=0).tolist()
    ([2, 8, 9, 3], 2, [[2, 7, 3, 0], [2, 8, 9, 3]])
    """

    def __init__(self, ids: Tensor, lengths: Tensor) -> None:
        """Take all ids in a row, (N,), and the length of each text, (M,), which sum to N."""
        self.ids, self.lengths = ids.to(torch.int32), lengths.to(torch.int64)
        self.ends = self.lengths.cumsum(0)
        if len(self.ids) != int(self.lengths.sum()):
            raise ValueError(
                f"{len(self.ids)} ids, and lengths that sum to {int(self.lengths.sum())}; give "
                "the length of each text, all of them"
            )

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> Ragged:
        """Texts given as lists of ids."""
        ids = [i for text in texts for i in text]
        return cls(torch.tensor(ids, dtype=torch.int32), torch.tensor([len(t) for t in texts]))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, i: int) -> list[int]:
        if not -len(self) <= i < len(self):
            raise IndexError(f"no text {i} among {len(self)}")
        return self._row(i % len(self)).tolist()

    def __iter__(self) -> Iterator[list[int]]:
        return (self[i] for i in range(len(self)))

    def _row(self, i: int) -> Tensor:
        end = int(self.ends[i])
        return self.ids[end - int(self.lengths[i]) : end]

    def padded(self, which: Sequence[int], pad: int) -> Tensor:
        """Some texts as one batch, padded at the end: (B, T) int64."""
        rows = [self._row(i).long() for i in which]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)

    def save(self, path: Path) -> None:
        """Write the texts in one step, so that a reader finds all of them or no file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        try:
            save_file({"ids": self.ids, "lengths": self.lengths}, unfinished)
            os.replace(unfinished, path)
        except (OSError, SafetensorError) as error:
            unfinished.unlink(missing_ok=True)
            raise OSError(f"{path} could not be written ({error})") from error

    @classmethod
    def load(cls, path: Path) -> Ragged:
        """Read texts.

        Raises:
            ValueError: if there is no such file, or it is damaged.
        """
        try:
            tensors = load_file(path)
            return cls(tensors["ids"], tensors["lengths"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ValueError(f"{path} is missing or damaged ({error})") from None
