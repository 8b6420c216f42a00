"""Page 11, C58, E17: what a BERT gets from a GPT that it begins as, and from an early one."""

from math import log, log2
from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.name_look_ups import asked, excess
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.toyland import toyland
from bertgpt.training.measured import first
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import Recipe
from bertgpt.training.run import Run
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.stories import (
    TEST_SEED,
    decode_story,
    draw_stories,
    toyland_config,
    toyland_vocab,
)
from bertgpt.training.texts import Texts, toyland_texts
from bertgpt.training.train import TrainConfig
from bertgpt.weights.course import course_card, course_model

STORIES, N_TEST, N_ASKED = 64, 60, 100
STEPS, RATE = 2_000, 3e-3  # under BERT's mask, for every arm; the rate of the course's BERTs
EARLY, GPT_RATE = 1_000, 2e-3  # updates of a GPT that has not learned to copy; the course's rate
CAUSAL = Recipe(mask="causal", objective="next-token")
MASKED = Recipe(mask="full", objective="masked", mask_rate=0.15)
KINDS = ("name, shown elsewhere", "toy, shown elsewhere", "name or toy, not shown", "other word")
Weights = dict[str, Tensor]


def trained(recipe: Recipe, seed: int, texts: Texts, begin: Weights | None = None) -> Run:
    """A run to its end, its rate on a cosine: `EARLY` updates as a GPT, or `STEPS` as a BERT."""
    gpt = recipe == CAUSAL
    steps = EARLY if gpt else STEPS
    training = TrainConfig(
        steps=steps, learning_rate=GPT_RATE if gpt else RATE, warmup=steps // 20, final_share=0.02
    )
    cfg = PretrainConfig(
        model="gpt" if gpt else "bert", recipe=recipe, training=training, batch=STORIES, seed=seed
    )
    run = Run(cfg, toyland_config(), texts, begin=begin)
    for _ in run.go(steps):
        pass
    run.model.eval()
    return run


def with_tables_of(gpt: Weights, seed: int) -> Weights:
    """New weights of a stack, but for the tables of words and positions."""
    torch.manual_seed(seed)
    new = BERT(toyland_config()).stack.state_dict()
    tables = {key: t for key, t in gpt.items() if key.startswith(("tokens.", "positions."))}
    return new | tables


def kind(words: list[str], i: int) -> str:
    """To which of `KINDS` a word of a story belongs."""
    name, toy = words[i] in toyland().names, words[i] in toyland().classes["toy"]
    if not (name or toy):
        return KINDS[3]
    if words[i] not in words[:i] + words[i + 1 :]:
        return KINDS[2]
    return KINDS[0] if name else KINDS[1]


@torch.inference_mode()
def single_gaps(model: BERT, stories: Ragged) -> dict[str, dict[str, float]]:
    """By kind of word: how many gaps, the exact bits and the model's excess, summed over them.

    Both are expected under Toyland's own probabilities of the gap: its entropy, and the divergence
    of the model's guess from it (Kullback and Leibler 1951), whatever word happens to be there.
    """
    ids = {word: i for i, word in enumerate(toyland_vocab().words)}
    found = {name: {"gaps": 0, "exact": 0.0, "excess": 0.0} for name in KINDS}
    for text in stories:
        words = decode_story(text)
        places = torch.arange(len(words))
        hidden = torch.tensor([text]).repeat(len(words), 1)
        hidden[places, places + 1] = SPECIAL_IDS.mask  # [CLS] is in front
        logs = model(hidden)[places, places + 1].double().log_softmax(-1)
        for i in range(len(words)):
            exact = toyland().masked_word(words, i)
            of_kind = found[kind(words, i)]
            of_kind["gaps"] += 1
            for word, p in exact.items():
                if p > 0:
                    of_kind["exact"] -= p * log2(p)
                    of_kind["excess"] += p * (log2(p) - logs[i, ids[word]].item() / log(2))
    return found


@experiment("where_begun", seeds=range(3))
def where_begun(seed: int) -> dict[str, Any]:
    """By beginning: single gaps by kind of word after `STEPS` updates, of 15 % hidden words.

    And what two GPTs pay beyond the exact reader, in nats: the one that is stored, and the early
    one.
    """
    texts = toyland_texts()
    test = first(texts.test, N_TEST)
    stored, early = course_model("toyland-gpt"), trained(CAUSAL, seed, texts).model
    assert isinstance(stored, GPT)
    assert isinstance(early, GPT)
    weights = stored.stack.state_dict()
    begins: dict[str, Weights | None] = {
        "new weights": None,
        "the GPT's tables": with_tables_of(weights, seed),
        "an early GPT": early.stack.state_dict(),
        "the GPT": weights,
    }
    found: dict[str, Any] = {}
    for name, begin in begins.items():
        run = trained(MASKED, seed, texts, begin)
        assert isinstance(run.model, BERT)
        found[name] = {
            kind: {key: round(value, 4) for key, value in sums.items()}
            for kind, sums in single_gaps(run.model, test).items()
        }
    given = asked(draw_stories(N_ASKED, TEST_SEED))
    paid = {"the GPT": excess(stored, given), "an early GPT": excess(early, given)}
    return {
        "begins as": course_card("toyland-gpt")["sha256"],
        "arms": found,
        "GPTs": {
            name: {kind: round(value, 4) for kind, value in of_gpt.items()}
            for name, of_gpt in paid.items()
        },
    }
