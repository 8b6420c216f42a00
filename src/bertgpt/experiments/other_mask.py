"""Page 14, C79 C83, E01: trained weights under the other mask: who is felt, and what is lost?"""

import math
from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.influence import MASKS, influence
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.masks import causal_mask
from bertgpt.toyland import END, toyland
from bertgpt.training.held_out import Surprise, floors, left_to_right, one_gap
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import Model, Recipe
from bertgpt.training.stories import decode_story, draw_stories, toyland_vocab
from bertgpt.transformer import Transformer
from bertgpt.weights.course import course_card, course_model

MODELS = {
    "GPT": "toyland-gpt", "BERT, 15 %": "toyland-bert", "BERT, all rates": "toyland-bert-all-rates"
}  # fmt: skip
STORIES, STORY_SEED = 60, 14_000_003  # no training draws its stories from these seeds
OPENING = 12  # tokens of a story whose influence on each other is measured
RECIPE_MASKS: dict[str, Literal["full", "causal"]] = {"bidirectional": "full", "causal": "causal"}


def felt(stack: Transformer, ids: Tensor) -> dict[str, Any]:
    """Who is felt by whom, in float64, by mask.

    Args:
        ids: (T,).
    Returns:
        "pairs" of a place and a later one; by mask "later felt", how many of them are; "largest
        later"; "smallest", of all pairs in which one place may read the other. The last two are
        norms of the Jacobian.
    """
    stack = deepcopy(stack).double()
    later = ~causal_mask(len(ids))
    found: dict[str, Any] = {"pairs": int(later.sum())}
    for name, make in MASKS.items():
        mask = make(len(ids))
        norms = influence(stack, ids, mask)
        found[name] = {
            "later felt": int((norms[later] != 0).sum()),
            "largest later": norms[later].max().item(),
            "smallest": norms[mask].min().item(),
        }
    return found


@torch.inference_mode()
def moved(stack: Transformer, texts: Ragged, generator: torch.Generator) -> dict[str, int]:
    """Another word in place of the last of each text: how many states before it have changed?

    The last word is the one before the full stop. A state that differs in one bit has changed.

    Returns:
        "earlier", how many states there are, and by mask how many of them have changed.
    """
    first_word = 1 + max(SPECIAL_IDS)
    n_words = len(toyland_vocab()) - first_word
    found = {"earlier": 0} | dict.fromkeys(MASKS, 0)
    for text in texts:
        place = len(text) - 3
        ids = torch.tensor([text])
        shift = torch.randint(1, n_words, (), generator=generator)  # never back to the same word
        changed = ids.clone()
        changed[0, place] = first_word + (ids[0, place] - first_word + shift) % n_words
        found["earlier"] += place
        for name, make in MASKS.items():
            states, others = (stack(x, make(len(text)))[0, :place] for x in (ids, changed))
            found[name] += int((states != others).any(dim=-1).sum())
    return found


@torch.inference_mode()
def where_texts_end(model: Model, texts: Ragged, mask: str) -> Surprise:
    """The next token, asked of each beginning of a text by itself, so nothing later is there."""
    nats, guesses = 0.0, 0
    for t in range(1, int(texts.lengths.max())):
        rows = torch.tensor([text[: t + 1] for text in texts if len(text) > t])
        last = model.stack(rows[:, :t], MASKS[mask](t))[:, -1]  # (N, D)
        scored = model.head(last).log_softmax(-1)
        nats -= scored.gather(-1, rows[:, t:]).double().sum().item()
        guesses += len(rows)
    return Surprise(nats, guesses)


def bits(model: Model, texts: Ragged) -> dict[str, float]:
    """Bits of a guess by mask, each model asked what it was trained for.

    GPT is asked under the full mask as well with the text going on after the word that is asked.
    """
    found = {}
    for name, mask in RECIPE_MASKS.items():
        if isinstance(model, GPT):
            found[name] = where_texts_end(model, texts, name).bits
        else:
            recipe = Recipe(mask=mask, objective="masked")
            found[name] = one_gap(model, texts, SPECIAL_IDS, recipe).bits
    if isinstance(model, GPT):
        goes_on = Recipe(mask="full", objective="next-token")
        found["text goes on"] = left_to_right(model, texts, SPECIAL_IDS, goes_on).bits
    return found


def exact_bits(texts: Ragged) -> dict[str, float]:
    """Exact surprise, in bits of a guess, of the best readers that either mask allows.

    "next token": of what comes before, ends included. "gap, both sides"; "gap, left side": of what
    comes before only, ends left out.
    """
    exact = floors(texts)
    left, words = 0.0, 0
    for text in texts:
        story = decode_story(text)
        left -= toyland().log_probability(story) - math.log(toyland().next_words(story)[END])
        words += len(story)
    return {
        "next token": exact.left_to_right.bits,
        "gap, both sides": exact.one_gap.bits,
        "gap, left side": Surprise(left, words).bits,
    }


def measure(seed: int, n: int, opening: int) -> dict[str, Any]:
    """See `other_mask`; with fewer stories and a shorter opening for a test."""
    texts = draw_stories(n, STORY_SEED + seed)
    found: dict[str, Any] = {"exact": exact_bits(texts), "weights": {}, "models": {}}
    for name, stored in MODELS.items():
        model = course_model(stored)
        generator = torch.Generator().manual_seed(seed)
        found["weights"][name] = course_card(stored)["sha256"]
        found["models"][name] = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "of the stack": sum(p.numel() for p in model.stack.parameters()),
            "felt": felt(model.stack, torch.tensor(texts[0][:opening])),
            "moved": moved(model.stack, texts, generator),
            "bits": bits(model, texts),
        }
    return found


@experiment("other_mask", seeds=range(5))
def other_mask(seed: int) -> dict[str, Any]:
    """The course's three models of Toyland, each under both masks; a seed draws the stories.

    Returns "exact", bits of the best readers; "weights", digests; and by model its "parameters",
    those "of the stack", and what `felt`, `moved` and `bits` find.
    """
    return measure(seed, STORIES, OPENING)
