"""Page 11, C65, E17: next sentence prediction, and the pairs that it needs, told apart."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.runner import experiment
from bertgpt.heads import PretrainingHead
from bertgpt.toyland import toyland
from bertgpt.training.held_out import floors, one_gap
from bertgpt.training.measured import first
from bertgpt.training.recipe import BERT_RECIPE, Learner, Recipe, Task, set_task
from bertgpt.training.stories import TEST_SEED, draw_stories, toyland_config, toyland_vocab
from bertgpt.training.texts import Texts, story_pairs, toyland_texts
from bertgpt.training.train import TrainConfig, finish, train
from bertgpt.weights.course import course_model

TOKENS, PER_UPDATE = 600_000, 1_100  # read by each arm in all, and in an update (32 stories)
LENGTH, READ, TEST_GAPS, TEST_PAIRS, RATE = 64, 20_000, 60, 500, 3e-3
ARMS = ("pairs, next sentence", "pairs", "whole stories")


def start() -> BERT:
    """A BERT for pairs that begins as the course's GPT; segments and heads are new."""
    cfg = replace(toyland_config(), n_segments=2)
    model = BERT(cfg, head=PretrainingHead)
    model.stack.load_state_dict(course_model("toyland-gpt").stack.state_dict(), strict=False)
    return model


def loss(learner: Learner, task: Task) -> Tensor:
    """Mean surprise of a guess, plus that of next sentence where it is asked, as in BERT."""
    tokens, follows = learner(task)
    total: Tensor = tokens / task.weights.sum() + follows / len(task.seen)
    return total


def tasks(texts: Texts, arm: str, seed: int) -> Iterator[Task]:
    """Batches of about as many tokens each, of texts in random order."""
    generator = torch.Generator().manual_seed(seed)
    n = max(1, round(PER_UPDATE / float(texts.train.lengths.float().mean())))
    recipe = Recipe(mask="full", objective="masked", next_sentence=arm == ARMS[0])
    while True:
        some = torch.randint(len(texts.train), (n,), generator=generator)
        labels = None if texts.labels is None else texts.labels[some]
        task = set_task(
            recipe, texts.train.padded(some.tolist(), SPECIAL_IDS.pad), SPECIAL_IDS,
            vocab_size=len(toyland_vocab()), generator=generator, labels=labels,
        )  # fmt: skip
        # the segments are seen in both arms of pairs; only the question about them is left out
        yield task if arm == ARMS[0] else task._replace(labels=None)


def share_a_name(a: list[str], b: list[str]) -> bool:
    """Whether some name is in both segments: what a reader of names only would look at."""
    return bool(set(a) & set(b) & set(toyland().names))


def may_follow(a: list[str], b: list[str]) -> bool:
    """Whether Toyland can go on from the first segment to the second.

    A first segment from the middle of a story (of a long one's second pair) is judged by names.
    """
    try:
        toyland().beliefs(a)
    except ValueError:
        return share_a_name(a, b)
    try:
        toyland().beliefs([*a, *b])
    except ValueError:
        return False
    return True


@torch.inference_mode()
def right_on_pairs(learner: Learner, pairs: Texts) -> dict[str, float]:
    """Fraction of held-out pairs of which three readers say rightly whether the second follows."""
    assert pairs.labels is not None
    head = learner.model.head
    assert isinstance(head, PretrainingHead)
    right = {"model": 0, "names": 0, "rules": 0}
    for i in range(TEST_PAIRS):
        row = pairs.train[i]
        task = set_task(
            Recipe(mask="full", objective="next-token"), torch.tensor([row]), SPECIAL_IDS,
            vocab_size=len(toyland_vocab()), generator=torch.Generator(),
            labels=pairs.labels[i : i + 1],
        )  # fmt: skip
        h = learner.model.stack(task.seen, task.readable, task.segment_ids)
        follows = int(pairs.labels[i]) == 0
        words = toyland_vocab().decode(row)
        middle = words.index("[SEP]")
        a, b = words[1:middle], words[middle + 1 : -1]
        right["model"] += (int(head.pair(h).argmax()) == 0) == follows
        right["names"] += share_a_name(a, b) == follows
        right["rules"] += may_follow(a, b) == follows
    return {reader: n / TEST_PAIRS for reader, n in right.items()}


@experiment("next_sentence", seeds=range(3))
def next_sentence(seed: int) -> dict[str, Any]:
    """By arm, excess of one gap on whole stories; with the objective, pairs judged rightly.

    By the model, by a reader who looks for a name in both segments, and by one who knows the rules.
    """
    stories = toyland_texts(READ)
    pairs = story_pairs(stories, LENGTH, seed)
    held = story_pairs(replace(stories, train=stories.test), LENGTH, seed=1_000)
    gaps = first(draw_stories(2000, TEST_SEED), TEST_GAPS)
    exact = floors(gaps).one_gap.bits
    found: dict[str, Any] = {}
    steps = TOKENS // PER_UPDATE
    for arm in ARMS:
        torch.manual_seed(seed)
        learner = Learner(start())
        cfg = TrainConfig(steps=steps, learning_rate=RATE, warmup=steps // 20, final_share=0.02)
        texts = stories if arm == ARMS[2] else pairs
        finish(train(learner, tasks(texts, arm, seed), loss, cfg))
        learner.eval()
        bits = one_gap(learner.model, gaps, SPECIAL_IDS, BERT_RECIPE).bits
        found[arm] = {"one gap bits": round(bits, 5), "one gap above": round(bits / exact - 1, 5)}
        if arm == ARMS[0]:
            found["right on pairs"] = right_on_pairs(learner, held)
    return found
