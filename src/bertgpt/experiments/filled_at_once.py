"""Page 14, C58 C83, E03: gaps filled all at once: what is lost, beside the total correlation?"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.exact_gaps import Distribution, alone, together, words_by_place
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.sampled_stories import is_story
from bertgpt.generation.fill import Order, fill
from bertgpt.generation.gaps import log_probs_of
from bertgpt.toyland import toyland
from bertgpt.toyland.lengths import lengths
from bertgpt.training.stories import decode_story, draw_stories
from bertgpt.weights.course import course_card, course_model

MODELS = {"15 %": "toyland-bert", "all rates": "toyland-bert-all-rates"}
STORIES, STORY_SEED = 100, 16_000_003
# Numbers of gaps, besides whole stories. No story has fewer than 20 words; with more gaps in a row
# the exact reader has to consider too many stories.
GAPS = {"scattered": (1, 2, 4, 8, 16), "in a row": (1, 2, 4, 8)}
BITS = 1 / math.log(2)  # of a nat
Words = Sequence[str]


def bits(p: Distribution) -> float:
    """Entropy of a distribution, in bits."""
    return -sum(q * math.log(q) for q in p.values()) * BITS


def exact_whole() -> dict[str, float]:
    """Exact, of a whole story given its length, a mean over all stories, in bits.

    "one by one", its entropy; "at once", the entropies of its words, each taken by itself, summed.
    The difference is the total correlation (Watanabe 1960).
    """
    chances = lengths(toyland())
    single = sum(p * sum(map(bits, by_place()[n])) for n, p in chances.items())
    length = bits({str(n): p for n, p in chances.items()})
    return {"one by one": toyland().entropy().nats * BITS - length, "at once": single}


@cache
def by_place() -> dict[int, list[Distribution]]:
    """The words of Toyland's stories by length and place."""
    return words_by_place(toyland())


def each_alone(words: Words, places: Sequence[int]) -> list[Distribution]:
    """The exact distribution of each gap by itself; if all words are gaps, given their number."""
    return by_place()[len(words)] if len(places) == len(words) else alone(words, places)


def exact_bits(
    words: Words, places: Sequence[int], single: Sequence[Distribution]
) -> tuple[float, float]:
    """Exact surprise at the words of the gaps, in bits: one by one in any order, and at once.

    Args:
        single: the exact distribution of each gap by itself.
    """
    if len(places) == len(words):
        joint = toyland().log_probability(words) - math.log(lengths(toyland())[len(words)])
    else:
        joint = together(words, places)
    at_once = sum(math.log(p[words[t]]) for t, p in zip(places, single, strict=True))
    return -joint * BITS, -at_once * BITS


@torch.inference_mode()
def model_bits(model: BERT, ids: Tensor, places: Sequence[int]) -> tuple[float, float]:
    """A model's surprise at the tokens of the gaps, in bits: one by one from the left, at once.

    Args:
        ids: (1, T), the whole text.
        places: columns of the gaps, in their order.
    """
    columns = torch.tensor(places)
    n = len(places)
    seen = ids.repeat(n, 1)  # row k shows the gaps before number k; row 0 hides all
    shown = torch.arange(n)[None, :] < torch.arange(n)[:, None]  # (n, n)
    seen[:, columns] = torch.where(shown, ids[:, columns], SPECIAL_IDS.mask)
    guesses = log_probs_of(model, model.hidden(seen)[:, columns]).double()  # (n, n, V)
    right = guesses.gather(-1, ids[:, columns, None].expand(n, n, 1))[..., 0]  # (n, n)
    return -right.diagonal().sum().item() * BITS, -right[0].sum().item() * BITS


def drawn_at_once(
    words: Words, places: Sequence[int], single: Sequence[Distribution], generator: torch.Generator
) -> tuple[str, ...]:
    """A story with each gap filled by a draw from its own distribution."""
    filled = list(words)
    for t, p in zip(places, single, strict=True):
        drawn = torch.multinomial(torch.tensor(list(p.values())), 1, generator=generator)
        filled[t] = list(p)[int(drawn)]
    return tuple(filled)


