"""What the stored results of fine-tuning say, and for which weights."""

import pytest

from bertgpt.evaluation.results import load_result, over_seeds
from bertgpt.experiments.fine_tuning_arms import ARMS, TASKS, started
from bertgpt.experiments.fine_tuning_table import accuracies, gains


def test_the_results_are_of_the_weights_that_the_package_has() -> None:
    for name in ("fine_tuning_rates", "fine_tuning"):
        for value in load_result(name)["values"]:
            assert value["weights"] == started(), f"{name}: compute it again with --fresh"


def test_every_task_model_and_number_of_labels_is_there() -> None:
    values = load_result("fine_tuning")["values"]
    assert len(values) >= 5
    for value in values:
        assert list(value["tasks"]) == list(TASKS)
        for found in value["tasks"].values():
            assert list(found["all weights"]) == list(ARMS)
            assert all(
                list(runs) == ["50", "500", "5000"] for runs in found["all weights"].values()
            )


def test_nobody_is_above_the_ceiling_and_gpt_not_above_that_of_the_left() -> None:
    """At the word itself GPT has read the left alone; 1,000 words decide within 0.03."""
    values = load_result("fine_tuning")["values"]
    left = values[0]["limits"]["sense"]["left"]
    assert left == pytest.approx(0.75)
    at = ("tasks", "sense", "all weights", "GPT", "5000", "accuracy")
    assert over_seeds(values, *at).mid < left + 0.03
    assert gains(values, "sense", 5000, "GPT unmasked", "GPT").low > 0.1


def test_trained_weights_need_fewer_labels_than_new_ones() -> None:
    table = accuracies(load_result("fine_tuning")["values"])["sentiment"]["all weights"]
    assert table["GPT"][500].low > table["new weights"][500].high
