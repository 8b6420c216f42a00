"""Batches of texts in an order that a seed fixes, so that a place in it is a number."""

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from bertgpt.training.ragged import Ragged

IN_A_CHUNK = 20  # batches that are sorted by length together


class Batches:
    """Batch number i of an endless reading of texts: all of them, then all in another order.

    Texts of about the same length are read together, so little of a batch is padding; which batches
    there are, and their order, changes with each reading.
    """

    def __init__(self, texts: Ragged, size: int, seed: int, pad: int) -> None:
        """Take texts, the number of them in a batch, a seed, and the id of padding.

        Raises:
            ValueError: if there are fewer texts than a batch holds.
        """
        if not 1 <= size <= len(texts):
            raise ValueError(
                f"the corpus has {len(texts)} texts and a batch={size} of them was asked for; "
                f"take a batch of 1 to {len(texts)}, or more text"
            )
        self.texts, self.size, self.seed, self.pad = texts, size, seed, pad
        self.in_a_reading = len(texts) // size  # a rest that fills no batch waits for the next
        self._order = lru_cache(maxsize=2)(self._read)

    def __getitem__(self, number: int) -> Tensor:
        """Batch `number`, from 0, padded at the end: (B, T)."""
        return self.texts.padded(self.which(number), self.pad)

    def which(self, number: int) -> list[int]:
        """The texts of batch `number`."""
        reading, place = divmod(number, self.in_a_reading)
        return self._order(reading)[place]

    def after(self, number: int) -> Iterator[tuple[int, Tensor]]:
        """All batches from `number` on, each with its number."""
        while True:
            yield number, self[number]
            number += 1

    def _read(self, reading: int) -> list[list[int]]:
        """The texts of each batch of one reading."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + reading)
        shuffled = torch.randperm(len(self.texts), generator=generator)
        shuffled = shuffled[: self.in_a_reading * self.size]
        batches: list[list[int]] = []
        for chunk in shuffled.split(IN_A_CHUNK * self.size):
            by_length = chunk[self.texts.lengths[chunk].argsort(stable=True)]
            batches += [batch.tolist() for batch in by_length.split(self.size)]
        mixed = torch.randperm(len(batches), generator=generator).tolist()
        return [batches[i] for i in mixed]
