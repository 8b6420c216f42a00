"""The arms of fine-tuning: four tasks on stories of Toyland, and four models that begin alike.

All arms read the same texts and the same labels, and make equally many updates. They differ in the
weights that they begin with, in the mask, and in the place where the answer is read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal, NamedTuple

import torch

from bertgpt.bert import BERT
from bertgpt.tasks.story_entailment import (
    LABELS,
    by_words_alone,
    entailment_examples,
    entailment_pairs,
)
from bertgpt.tasks.story_labels import (
    SENTIMENTS,
    fresh_stories,
    majority_share,
    sentiment_examples,
    sentiment_limits,
)
from bertgpt.tasks.story_questions import asked, by_kind_alone, question_examples
from bertgpt.tasks.story_senses import sense_examples, sense_labels, sense_limits
from bertgpt.toyland import toyland
from bertgpt.toyland.story import Story
from bertgpt.training.device import generator
from bertgpt.training.finetune import Model, evaluate, finetune, prepare, with_head
from bertgpt.training.readouts import Example, Readout, Span, TextLabel, WordLabels
from bertgpt.training.stories import draw_stories, encode_story
from bertgpt.training.train import TrainConfig
from bertgpt.weights.course import course_card, course_model

READ, READ_SEED = 200_000, 11  # stories that the course's models were trained on
HELD, HELD_SEED = 5_000, 7_000_003  # stories that test and development examples are taken from
POOL = 20_000  # stories that a seed labels some of
TEST, DEVELOPMENT = 1_000, 200  # examples of each task
LOOKS = 4


@dataclass(frozen=True)
class Arm:
    """Weights to begin with ("" for new ones), whether their mask comes off, where it answers."""

    start: Literal["bert", "gpt", ""]
    unmask: bool
    place: Literal["first", "last"]


ARMS = {
    "BERT": Arm("bert", False, "first"),
    "GPT": Arm("gpt", False, "last"),
    "GPT unmasked": Arm("gpt", True, "last"),
    "new weights": Arm("", False, "first"),
}

Starts = dict[str, Model]
ReadoutAt = Callable[[Literal["first", "last"]], Readout]


@dataclass(frozen=True)
class Task:
    """How examples are made of stories, and how the answer is read at an arm's place."""

    examples: Callable[[Sequence[Story]], list[Example]]
    readout_at: ReadoutAt


def _pairs(stories: Sequence[Story]) -> list[Example]:
    return entailment_examples(entailment_pairs(stories, generator(0)))


def _questions(stories: Sequence[Story]) -> list[Example]:
    return question_examples(asked(stories, generator(0)))


def _senses(place: Literal["first", "last"]) -> Readout:
    return WordLabels(len(sense_labels(toyland())))  # at the word itself, whatever the model


TASKS = {
    "sentiment": Task(sentiment_examples, lambda place: TextLabel(len(SENTIMENTS), place)),
    "sense": Task(sense_examples, _senses),
    "entailment": Task(_pairs, lambda place: TextLabel(len(LABELS), place)),
    "span": Task(_questions, lambda place: Span("each" if place == "first" else "last")),
}


def start_weights(kind: str, load: Callable[[str], Model] = course_model) -> Model:
    """The trained model that an arm begins with.

    Args:
        kind: "bert" or "gpt".
        load: finds a model by its name.
    """
    return load(f"toyland-{kind}")


def starts_of_the_course() -> Starts:
    """The course's BERT and GPT of Toyland."""
    return {kind: start_weights(kind) for kind in ("bert", "gpt")}


def started() -> dict[str, str]:
    """Digests of the files that they are read from: results hold only for these weights."""
    return {kind: course_card(f"toyland-{kind}")["sha256"] for kind in ("bert", "gpt")}


@cache
def held_stories() -> tuple[tuple[Story, ...], int]:
    """Stories for test and development that the models have not read; how many they had read."""
    drawn = fresh_stories(HELD, HELD_SEED)
    held = {tuple(encode_story(story.words)) for story in drawn}
    read = {ids for ids in map(tuple, draw_stories(READ, READ_SEED)) if ids in held}
    kept = [story for story in drawn if tuple(encode_story(story.words)) not in read]
    return tuple(kept), len(drawn) - len(kept)


@dataclass(frozen=True)
class Parts:
    """The labelled texts of one task; no story is in two of the parts."""

    train: list[Example]
    development: list[Example]
    test: list[Example]


