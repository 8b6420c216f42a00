"""Strings to write backwards: a task that needs every token of the source."""

from collections.abc import Callable
from functools import partial

import torch

from bertgpt.tasks.sequence_pairs import END_ID, SPECIAL_TOKENS, SequencePair

SYMBOLS = (*SPECIAL_TOKENS, *"abcdefghijkl")
LENGTHS = (4, 8, 12, 16, 20, 26)  # at which strings are tested; 26 is not trained
LONGEST = 20  # that is trained


def reversal_pair(n: int, length: int, generator: torch.Generator) -> SequencePair:
    """Random strings of 12 symbols, and the same backwards: (n, S) and (n, S + 1)."""
    source = torch.randint(len(SPECIAL_TOKENS), len(SYMBOLS), (n, length), generator=generator)
    end = source.new_full((n, 1), END_ID)
    return SequencePair(source, torch.cat((source.flip(1), end), dim=1))


def reversal_draw(n: int, generator: torch.Generator) -> SequencePair:
    """Strings to train on: one length from 3 to 20, the same for all n, so none is padded."""
    length = int(torch.randint(3, LONGEST + 1, (1,), generator=generator))
    return reversal_pair(n, length, generator)


def reversal_batches(seed: int, n: int = 64) -> Callable[[], SequencePair]:
    """A source of batches to train on, each of n strings; the seed decides which."""
    return partial(reversal_draw, n, torch.Generator().manual_seed(seed))
