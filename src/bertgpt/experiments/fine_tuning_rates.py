"""Page 11, C54 C65, E02: which learning rate suits which model and task, on development texts?"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from bertgpt.experiments.fine_tuning_arms import (
    ARMS,
    TASKS,
    Budget,
    Starts,
    learn,
    parts,
    started,
    starts_of_the_course,
)
from bertgpt.experiments.runner import experiment

RATES = (2e-4, 6e-4, 2e-3)  # where all weights learn
HEAD_RATES = (3e-3, 1e-2, 3e-2)  # where the new layer alone does
LABELS = 500
BUDGET, HEAD_BUDGET = Budget(40, 16), Budget(200, 16)


def losses_by_rate(
    seed: int, starts: Starts, tasks: Sequence[str] = tuple(TASKS)
) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Development loss by task, "all weights" or "head only", arm, and rate.

    Each arm has as many rates to choose from, and each rate as many labels and updates.
    """
    found: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for task in tasks:
        given, at = parts(task, seed, LABELS), TASKS[task].readout_at
        given = replace(given, test=given.development)  # the test texts are not looked at here
        found[task] = {"all weights": {}, "head only": {}}
        for name, arm in ARMS.items():
            for part, rates, budget in (
                ("all weights", RATES, BUDGET),
                ("head only", HEAD_RATES, HEAD_BUDGET),
            ):
                frozen = part == "head only"
                if frozen and not arm.start:
                    continue
                runs = learn(at, arm, starts, given, {LABELS: budget}, rates, seed, frozen=frozen)
                found[task][part][name] = {f"{r['rate']:g}": r["development"] for r in runs}
    return found


def best_rate(values: Sequence[dict[str, Any]], task: str, part: str, arm: str) -> float:
    """The rate with the lowest mean development loss over the seeds.

    Args:
        values: what each seed of this experiment measured.
    """
    rates = values[0]["losses"][task][part][arm]
    mean = {rate: fmean(v["losses"][task][part][arm][rate] for v in values) for rate in rates}
    return float(min(mean, key=lambda rate: mean[rate]))


@experiment("fine_tuning_rates", seeds=(100, 101))  # none of them is a seed of `fine_tuning`
def fine_tuning_rates(seed: int) -> dict[str, Any]:
    """Development losses by task, part that learns, arm and rate; and the weights' digests."""
    starts = starts_of_the_course()
    return {"weights": started(), "losses": losses_by_rate(seed, starts)}