def parts(task: str, seed: int, n_labels: int, pool: int = POOL) -> Parts:
    """Test and development examples, the same for all seeds, and a seed's own to learn from.

    Args:
        n_labels: labelled texts to learn from; those of a smaller number are among them.
        pool: stories to take them from.
    Raises:
        ValueError: if the pool gives fewer.
    """
    make = TASKS[task].examples
    held, _ = held_stories()
    kept = make(held)
    train = make(_pool(seed, pool))
    if len(train) < n_labels or len(kept) < TEST + DEVELOPMENT:
        raise ValueError(
            f"{pool} stories give {len(train)} examples of {task!r}, and {n_labels} were asked "
            "for; ask for fewer, or draw more stories"
        )
    return Parts(train[:n_labels], kept[TEST : TEST + DEVELOPMENT], kept[:TEST])


@cache
def _pool(seed: int, n: int) -> list[Story]:
    held, _ = held_stories()
    return fresh_stories(n, HELD_SEED + 1 + seed, [story.words for story in held])


def limits(task: str) -> dict[str, float]:
    """The most that can be known, and what is reached with little, on the test examples.

    "ceiling": who has read all. "left": who answers at the word, having read up to it, where that
    makes a difference. "floor": always the commonest answer. "rule": a plain rule without order.
    """
    held, _ = held_stories()
    test = TASKS[task].examples(held)[:TEST]
    found = {"ceiling": 1.0, "floor": majority_share(test)}
    if task == "sentiment":
        known = sentiment_limits(held[:TEST])
        found |= {"ceiling": known["whole"], "before the end": known["but the last sentence"]}
    elif task == "sense":
        known = sense_limits(toyland())
        found = {"ceiling": known["both"], "floor": known["nothing"]}
        found |= {"left": known["left"], "rule": known["word"]}
    elif task == "entailment":
        pairs = entailment_pairs(held, generator(0))[:TEST]
        found["rule"] = sum(by_words_alone(pair) == pair.label for pair in pairs) / len(pairs)
    else:
        asks = asked(held, generator(0))[:TEST]
        found["rule"] = sum(by_kind_alone(s, q) == q.position for s, q in asks) / len(asks)
    return found


def new_model(arm: Arm, readout: Readout, starts: Starts, seed: int) -> Model:
    """An arm's model with a new head; with new weights it is all new, and as large as others."""
    torch.manual_seed(seed)
    if not arm.start:
        return BERT(starts["bert"].stack.cfg, starts["bert"].special, readout.make_head)
    return with_head(starts[arm.start], readout, unmask=arm.unmask)


class Budget(NamedTuple):
    """Updates, and texts in each."""

    updates: int
    batch: int


def learn(
    readout_at: ReadoutAt,
    arm: Arm,
    starts: Starts,
    given: Parts,
    budgets: Mapping[int, Budget],
    rates: Sequence[float],
    seed: int,
    *,
    frozen: bool = False,
) -> list[dict[str, float]]:
    """Fine-tune one arm on one task, afresh for each number of labels and each learning rate.

    Args:
        readout_at: of a task.
        budgets: by number of labels.
        rates: highest learning rate.
        seed: of the new weights and of the batches.
        frozen: only the head learns.
    Returns:
        A dictionary per number of labels and rate, with "labels", "rate", "development" (the loss
        in nats of the weights that were kept), "chosen" (the update that gave them), "loss" and
        "accuracy" on the test texts.
    """
    readout = readout_at(arm.place)
    model = new_model(arm, readout, starts, seed)
    train, development, test = (
        prepare(model, readout, part, frozen=frozen)
        for part in (given.train, given.development, given.test)
    )
    found = []
    for (n, budget), rate in product(budgets.items(), rates):
        model = new_model(arm, readout, starts, seed)
        cfg = TrainConfig(
            steps=budget.updates, learning_rate=rate, warmup=budget.updates // 10, final_share=0.0
        )
        outcome = finetune(
            model, readout, train.first(n), development, cfg,
            generator=generator(seed), batch_size=budget.batch, looks=LOOKS,
        )  # fmt: skip
        tested = evaluate(model, readout, test)
        found.append(
            {
                "labels": n, "rate": rate, "development": round(outcome.loss, 4),
                "chosen": outcome.chosen, "loss": round(tested.loss, 4),
                "accuracy": round(tested.accuracy, 4),
            }
        )  # fmt: skip
    return found
