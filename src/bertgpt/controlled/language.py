"""Little Toyland: a language so small that every text is listed, each with its exact probability.

Its grammar is `data/little_toyland.txt`, in Toyland's own notation, so all that `Grammar` computes
is known of it as well. The list is a second way to the same numbers, and the faster one: what a
reader can know of a gap is a sum over the texts that agree with what it has read.
"""

from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS, TransformerConfig
from bertgpt.tokens.settings import SPECIALS
from bertgpt.tokens.vocab import Vocab
from bertgpt.toyland.language import Grammar
from bertgpt.toyland.moves import Place

WIDTH, LAYERS, HEADS = 64, 2, 4  # of every arm
# Of new weights: near 1 / sqrt(WIDTH). The papers' 0.02 is for wider stacks; from it one of this
# width is slow to learn to copy, a masked one most of all.
INIT_STD = 0.1


class Listed(NamedTuple):
    """All texts of the language, the likeliest first."""

    words: tuple[tuple[str, ...], ...]
    probabilities: Tensor  # (N,) float64, sums to 1
    ids: Tensor  # (N, T) int64: [CLS], the words, [SEP], padding


@cache
def little_toyland() -> Grammar:
    """The grammar, read once."""
    return Grammar((files("bertgpt") / "data" / "little_toyland.txt").read_text(encoding="utf-8"))


@cache
def vocab() -> Vocab:
    """Our special tokens, then the words of the language, sorted."""
    words = set(little_toyland().states.sources) - {"<end>"}
    return Vocab.from_sentences([sorted(words)], specials=SPECIALS)


def encode(words: tuple[str, ...]) -> list[int]:
    """Ids of a text: [CLS], its words, [SEP] for its end.

    >>> vocab().decode(encode(("anna", "lives", "in", "the", "park", ".")))
    ['[CLS]', 'anna', 'lives', 'in', 'the', 'park', '.', '[SEP]']
    """
    return [SPECIAL_IDS.cls, *vocab().encode(words), SPECIAL_IDS.sep]


@cache
def all_texts() -> Listed:
    """Every text with its probability, by following all moves of the grammar."""
    grammar = little_toyland()
    found: dict[tuple[str, ...], float] = defaultdict(float)
    open_texts: list[tuple[Place, float, tuple[str, ...]]] = [(grammar.states.start, 1.0, ())]
    while open_texts:
        place, p, words = open_texts.pop()
        for move in grammar.states.moves(place):
            if move.place.state == 0:  # the end
                found[words] += p * move.p
            else:
                open_texts.append((move.place, p * move.p, (*words, move.word)))
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    rows = [torch.tensor(encode(words)) for words, _ in ranked]
    ids = torch.nn.utils.rnn.pad_sequence(rows, True, SPECIAL_IDS.pad)
    probabilities = torch.tensor([p for _, p in ranked], dtype=torch.float64)
    return Listed(tuple(words for words, _ in ranked), probabilities, ids)


def drawn(n: int, generator: torch.Generator) -> Tensor:
    """Numbers of n texts in the list, each drawn with its probability: (n,)."""
    return torch.multinomial(all_texts().probabilities, n, True, generator=generator)


def config() -> TransformerConfig:
    """The stack of every arm: nothing in it says BERT or GPT."""
    return TransformerConfig(
        vocab_size=len(vocab()), max_positions=all_texts().ids.shape[1],
        width=WIDTH, n_layers=LAYERS, n_heads=HEADS, init_std=INIT_STD,
    )  # fmt: skip