def filled(model: BERT, rows: Tensor, order: Order, generator: torch.Generator) -> int:
    """How many of the texts with gaps, (B, T), a model makes whole stories of."""
    done = fill(model, rows, order, generator=generator).ids
    return sum(is_story(tuple(decode_story(text))) for text in done.tolist())


# ---------------------------------------------------------------- which gaps


def chosen(n_words: int, n_gaps: int, in_a_row: bool, generator: torch.Generator) -> list[int]:
    """Places of gaps among the words of a story, in their order."""
    if in_a_row:
        start = int(torch.randint(n_words - n_gaps + 1, (), generator=generator))
        return list(range(start, start + n_gaps))
    return sorted(torch.randperm(n_words, generator=generator)[:n_gaps].tolist())


def ways(
    texts: Sequence[Sequence[int]], places: Sequence[Sequence[int]], seed: int
) -> dict[str, Any]:
    """Surprise in bits a story, and whole stories, of the exact reader and of each model.

    Args:
        texts: stories as ids.
        places: the words of each that are gaps, from 0.
    """
    draws = torch.Generator().manual_seed(seed)
    pairs, whole = [], 0
    for text, at in zip(texts, places, strict=True):
        words = decode_story(text)
        single = each_alone(words, at)
        pairs.append(exact_bits(words, at, single))
        whole += is_story(drawn_at_once(words, at, single, draws))
    found = {"exact": mean_bits(pairs) | {"whole at once": whole}}  # one by one: all of them
    columns = [[t + 1 for t in at] for at in places]  # [CLS] is in column 0
    rows = []
    for text, at in zip(texts, columns, strict=True):
        row = torch.tensor(text)
        row[at] = SPECIAL_IDS.mask
        rows.append(row)
    blank = torch.nn.utils.rnn.pad_sequence(rows, True, SPECIAL_IDS.pad)
    for name, stored in MODELS.items():
        model = course_model(stored)
        assert isinstance(model, BERT)
        pairs = [
            model_bits(model, torch.tensor([text]), at)
            for text, at in zip(texts, columns, strict=True)
        ]
        found[name] = mean_bits(pairs) | {
            "whole at once": filled(model, blank, "together", draws),
            "whole one by one": filled(model, blank, "left", draws),
        }
    return found


def mean_bits(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Means over stories of the surprise one by one and at once."""
    one_by_one, at_once = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
    return {"one by one": one_by_one, "at once": at_once}


def measure(seed: int, n: int, n_gaps: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """See `filled_at_once`; with fewer stories and gaps for a test."""
    texts = list(draw_stories(n, STORY_SEED + seed))
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, Any] = {
        "weights": {name: course_card(stored)["sha256"] for name, stored in MODELS.items()},
        "stories": n,
        "exact, all stories": exact_whole(),
    }
    for kind, numbers in n_gaps.items():
        found[kind] = {}
        for k in numbers:
            places = [chosen(len(text) - 2, k, kind == "in a row", generator) for text in texts]
            found[kind][str(k)] = ways(texts, places, seed)
    found["whole story"] = ways(texts, [range(len(text) - 2) for text in texts], seed)
    return found


@experiment("filled_at_once", seeds=range(5))
def filled_at_once(seed: int) -> dict[str, Any]:
    """Two BERTs of Toyland and the exact reader fill gaps; a seed draws the stories and the gaps.

    Returns "weights", digests; "stories", how many; "exact, all stories", what `exact_whole` says;
    and for "scattered" gaps, for gaps "in a row", each by their number, and for the "whole story",
    what `ways` finds. One by one the exact reader makes whole stories only. What it loses at once,
    a mean over stories, estimates the total correlation of the gaps without bias.
    """
    return measure(seed, STORIES, GAPS)
