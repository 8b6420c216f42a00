"""What every checker does with an attempt, whatever the exercise."""

from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from bertgpt.check.answers import Other, plain, same, shown
from bertgpt.check.feedback import Feedback, Wrong, ask, checker, expect_or_explain


@checker
def double(attempt):
    """Two times a number."""
    expect_or_explain(attempt, [3], 6, [(9, "Once is enough.")], "Multiply by two.")
    return "Doubled."


def test_a_right_answer_passes() -> None:
    assert double(lambda x: 2 * x) == Feedback(True, "Doubled.")
    assert repr(double(lambda x: 2 * x)) == "✓ Right. Doubled."


def test_a_long_verdict_is_wrapped_to_the_page() -> None:
    message = f"f({[0.25] * 60}) gave 5, expected 6."
    lines = repr(Feedback(False, message)).splitlines()
    assert max(map(len, lines)) <= 84
    assert " ".join(lines) == f"✗ Not yet. {message}"


def boom(x):
    raise KeyError("the")


def unwritten(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda x: x + 2, r"\(3\) gave 5, expected 6. Multiply by two."),
        (lambda x: 3 * x, r"^Once is enough. Your answer: 9; expected: 6.$"),
        (lambda x: None, "gave back nothing. Does the function end in a `return`"),
        (lambda x: ..., "gave back nothing"),
        (boom, r"boom\(3\) stopped with KeyError: 'the'"),
        (unwritten, "still empty: replace the line that raises"),
        (lambda: 6, "stopped with TypeError"),
        (
            6,
            r"the function itself, such as `check.test_feedback.double\(my_function\)`; it got 6",
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


# ------------------------------------------------------------------ how an answer is read


class Unclear:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (Fraction(1, 4), 0.25),
        (Decimal("0.25"), 0.25),
        (torch.tensor([[1.0], [2.0]], requires_grad=True), [[1.0], [2.0]]),
        (np.array([True, False]), [True, False]),
        (deque([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        ((1, [2, {"a": Fraction(1, 2)}]), (1, [2, {"a": 0.5}])),
        ({(1, 2)}, {(1, 2)}),
    ],
)
def test_an_answer_is_read_as_plain_values(answer, read) -> None:
    assert plain(answer) == read
    assert type(plain(answer)) is type(read)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((x for x in "ab"), "a generator"),
        (map(str, [1]), "a map"),
        (zip([1], [2], strict=True), "a zip"),
        pytest.param(10**400, "an integer of over 300 digits", id="huge"),
        (Unclear(), "an object of the class Unclear, whose repr fails"),
        (b"ab", "b'ab'"),
        (np.float64, "<class 'numpy.float64'>"),
    ],
)
def test_what_cannot_be_read_is_named(answer, text) -> None:
    assert isinstance(plain(answer), Other)
    assert shown(answer) == text
    assert not same(answer, [1.0])


def test_no_address_is_shown() -> None:
    assert shown(object()) == "<object object>"


def test_arguments_are_copies() -> None:
    given = [[1, 2], [3]]

    def use_up(rows):
        rows[0].clear()
        return rows.pop()

    assert ask(use_up, given) == [3]
    assert given == [[1, 2], [3]]


def test_an_iterator_is_unrolled_where_the_checker_asks_for_it() -> None:
    assert ask(lambda: (x for x in "ab"), unroll=True) == ["a", "b"]
    with pytest.raises(Wrong, match=r"\(\) stopped with ZeroDivisionError: division by zero."):
        ask(lambda: (1 / 0 for _ in "ab"), unroll=True)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (map(str, [1]), r"gave a map, expected \['1'\]. Give a list instead: put `list\(...\)`"),
        ({"1"}, r"gave {'1'}, expected \['1'\]. A set has no order: give a list. Sorted."),
        (["2"], r"gave \['2'\], expected \['1'\]. Sorted."),
    ],
)
def test_a_list_is_asked_for_where_one_is_wanted(answer, message) -> None:
    with pytest.raises(Wrong, match=message):
        expect_or_explain(lambda: answer, [], ["1"], hint="Sorted.")


async def later():
    return 1


def leave():
    raise SystemExit


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (later, r"later\(\) has to be awaited: write `def` instead of `async def`"),
        (leave, r"leave\(\) stopped with SystemExit\."),
    ],
)
def test_what_a_function_may_not_do_is_said(attempt, message) -> None:
    with pytest.raises(Wrong, match=message):
        ask(attempt)
