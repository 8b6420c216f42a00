"""A BERT that reads [CLS], words, [SEP], and whose guesses are those of a joint distribution."""

from collections.abc import Callable

import torch
from small_models import TableBERT
from torch import Tensor

from bertgpt.config import SPECIAL_IDS

FIRST = len(SPECIAL_IDS)
Conditionals = Callable[[tuple[int, ...], int], Tensor]


def framed(n_words: int, conditionals: Conditionals) -> TableBERT:
    """Conditionals of the words, which are asked for with the words only, places from 0."""

    def inside(text: tuple[int, ...], place: int) -> Tensor:
        end = text.index(SPECIAL_IDS.sep)
        if not 0 < place < end:
            return torch.full((n_words,), 1 / n_words)
        return conditionals(text[1:end], place - 1)

    return TableBERT(n_words, inside, max_positions=12)


def framed_bert(joint: Tensor) -> TableBERT:
    """A joint distribution over words at n places, one axis a place; [MASK] is summed over."""

    def conditionals(text: tuple[int, ...], place: int) -> Tensor:
        p = joint
        for axis, token in enumerate(text):
            if axis != place and token != SPECIAL_IDS.mask:
                p = p.index_select(axis, torch.tensor([token - FIRST]))
        p = p.sum(dim=[axis for axis in range(joint.ndim) if axis != place])
        return p / p.sum()

    return framed(joint.shape[0], conditionals)


def random_joint(places: int, n_words: int, seed: int = 0) -> Tensor:
    """A joint distribution in which each text has some probability."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn([n_words] * places, generator=generator, dtype=torch.float64)
    return (2 * scores).flatten().softmax(0).view(scores.shape)
