"""Page 11, C54 C65, E02: how many labels do BERT, GPT, GPT without its mask, new weights need?"""

from collections.abc import Callable, Sequence
from typing import Any

from bertgpt.evaluation.results import load_result
from bertgpt.experiments.fine_tuning_arms import (
    ARMS,
    TASKS,
    Budget,
    Starts,
    held_stories,
    learn,
    limits,
    parts,
    started,
    starts_of_the_course,
)
from bertgpt.experiments.fine_tuning_rates import HEAD_BUDGET, best_rate
from bertgpt.experiments.runner import experiment

BUDGETS = {50: Budget(30, 16), 500: Budget(80, 16), 5000: Budget(160, 32)}
HEAD_BUDGETS = {50: HEAD_BUDGET, 500: HEAD_BUDGET}
Rate = Callable[[str, str, str], float]  # task, part that learns, arm -> learning rate


def measure(
    seed: int, starts: Starts, rate: Rate, tasks: Sequence[str] = tuple(TASKS)
) -> dict[str, Any]:
    """By task, part that learns and arm, what came of each number of labels."""
    found: dict[str, Any] = {}
    for task in tasks:
        given, at = parts(task, seed, max(BUDGETS)), TASKS[task].readout_at
        found[task] = {"all weights": {}, "head only": {}}
        for name, arm in ARMS.items():
            chosen = rate(task, "all weights", name)
            found[task]["all weights"][name] = _by_labels(
                learn(at, arm, starts, given, BUDGETS, [chosen], seed)
            )
        few = parts(task, seed, max(HEAD_BUDGETS))
        for name, arm in ARMS.items():
            if arm.start:
                chosen = rate(task, "head only", name)
                found[task]["head only"][name] = _by_labels(
                    learn(at, arm, starts, few, HEAD_BUDGETS, [chosen], seed, frozen=True)
                )
    return found


def _by_labels(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {str(run.pop("labels")): run for run in runs}


@experiment("fine_tuning")
def fine_tuning(seed: int) -> dict[str, Any]:
    """Accuracy on 1,000 fresh stories by task, part that learns, arm and number of labels.

    Returns "weights", the digests of those that the arms begin with; "limits" of each task;
    "left out", how many stories drawn for the test were among those that the models had read; and
    "tasks", by task, "all weights" or "head only", arm and labels.
    """
    chosen = load_result("fine_tuning_rates")["values"]
    if chosen[0]["weights"] != started():
        raise ValueError(
            "the stored learning rates were chosen for other weights; compute them again: "
            "python -m bertgpt.experiments --fresh fine_tuning_rates"
        )
    tasks = measure(seed, starts_of_the_course(), lambda *at: best_rate(chosen, *at))
    return {
        "weights": started(),
        "limits": {task: limits(task) for task in TASKS},
        "left out": held_stories()[1],
        "tasks": tasks,
    }
