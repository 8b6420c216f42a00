"""The table of fine-tuning: tasks by models and numbers of labels, between floor and ceiling."""

from collections.abc import Sequence
from typing import Any

from bertgpt.evaluation.intervals import Interval
from bertgpt.evaluation.results import over_seeds

Table = dict[str, dict[str, dict[str, dict[int, Interval]]]]


def accuracies(values: Sequence[dict[str, Any]]) -> Table:
    """Accuracy over the seeds: by task, "all weights" or "head only", model and labels.

    Args:
        values: of the result "fine_tuning".
    Raises:
        ValueError: for fewer than two seeds.
    """
    return {
        task: {
            part: {
                arm: {
                    int(n): over_seeds(values, "tasks", task, part, arm, n, "accuracy")
                    for n in labels
                }
                for arm, labels in arms.items()
            }
            for part, arms in found.items()
        }
        for task, found in values[0]["tasks"].items()
    }


def gains(
    values: Sequence[dict[str, Any]], task: str, labels: int, one: str, other: str
) -> Interval:
    """How much more accurate one model is than another, by seed: both had the same labels."""
    pairs = [value["tasks"][task]["all weights"] for value in values]
    ways = [
        {"gain": pair[one][str(labels)]["accuracy"] - pair[other][str(labels)]["accuracy"]}
        for pair in pairs
    ]
    return over_seeds(ways, "gain")


def report(values: Sequence[dict[str, Any]], part: str = "all weights") -> str:
    """The table as text: a line for each task and number of labels, a column for each model."""
    table, limits = accuracies(values), values[0]["limits"]
    arms = list(next(iter(table.values()))[part])
    lines = [
        f"{'task':<11}{'labels':>6}  " + "".join(f"{arm:<21}" for arm in arms) + "floor ceiling"
    ]
    for task, found in table.items():
        for n in found[part][arms[0]]:
            cells = "".join(f"{found[part][arm][n].text(within=(0, 1)):<21}" for arm in arms)
            floor, ceiling = limits[task]["floor"], limits[task]["ceiling"]
            lines.append(f"{task:<11}{n:>6}  {cells}{floor:.2f}  {ceiling:.2f}")
    return "\n".join(lines)
