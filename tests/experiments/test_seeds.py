"""Seeds in processes of their own: values, order, errors, and a process that is killed."""

import math
import operator
import os
from functools import partial

import pytest

from bertgpt.evaluation.results import ResultError
from bertgpt.experiments.seeds import cores, side_by_side


def test_each_seed_is_computed_once() -> None:
    assert sorted(side_by_side(math.factorial, [3, 0, 5], 2)) == [(0, 1), (3, 6), (5, 120)]
    assert list(side_by_side(math.factorial, [4, 1], 1)) == [(4, 24), (1, 1)]
    assert list(side_by_side(math.factorial, [], 2)) == []
    assert cores() >= 1


def test_fewer_than_one_at_once_is_refused() -> None:
    with pytest.raises(ResultError, match="--at-once 0 must be at least 1"):
        list(side_by_side(math.factorial, [1], 0))


def test_a_process_of_its_own_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    read = partial(operator.call, partial(os.getenv, "OMP_NUM_THREADS"))
    assert list(side_by_side(read, ["unused"], 1)) == [("unused", "1")]
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_the_error_of_a_seed_arrives_after_the_values_of_those_that_run() -> None:
    values = side_by_side(math.factorial, [-1, 2], 2)
    assert next(values) == (2, 2)
    with pytest.raises(ValueError, match="factorial") as raised:
        next(values)
    assert "In the process of seed -1:\nTraceback" in raised.value.__notes__[0]


def test_no_seed_is_begun_after_an_error() -> None:
    with pytest.raises(ValueError, match="factorial"):
        next(side_by_side(math.factorial, [-1, 2], 1))


def test_a_killed_process_is_told() -> None:
    with pytest.raises(
        ResultError, match=r"seed 3 ended with exit status 3 and no value.*--at-once"
    ):
        list(side_by_side(os._exit, [3], 1))


def test_who_stops_listening_ends_the_processes() -> None:
    listening = side_by_side(__import__("time").sleep, [0, 600], 2)
    assert next(listening) == (0, None)
    listening.close()  # returns, though a process would sleep on
