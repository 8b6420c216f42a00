"""Page 11, C58, E03: whole stories that BERTs write from nothing, in each order and by walks."""

from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.sampled_stories import is_story
from bertgpt.generation.chains import gibbs
from bertgpt.generation.decode import generate
from bertgpt.generation.fill import Order, blank_texts, fill
from bertgpt.toyland import toyland
from bertgpt.toyland.lengths import lengths
from bertgpt.training.stories import decode_story, draw_stories
from bertgpt.weights.course import course_model

TEXTS, FEW, SWEEPS = 200, 40, 5  # of a seed: filled and by Gibbs; walks that begin as stories
STORY_SEED = 5_000_003  # of the stories that some walks start from
AT_ONCE = 50  # texts of like length that are written side by side
MODELS = {"15 %": "toyland-bert", "all rates": "toyland-bert-all-rates"}
ORDERS: tuple[Order, ...] = ("left", "right", "random", "confident")


def drawn_lengths(n: int, seed: int) -> list[int]:
    """Words of n stories, drawn by Toyland's exact lengths."""
    chances = lengths(toyland())
    weights = torch.tensor(list(chances.values()))
    drawn = torch.multinomial(weights, n, True, generator=torch.Generator().manual_seed(seed))
    return [list(chances)[i] for i in drawn.tolist()]


def begun(model: BERT, order: Order, n: int, seed: int) -> list[Tensor]:
    """Texts filled from nothing in an order, those of like length in one batch."""
    generator = torch.Generator().manual_seed(seed)
    n_words = torch.tensor(sorted(drawn_lengths(n, seed)))
    return [
        fill(model, blank_texts(model, some.tolist()), order, generator=generator).ids
        for some in n_words.split(AT_ONCE)
    ]


def whole(batches: list[Tensor]) -> int:
    """How many of the texts, (B, T) in each batch, are stories of Toyland without a mistake."""
    return sum(is_story(tuple(decode_story(row))) for ids in batches for row in ids.tolist())


def walked(model: BERT, batches: list[Tensor], seed: int) -> list[Tensor]:
    """The same texts after Gibbs sampling."""
    generator = torch.Generator().manual_seed(seed)
    return [list(gibbs(model, ids, SWEEPS, generator=generator))[-1] for ids in batches]


def written(model: BERT, seed: int) -> dict[str, dict[str, int]]:
    """By way of writing: how many texts, and how many of them are whole stories."""
    found: dict[str, dict[str, int]] = {}
    for order in ORDERS:
        found[order] = {"texts": TEXTS, "whole": whole(begun(model, order, TEXTS, seed))}
    at_once = begun(model, "together", TEXTS, seed)
    found["all at once"] = {"texts": TEXTS, "whole": whole(at_once)}
    found["Gibbs"] = {"texts": TEXTS, "whole": whole(walked(model, at_once, seed))}
    stories = draw_stories(FEW, STORY_SEED + seed)  # whole at first: how many stay so?
    padded = [stories.padded(range(FEW), SPECIAL_IDS.pad)]
    found["Gibbs, from stories"] = {"texts": FEW, "whole": whole(walked(model, padded, seed))}
    return found


@experiment("bert_writes", seeds=range(5))
def bert_writes(seed: int) -> dict[str, Any]:
    """Whole stories by model and way, and of as many texts that the course's GPT writes freely."""
    found: dict[str, Any] = {}
    for name, stored in MODELS.items():
        model = course_model(stored)
        assert isinstance(model, BERT)
        found[name] = written(model, seed)
    texts = generate(
        course_model("toyland-gpt"), [[SPECIAL_IDS.cls]] * TEXTS, 90,
        generator=torch.Generator().manual_seed(seed), stop=(SPECIAL_IDS.sep,),
    )  # fmt: skip
    stories = [tuple(decode_story(text.ids)) for text in texts]
    found["GPT"] = {"texts": TEXTS, "whole": sum(map(is_story, stories))}
    return found
