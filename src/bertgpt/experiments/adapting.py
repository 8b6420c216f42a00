"""Page 11, C66, E18: a BERT that is trained further on a field: gained and forgotten."""

from functools import cache
from importlib.resources import files
from math import exp, log
from typing import Any

import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.runner import experiment
from bertgpt.toyland import toyland
from bertgpt.toyland.language import Grammar
from bertgpt.training.held_out import one_gap
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import BERT_RECIPE, Learner, set_task
from bertgpt.training.stories import (
    TEST_SEED,
    decode_story,
    draw_stories,
    encode_story,
    toyland_config,
    toyland_vocab,
)
from bertgpt.training.train import TrainConfig, train
from bertgpt.weights.course import course_model

SWAPS = (("colour", "weather"), ("vehicle", "treat"))  # classes whose words change places
LOOKS = (0, 50, 100, 200, 400)
STORIES, READ, TEST = 32, 4_000, 40
# Each arm: the share of old stories, and the rate. New weights take the rate of the course's BERTs.
ARMS = {"field only": (0.0, 1e-3), "half of each": (0.5, 1e-3), "new weights": (0.0, 3e-3)}


@cache
def field() -> Grammar:
    """Toyland in which the words of some classes have changed places: other uses of them."""
    text = (files("bertgpt") / "data" / "toyland.txt").read_text(encoding="utf-8")
    for one, other in SWAPS:
        text = text.replace(f"words {one}:", "words @@:").replace(
            f"words {other}:", f"words {one}:"
        )
        text = text.replace("words @@:", f"words {other}:")
    return Grammar(text)


@cache
def field_stories(n: int, seed: int) -> Ragged:
    """Stories of the field, as ids of Toyland's words."""
    drawn = field().stories(n, torch.Generator().manual_seed(seed))
    return Ragged.of([encode_story(story.words) for story in drawn])


@cache
def exact_bits(of_field: bool) -> float:
    """Exact surprise of the test's single gaps."""
    language, test = (field(), field_test()) if of_field else (toyland(), old_test())
    nats, n = 0.0, 0
    for text in test:
        words = decode_story(text)
        for i, word in enumerate(words):
            nats -= log(language.masked_word(words, i)[word])
        n += len(words)
    return nats / n / log(2)


@cache
def exact_bits_of_both(of_field: bool) -> float:
    """As `exact_bits`, for a reader who knows both languages, and not which one a story is in."""
    test, nats, n = field_test() if of_field else old_test(), 0.0, 0
    for text in test:
        words = decode_story(text)
        for i, word in enumerate(words):
            joint = [_joint(language, words, i) for language in (toyland(), field())]
            here = sum(chances.get(word, 0.0) for chances in joint)
            nats -= log(here / sum(sum(chances.values()) for chances in joint))
        n += len(words)
    return nats / n / log(2)


def _joint(language: Grammar, words: list[str], i: int) -> dict[str, float]:
    """P(the story with a word at place i), by that word: empty if no word makes it a story."""
    try:
        chances = language.masked_word(words, i)
    except ValueError:
        return {}
    word, chance = next(iter(chances.items()))
    whole = exp(language.log_probability([*words[:i], word, *words[i + 1 :]]))
    return {other: p / chance * whole for other, p in chances.items()}


def field_test() -> Ragged:
    """Stories of the field that nothing learns from."""
    return field_stories(TEST, TEST_SEED)


def old_test() -> Ragged:
    """Stories of Toyland that nothing learns from."""
    return Ragged.of([draw_stories(2000, TEST_SEED)[i] for i in range(TEST)])


def excess(model: BERT) -> dict[str, float]:
    """How far single gaps are above the exact surprise, in the field and on old stories."""
    model.eval()
    found = {}
    for where, of_field, test in (("field", True, field_test()), ("old", False, old_test())):
        bits = one_gap(model, test, SPECIAL_IDS, BERT_RECIPE).bits
        found[where] = round(bits / exact_bits(of_field) - 1, 5)
    model.train()
    return found


@experiment("adapting", seeds=range(3))
def adapting(seed: int) -> dict[str, Any]:
    """By arm and look: the step, and the excess over the floor in the field and on old stories.

    The rate falls along one cosine to the last look; earlier looks are on the way. "both" is the
    excess of a reader who knows the two languages, and not which of them a story is in.
    """
    found: dict[str, Any] = {arm: _looks(arm, *given, seed) for arm, given in ARMS.items()}
    return found | {
        "both": {
            where: round(exact_bits_of_both(of_field) / exact_bits(of_field) - 1, 5)
            for where, of_field in (("field", True), ("old", False))
        }
    }


def _looks(arm: str, old: float, rate: float, seed: int) -> list[dict[str, float]]:
    torch.manual_seed(seed)
    model = BERT(toyland_config()) if arm == "new weights" else course_model("toyland-bert")
    assert isinstance(model, BERT)
    learner, generator = Learner(model), torch.Generator().manual_seed(seed)
    here, there = field_stories(READ, 1), draw_stories(READ, 11)

    def tasks() -> Any:
        while True:
            rows = []
            for number in range(STORIES):
                texts = there if number < old * STORIES else here
                rows.append(texts[int(torch.randint(len(texts), (1,), generator=generator))])
            batch = Ragged.of(rows)
            yield set_task(
                BERT_RECIPE, batch.padded(list(range(STORIES)), SPECIAL_IDS.pad), SPECIAL_IDS,
                vocab_size=len(toyland_vocab()), generator=generator,
            )  # fmt: skip

    def loss(learner: Learner, task: Any) -> Any:
        return learner(task)[0] / task.weights.sum()

    cfg = TrainConfig(steps=LOOKS[-1], learning_rate=rate, warmup=20, final_share=0.02)
    found = [{"step": 0, **excess(model)}]
    for step in train(learner, tasks(), loss, cfg):
        if step.number in LOOKS:
            found.append({"step": step.number, **excess(model)})
    return found
