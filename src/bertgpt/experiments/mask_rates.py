"""Page 11, C58, E17: 15 %, 40 % and all rates, with steps, tokens and guesses counted."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.runner import experiment
from bertgpt.objectives import IGNORE
from bertgpt.training.batches import Batches
from bertgpt.training.held_out import any_order, floors, one_gap
from bertgpt.training.measured import first
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import BERT_RECIPE, Learner, Recipe, Task, set_task
from bertgpt.training.stories import TEST_SEED, draw_stories, toyland_config, toyland_vocab
from bertgpt.training.train import TrainConfig, finish, train
from bertgpt.weights.course import course_card, course_model

STEPS, STORIES, RATE = 640, 32, 3e-3  # the rate of the course's BERTs, for every arm
READ, N_TEST = 20_000, 60
AT_15 = Recipe(mask="full", objective="masked", mask_rate=0.15)
AT_40 = Recipe(mask="full", objective="masked", mask_rate=0.4)
ALL = Recipe(mask="full", objective="all-rates")
# Each arm: its recipe, its steps, and whether all that is asked becomes [MASK]. The last arm
# makes as many guesses as that of 15 %; for that it takes 3/8 of the steps.
ARMS: dict[str, tuple[Recipe, int, bool]] = {
    "15 %": (AT_15, STEPS, False),
    "40 %": (AT_40, STEPS, False),
    "all rates": (ALL, STEPS, False),
    "15 %, all of it [MASK]": (AT_15, STEPS, True),
    "40 %, guesses of 15 %": (AT_40, STEPS * 3 // 8, False),
}


def begun_as_gpt(name: str = "toyland-gpt") -> BERT:
    """A BERT whose stack has the weights of a stored GPT; its head's own layer is new."""
    model = BERT(toyland_config())
    model.stack.load_state_dict(course_model(name).stack.state_dict())
    return model


def asked(recipe: Recipe, ids: Tensor, all_masked: bool, generator: torch.Generator) -> Task:
    """A batch as the recipe asks it; with `all_masked`, no word that is asked stays visible."""
    task = set_task(recipe, ids, SPECIAL_IDS, vocab_size=len(toyland_vocab()), generator=generator)
    if all_masked:
        task = task._replace(seen=task.seen.masked_fill(task.targets != IGNORE, SPECIAL_IDS.mask))
    return task


def mean_surprise(learner: Learner, task: Task) -> Tensor:
    """Nats of a guess, weighted as the recipe says."""
    nats, _ = learner(task)
    mean: Tensor = nats / task.weights.sum()
    return mean


def trained(
    start: Callable[[], BERT], recipe: Recipe, steps: int, seed: int, *, all_masked: bool = False
) -> tuple[BERT, dict[str, int]]:
    """Train, and count the tokens that were read and the guesses that were made."""
    torch.manual_seed(seed)  # new weights of the head
    learner = Learner(start())
    batches = Batches(draw_stories(READ, 11), STORIES, seed, SPECIAL_IDS.pad)
    generator = torch.Generator().manual_seed(seed)
    counts = {"steps": steps, "tokens": 0, "guesses": 0}

    def tasks() -> Any:
        for _, ids in batches.after(0):
            task = asked(recipe, ids, all_masked, generator)
            counts["tokens"] += int((ids != SPECIAL_IDS.pad).sum())
            counts["guesses"] += int((task.targets != IGNORE).sum())
            yield task

    cfg = TrainConfig(steps=steps, learning_rate=RATE, warmup=steps // 20, final_share=0.02)
    finish(train(learner, tasks(), mean_surprise, cfg))
    model = learner.model.eval()
    assert isinstance(model, BERT)
    return model, counts


def at_visible(model: BERT, stories: Ragged, seed: int) -> dict[str, float]:
    """First guesses of a model at words that it can see, each word of the stories in turn.

    "keeps": fraction of the story's words that are its first guess at their own place; "doubts":
    fraction of words put there at random that are not.
    """
    generator = torch.Generator().manual_seed(seed)
    first_word = 1 + max(SPECIAL_IDS)  # ids below are special
    keeps, doubts, n = 0, 0, 0
    for text in stories:
        ids = torch.tensor([text])
        words = torch.arange(1, len(text) - 1)
        other = torch.randint(first_word, len(toyland_vocab()), words.shape, generator=generator)
        wrong = ids.repeat(len(words), 1)
        wrong[torch.arange(len(words)), words] = other
        with torch.inference_mode():
            keeps += int((model(ids)[0, words].argmax(-1) == ids[0, words]).sum())
            guessed = model(wrong)[torch.arange(len(words)), words].argmax(-1)
        doubts += int((guessed != other).sum())
        n += len(words)
    return {"keeps": round(keeps / n, 4), "doubts": round(doubts / n, 4)}


@experiment("mask_rates", seeds=range(3))
def mask_rates(seed: int) -> dict[str, Any]:
    """By arm: steps, tokens, guesses; bits of one gap and of the bound, each with its excess.

    And what the model says at words that it can see. All arms begin as the course's GPT.
    """
    test = first(draw_stories(2000, TEST_SEED), N_TEST)
    exact = floors(test)
    found: dict[str, Any] = {}
    for name, (recipe, steps, all_masked) in ARMS.items():
        model, counts = trained(begun_as_gpt, recipe, steps, seed, all_masked=all_masked)
        one = one_gap(model, test, SPECIAL_IDS, BERT_RECIPE).bits
        bound = any_order(model, test, SPECIAL_IDS, BERT_RECIPE).bits
        found[name] = counts | {
            "one gap bits": round(one, 5),
            "one gap above": round(one / exact.one_gap.bits - 1, 5),
            "bound bits": round(bound, 5),
            "bound above": round(bound / exact.any_order.bits - 1, 5),
            **at_visible(model, test, seed),
        }
    return {"begins as": course_card("toyland-gpt")["sha256"], "arms": found}
