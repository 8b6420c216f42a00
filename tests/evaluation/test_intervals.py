"""Intervals: the one form in which they are printed."""

import pytest

from bertgpt.evaluation.intervals import Interval, mean_interval


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({}, "0.61 (0.58 to 1.04)"),
        ({"digits": 0}, "1 (1 to 1)"),
        ({"digits": 3, "within": (0.59, 1)}, "0.612 (0.590 to 1.000)"),
        ({"signed": True}, "+0.61 (+0.58 to +1.04)"),
    ],
)
def test_the_form_of_an_interval(keywords, text) -> None:
    assert Interval(0.58, 0.612, 1.04).text(**keywords) == text


def test_an_interval_over_seeds_is_cut_where_no_value_is_possible() -> None:
    interval = mean_interval([1.0, 1.0, 0.7])
    assert interval.high > 1
    assert interval.text(within=(0, 1)) == "0.90 (0.47 to 1.00)"
