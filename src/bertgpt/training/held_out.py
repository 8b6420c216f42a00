"""Surprise of a model at texts that it has not read, in nats, beside the exact limit."""

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.config import SpecialIds
from bertgpt.toyland import toyland
from bertgpt.toyland.best_reader import best_reader
from bertgpt.toyland.lengths import lengths
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import Model, Recipe, set_task
from bertgpt.training.stories import decode_story

ROWS = 256  # texts, or hidden copies of one, that are read at once


class Surprise(NamedTuple):
    """Surprise of guesses that were asked one by one."""

    nats: float  # in all
    guesses: int

    @property
    def bits(self) -> float:
        """Mean of a guess, in bits."""
        return self.nats / self.guesses / log(2)


@torch.inference_mode()
def left_to_right(model: Model, texts: Ragged, special: SpecialIds, recipe: Recipe) -> Surprise:
    """The chain rule's: each token after those before it, [SEP] at the end included."""
    total, guesses = 0.0, 0
    for batch in _batches(texts, special.pad):
        nats = -_log_probs(model, batch, special, recipe)[:, :-1]  # (B, T - 1, V)
        target = batch[:, 1:]
        real = target != special.pad
        total += nats.gather(-1, target[..., None])[..., 0][real].double().sum().item()
        guesses += int(real.sum())
    return Surprise(total, guesses)


@torch.inference_mode()
def one_gap(model: Model, texts: Ragged, special: SpecialIds, recipe: Recipe) -> Surprise:
    """The masked loss: each ordinary token, hidden by itself.

    No probability of a text comes of it (Salazar et al. 2020 call the sum pseudo-log-likelihood).
    """
    total, guesses = 0.0, 0
    for rows, places, targets in _in_chunks(_each_hidden(texts, special)):
        scored = _log_probs(model, rows, special, recipe)[torch.arange(len(rows)), places]
        total -= scored.gather(-1, targets[:, None]).double().sum().item()
        guesses += len(rows)
    return Surprise(total, guesses)


@torch.inference_mode()
def any_order(
    model: Model, texts: Ragged, special: SpecialIds, recipe: Recipe, seed: int = 0
) -> Surprise:
    """The bound: each ordinary token, revealed in a random order, one order per text.

    Its mean over orders is no less than the surprise of the text by the model that writes in
    a random order (Uria et al. 2014). With exact conditionals every order gives that of the text
    itself, given its length, which the model sees.
    """
    total, guesses = 0.0, 0
    generator = torch.Generator().manual_seed(seed)
    for rows, places, targets in _in_chunks(_revealed(texts, special, generator)):
        scored = _log_probs(model, rows, special, recipe)[torch.arange(len(rows)), places]
        total -= scored.gather(-1, targets[:, None]).double().sum().item()
        guesses += len(rows)
    return Surprise(total, guesses)


def _log_probs(model: Model, rows: Tensor, special: SpecialIds, recipe: Recipe) -> Tensor:
    """Log-probabilities at each position under the recipe's mask: (B, T, V)."""
    blank = Recipe(
        mask=recipe.mask if recipe.mask != "prefix" else "causal", objective="next-token"
    )
    V = model.stack.cfg.vocab_size
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(0)  # draws nothing here
    task = set_task(blank, rows, special, vocab_size=V, generator=generator).to(device)
    h = model.stack(task.seen, task.readable, None, None, task.position_ids)
    head = getattr(model.head, "token", model.head)
    return head(h).float().log_softmax(-1).cpu()


Hidden = tuple[Tensor, int, int]  # a text with gaps, the place that is asked, the token there


def _each_hidden(texts: Ragged, special: SpecialIds) -> Iterator[Hidden]:
    for text in texts:
        ids = torch.tensor(text)
        for place in _ordinary(ids, special):
            row = ids.clone()
            row[place] = special.mask
            yield row, place, text[place]


def _revealed(texts: Ragged, special: SpecialIds, generator: torch.Generator) -> Iterator[Hidden]:
    for text in texts:
        ids = torch.tensor(text)
        places = torch.tensor(_ordinary(ids, special))
        order = places[torch.randperm(len(places), generator=generator)]
        for k, place in enumerate(order.tolist()):
            row = ids.clone()
            row[order[k:]] = special.mask
            yield row, place, text[place]


def _ordinary(ids: Tensor, special: SpecialIds) -> list[int]:
    return (~torch.isin(ids, torch.tensor(special))).nonzero()[:, 0].tolist()


def _in_chunks(hidden: Iterator[Hidden]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Rows of about the same text together, so that little is padding."""
    chunk: list[Hidden] = []
    for item in hidden:
        if chunk and (len(chunk) == ROWS or len(item[0]) != len(chunk[0][0])):
            yield _stacked(chunk)
            chunk = []
        chunk.append(item)
    if chunk:
        yield _stacked(chunk)


def _stacked(chunk: Sequence[Hidden]) -> tuple[Tensor, Tensor, Tensor]:
    rows, places, targets = zip(*chunk, strict=True)
    return torch.stack(rows), torch.tensor(places), torch.tensor(targets)


def _batches(texts: Ragged, pad: int) -> Iterator[Tensor]:
    order = texts.lengths.argsort(stable=True)
    for chunk in order.split(64):
        yield texts.padded(chunk.tolist(), pad)


class Floors(NamedTuple):
    """Surprise of the best possible readers at the same stories, by Toyland's own rules."""

    left_to_right: Surprise
    one_gap: Surprise  # a word among all the others
    any_order: Surprise  # the words in whatever order, given how many they are
    length: float  # nats of how many they are; with these, the nats of the story itself


def floors(texts: Ragged, *, gaps: bool = True) -> Floors:
    """Exact surprise of the guesses that the functions above ask, on stories of Toyland.

    Args:
        gaps: False leaves `one_gap` at 0: it takes forty times as long as the others together.
    """
    language = toyland()
    stories = [language.read(decode_story(text)) for text in texts]
    nats = -sum(language.log_probability(story.words) for story in stories)
    words = sum(len(story.words) for story in stories)
    gap_nats = best_reader(language, stories, read="both").surprise * words if gaps else 0.0
    chances = lengths(language)
    length = -sum(log(chances[len(story.words)]) for story in stories)
    return Floors(
        Surprise(nats, words + len(stories)), Surprise(gap_nats, words),
        Surprise(nats - length, words), length,
    )  # fmt: skip
