"""What every checker does with an attempt, whatever the exercise."""

import numpy as np
import pytest
import torch

from bertgpt.check.core import Feedback, Wrong, ask, checker, expect, same, shown


@checker
def double(attempt):
    """Two times a number."""
    expect(attempt, [3], 6, "Multiply by two.")
    return "Doubled."


def test_a_right_answer_passes() -> None:
    assert double(lambda x: 2 * x) == Feedback(True, "Doubled.")
    assert repr(double(lambda x: 2 * x)) == "✓ Right. Doubled."


def boom(x):
    raise KeyError("the")


def unwritten(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda x: x + 2, r"\(3\) gave 5, expected 6. Multiply by two."),
        (lambda x: None, "gave back nothing. Does the function end in a `return`"),
        (lambda x: ..., "gave back nothing"),
        (boom, r"boom\(3\) stopped with KeyError: 'the'"),
        (unwritten, "still empty: replace the line that raises"),
        (lambda: 6, "stopped with TypeError"),
        (
            6,
            r"the function itself, such as `check.double\(my_function\)`; it got 6",
        ),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(attempt, message) -> None:
    feedback = double(attempt)
    assert not feedback.passed
    assert repr(feedback).startswith("✗ Not yet.")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(feedback.message)


@pytest.mark.parametrize(
    ("answer", "wanted", "equal"),
    [
        (0.1 + 0.2, 0.3, True),
        (0.3001, 0.3, False),
        ((1, 2), [1, 2], True),
        ([1, 2, 3], [1, 2], False),
        ({"a": 0.5}, {"a": 0.5000000001}, True),
        ({"a": 0.5, "b": 0.5}, {"a": 0.5}, False),
        (np.float64(0.25), 0.25, True),
        (torch.tensor([1.0, 2.0]), [1.0, 2.0], True),
        ("0.3", 0.3, False),
        (True, 1.0, True),
    ],
)
def test_same(answer, wanted, equal) -> None:
    assert same(answer, wanted) is equal


def test_values_are_shown_short() -> None:
    assert shown(1 / 3) == "0.333333"
    assert len(shown("x" * 500)) == 90
    assert shown({"b", "a", "##c"}) == "{'##c', 'a', 'b'}"  # in one order in every run


def test_ask_names_the_call() -> None:
    with pytest.raises(Wrong, match=r"boom\('a', 2\) stopped with TypeError"):
        ask(boom, "a", 2)
