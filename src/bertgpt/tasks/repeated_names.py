"""Stories of Toyland in which only names mentioned before are asked for: which one comes?"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.objectives import IGNORE
from bertgpt.tasks.targets import asked_loss
from bertgpt.tokens.settings import SPECIALS
from bertgpt.tokens.vocab import Vocab
from bertgpt.toyland import toyland
from bertgpt.training.train import Step, TrainConfig, train

SPECIAL = SpecialIds()
TRAINING = TrainConfig(steps=900, learning_rate=3e-3, warmup=50)
BATCH = 32
STORIES = 14_400  # each is read twice


class Texts(NamedTuple):
    """Toyland's words with numbers, and which of them are names of people."""

    vocab: Vocab
    is_name: Tensor  # (V,)


@cache
def texts() -> Texts:
    """All words of Toyland after the special tokens, and its girls and boys."""
    language = toyland()
    names = {*language.classes["girl"], *language.classes["boy"]}
    vocab = Vocab.from_sentences([language.vocabulary], specials=SPECIALS)
    return Texts(vocab, torch.tensor([word in names for word in vocab.words]))


def as_batch(stories: Sequence[Sequence[str]]) -> Tensor:
    """Numbers of stories, each after [CLS], filled up with padding: (B, T)."""
    rows = [torch.tensor([SPECIAL.cls, *texts().vocab.encode(words)]) for words in stories]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=SPECIAL.pad)


def repeated_names(ids: Tensor, is_name: Tensor) -> Tensor:
    """The next token where it is a name mentioned before, else IGNORE: (B, T)."""
    targets = torch.full_like(ids, IGNORE)
    for row, text in enumerate(ids.tolist()):
        mentioned = set()
        for t, token in enumerate(text):
            if token in mentioned:
                targets[row, t - 1] = token
            if is_name[token]:
                mentioned.add(token)
    return targets


def mentioned_so_far(ids: Tensor, is_name: Tensor) -> Tensor:
    """Which names a reader of each position has met: (B, T, V)."""
    here = torch.nn.functional.one_hot(ids, len(is_name)).bool() & is_name  # (B, T, V)
    return here.cummax(dim=1).values


def new_reader(seed: int) -> GPT:
    """A GPT of two layers of attention, four heads each, without feed-forward layers."""
    torch.manual_seed(seed)
    return GPT(
        TransformerConfig(
            vocab_size=len(texts().vocab), max_positions=64, width=64, n_layers=2, n_heads=4,
            init_std=0.05, ff_width=0,
        )
    )  # fmt: skip


def training(model: GPT) -> Iterator[Step]:
    """Train a reader on stories, the same for each seed; yields its steps."""
    stories = toyland().stories(STORIES, torch.Generator().manual_seed(8))
    words = [story.words for story in stories]

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            for i in range(0, STORIES, BATCH):
                ids = as_batch(words[i : i + BATCH])
                yield ids, repeated_names(ids, texts().is_name)

    return train(model, batches(), asked_loss, TRAINING)


class Question(NamedTuple):
    """One place of a story where a name comes again, and what an exact reader knows there."""

    mentioned: int  # names so far, which include the answer
    p: float  # of the answer, given that one of these names comes
    best: float  # of the likeliest of them


def questions(words: Sequence[str]) -> Iterator[Question]:
    """Ask the exact reader at each repeated name of a story."""
    names = {w for w, name in zip(texts().vocab.words, texts().is_name, strict=True) if name}
    for i, word in enumerate(words):
        mentioned = names & {*words[:i]}
        if word in mentioned:
            chances = toyland().next_words(words[:i])
            told = [chances.get(name, 0.0) for name in mentioned]
            yield Question(len(told), chances[word] / sum(told), max(told) / sum(told))


def weight_on_names(weights: Tensor, ids: Tensor, asked: Tensor) -> Tensor:
    """How much of its weight each head gives to names, the mean over asked positions: (H,).

    Args:
        weights: (B, H, T, S) of one layer.
        ids: (B, S).
        asked: (B, T), True where a name is asked for.
    """
    on_names = (weights * texts().is_name[ids][:, None, None, :]).sum(-1)  # (B, H, T)
    return on_names.transpose(1, 2)[asked].mean(0)


def most_read_is_said(weights: Tensor, scores: Tensor, ids: Tensor, asked: Tensor) -> Tensor:
    """At each asked place with two names so far: is the one read most the one said? Booleans.

    Args:
        weights: (B, H, T, S) of one layer; the mean over its heads is taken.
        scores: (B, T, V) of the model.
    """
    known = mentioned_so_far(ids, texts().is_name)  # (B, T, V)
    two = asked & (known.sum(-1) == 2)
    where = ids[:, None].expand(-1, ids.shape[1], -1)  # (B, T, S)
    read = torch.zeros_like(scores).scatter_add(2, where, weights.mean(1))
    said = scores.masked_fill(~known, -torch.inf).argmax(-1)
    return (read.masked_fill(~known, -1).argmax(-1) == said)[two]


class Knows(NamedTuple):
    """How well someone knows which of the names comes."""

    bits: float  # mean surprise
    right: float  # fraction of places where the first guess is correct


def coin_and_exact(stories: Sequence[Sequence[str]]) -> tuple[Knows, Knows]:
    """One who tosses a coin among the names so far, and one who knows Toyland."""
    asked = [question for words in stories for question in questions(words)]

    def mean(values: Iterable[float]) -> float:
        return sum(values) / len(asked)

    coin = mean(math.log2(q.mentioned) for q in asked), mean(1 / q.mentioned for q in asked)
    exact = mean(-math.log2(q.p) for q in asked), mean(q.best for q in asked)
    return Knows(*coin), Knows(*exact)
