"""The arms: mask, objective and head of each, what it reads and guesses, and its training."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import all_texts, config, drawn
from bertgpt.heads import LanguageModelHead, MaskedTokenHead
from bertgpt.objectives import IGNORE
from bertgpt.training.recipe import Learner, Recipe, Task, set_task
from bertgpt.training.train import TrainConfig, train

UPDATES, TEXTS = 8000, 64  # of every arm: updates, and texts in each
WARMUP, FINAL_SHARE = 1 / 20, 0.02
LOOKS = 8  # at a model in training
Mask = Literal["causal", "full", "prefix"]


@dataclass(frozen=True)
class Lesson:
    """Task of an update: a mask, an objective, and the position where a guess is read.

    Args:
        shifted: read a hidden token from the state before it, where a GPT guesses it too: masked
            next-token prediction (Charpentier and Samuel 2024). Next tokens are always read so.
    """

    mask: Mask
    objective: Literal["next-token", "masked", "all-rates"]
    rate: float = 0.4
    shifted: bool = False

    @property
    def reads(self) -> Literal["before", "at"]:
        """The place where the guess of a token is read, "before" it or "at" its own position."""
        return "before" if self.shifted or self.objective == "next-token" else "at"

    def task(self, ids: Tensor, generator: torch.Generator) -> Task:
        """A batch as this lesson asks it."""
        recipe = Recipe(mask=self.mask, objective=self.objective, mask_rate=self.rate)
        vocab_size = config().vocab_size
        task = set_task(recipe, ids, SPECIAL_IDS, vocab_size=vocab_size, generator=generator)
        if self.shifted:
            task = task._replace(
                targets=_one_earlier(task.targets, IGNORE), weights=_one_earlier(task.weights, 0)
            )
        return task


def _one_earlier(x: Tensor, last: float) -> Tensor:
    return torch.cat([x[:, 1:], torch.full_like(x[:, :1], last)], dim=1)


NEXT = Lesson("causal", "next-token")
MASKED = Lesson("full", "masked")
SHIFTED = Lesson("full", "masked", shifted=True)


@dataclass(frozen=True)
class Arm:
    """A model of the experiment.

    Args:
        stages: one after the other, each of the same number of updates; of a stage's lessons each
            update takes the next.
        head: LanguageModelHead has no weights of its own.
        share: fraction of the updates that it gets.
    """

    stages: tuple[tuple[Lesson, ...], ...]
    head: type[nn.Module] = LanguageModelHead
    share: float = 1.0

    @property
    def lessons(self) -> list[Lesson]:
        """All lessons, in the order in which they come first."""
        return [lesson for stage in self.stages for lesson in stage]


def only(mask: Mask, objective: str, rate: float = 0.4) -> Arm:
    """An arm of one lesson."""
    return Arm(((Lesson(mask, objective, rate),),))  # type: ignore[arg-type]


ARMS: dict[str, Arm] = {
    "causal, next": Arm(((NEXT,),)),  # GPT
    "full, 15 %": only("full", "masked", 0.15),  # BERT
    "full, 40 %": Arm(((MASKED,),)),
    "full, all rates": only("full", "all-rates"),  # masked diffusion
    "prefix, next": only("prefix", "next-token"),
    "causal, 40 %": only("causal", "masked"),
    "prefix, 40 %": only("prefix", "masked"),
    "full, next": only("full", "next-token"),  # the leak
    "full, 40 %, one before": Arm(((SHIFTED,),)),
    "both by turns": Arm(((NEXT, SHIFTED),)),  # GPT-BERT
    "causal first": Arm(((NEXT,), (MASKED,))),
    "masked first": Arm(((MASKED,), (NEXT,))),
    # 11.2 next tokens a text against 0.4 x 10.2 hidden words: as many guesses, in fewer updates.
    "causal, next, guesses of 40 %": Arm(((NEXT,),), share=0.364),
    "causal, next, BERT's head": Arm(((NEXT,),), MaskedTokenHead),
    "full, 40 %, BERT's head": Arm(((MASKED,),), MaskedTokenHead),
}


class Counts(NamedTuple):
    """Updates, tokens read, guesses and parameters of an arm's training."""

    updates: int
    tokens: int  # read, padding not counted
    guesses: int
    parameters: int


def new_model(arm: Arm, seed: int) -> BERT:
    """Stack and head before training; the stack's weights are those of every arm of this seed.

    The class is BERT's for all arms, but its mask is not used here: the lesson brings the mask.
    """
    torch.manual_seed(seed)
    return BERT(config(), SPECIAL_IDS, arm.head)


def trained(
    arm: Arm,
    seed: int,
    learning_rate: float,
    updates: int = UPDATES,
    look: Callable[[int, BERT], None] | None = None,
) -> tuple[BERT, Counts]:
    """Train an arm; the texts and their order are those of every arm of this seed.

    Args:
        updates: of an arm with a share of 1.
        look: called with the number of updates and the model, after each of LOOKS equal parts.
    """
    updates = round(updates * arm.share)
    model = new_model(arm, seed)
    counts = {"tokens": 0, "guesses": 0}

    def tasks() -> Iterator[Task]:
        for task in _tasks(arm, seed, updates):
            counts["tokens"] += int((task.seen != SPECIAL_IDS.pad).sum())
            counts["guesses"] += int((task.targets != IGNORE).sum())
            yield task

    cfg = TrainConfig(
        steps=updates, learning_rate=learning_rate, warmup=round(updates * WARMUP),
        final_share=FINAL_SHARE,
    )  # fmt: skip
    due = {round(updates * part / LOOKS) for part in range(1, LOOKS + 1)}
    for step in train(Learner(model), tasks(), mean_surprise, cfg):
        if look is not None and step.number in due:
            look(step.number, model)
    n = sum(p.numel() for p in model.parameters())
    return model.eval(), Counts(updates, counts["tokens"], counts["guesses"], n)


def _tasks(arm: Arm, seed: int, updates: int) -> Iterator[Task]:
    """Tasks of all updates; texts come from one generator, what is hidden from another."""
    read = torch.Generator().manual_seed(seed)
    hide = torch.Generator().manual_seed(seed + 1)
    for number in range(updates):
        ids = all_texts().ids[drawn(TEXTS, read)]
        ids = ids[:, : int((ids != SPECIAL_IDS.pad).sum(dim=1).max())]
        stage = arm.stages[number * len(arm.stages) // updates]
        yield stage[number % len(stage)].task(ids, hide)


def mean_surprise(learner: Learner, task: Task) -> Tensor:
    """Nats of a guess, weighted as the lesson says."""
    nats, _ = learner(task)
    mean: Tensor = nats / task.weights.sum()
    return mean
