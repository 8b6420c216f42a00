"""Stored results: read without the experiments, and one number over all seeds."""

import subprocess
import sys

import pytest

from bertgpt.evaluation.intervals import mean_interval
from bertgpt.evaluation.results import RESULTS, load_result, over_seeds

VALUES = [{"LSTM": {"error": [0.5, 0.1]}}, {"LSTM": {"error": [0.7, 0.4]}}]


def test_a_number_over_the_seeds_is_its_mean_with_a_t_interval() -> None:
    assert over_seeds(VALUES, "LSTM", "error", 1) == mean_interval([0.1, 0.4])
    stored = load_result("reversal")["values"]
    by_hand = mean_interval([value["dot"]["20"]["exact"] for value in stored])
    assert over_seeds(stored, "dot", "20", "exact") == by_hand


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("RNN",), r"no 'RNN' in a dict of \['LSTM'\]"),
        (("LSTM", "error", 2), "no 2 in a list"),
        (("LSTM", "error", 0, "mean"), "no 'mean' in a float"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path, message) -> None:
    with pytest.raises(ValueError, match=message):
        over_seeds(VALUES, *path)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ((), r"a dict of \['LSTM'\]"),
        (("LSTM",), r"a dict of \['error'\]"),
        (("LSTM", "error"), "a list"),
    ],
)
def test_a_path_that_stops_before_a_number_is_refused(path, there: str) -> None:
    message = f"leads to {there}, not to a number; add the keys or places that lead to one"
    with pytest.raises(ValueError, match=message):
        over_seeds(VALUES, *path)


def test_one_seed_has_no_interval() -> None:
    with pytest.raises(ValueError, match="a spread needs 2 or more"):
        over_seeds(VALUES[:1], "LSTM", "error", 0)


def test_a_result_is_read_without_the_experiments() -> None:
    code = (
        "import sys; from bertgpt.evaluation.results import load_result; load_result('copy');"
        "print([name for name in sys.modules if name.startswith('bertgpt.experiments')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_stored_results_of_the_package_are_whole() -> None:
    for path in RESULTS.glob("*.json"):
        assert load_result(path.stem)["values"]
