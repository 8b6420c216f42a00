"""The verdict that all checkers give, and how they call a learner's function."""

import copy
import functools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bertgpt.check.answers import LONGEST, described, has_lazy_parts, plain, same, shown

Attempt = Callable[..., Any]
Slips = Sequence[tuple[Any, str]]  # wrong answers, each with the mistake that leads to it


class Wrong(Exception):  # noqa: N818  (a verdict on an attempt, not an error of ours)
    """Raised inside a checker: the attempt is not right yet, and the text says why."""


@dataclass(frozen=True)
class Feedback:
    """The verdict of a checker.

    >>> Feedback(True, "The probabilities sum to 1.")
    ✓ Right. The probabilities sum to 1.
    """

    passed: bool
    message: str

    def __repr__(self) -> str:
        verdict = "✓ Right." if self.passed else "✗ Not yet."
        # Wrapped: a long call in the message would be cut at the edge of the page.
        return textwrap.fill(
            f"{verdict} {self.message}", 84, break_long_words=False, break_on_hyphens=False
        )


def checker(check: Callable[[Attempt], str]) -> Callable[[Attempt], Feedback]:
    """Make a checker of a function that returns praise or raises :class:`Wrong`."""
    page = check.__module__.rpartition(".")[2]

    @functools.wraps(check)
    def checked(attempt: Attempt) -> Feedback:
        if not callable(attempt):
            return Feedback(
                False,
                "Give the checker the function itself, such as"
                f" `check.{page}.{check.__name__}(my_function)`; it got {shown(attempt)}.",
            )
        try:
            return Feedback(True, check(attempt))
        except Wrong as wrong:
            return Feedback(False, str(wrong))

    return checked


def ask(attempt: Attempt, *given: Any, unroll: bool = False) -> Any:
    """Call the learner's function once, and read what it returns as plain numbers and lists.

    The function gets copies of the arguments: it may use them up or change them, and neither the
    message nor the next call sees that. An exception or a missing `return` becomes :class:`Wrong`.

    Args:
        attempt: The learner's function.
        given: Its arguments.
        unroll: Take a generator or a map for the list of what it yields.
    """
    call = call_text(attempt, given)
    try:
        answer = attempt(*copy.deepcopy(given))
        if unroll and isinstance(answer, Iterator):
            answer = list(islice(answer, LONGEST))
    except NotImplementedError:
        raise Wrong("The function is still empty: replace the line that raises.") from None
    except BaseException as error:
        # Whatever a learner's code raises, even SystemExit, is news for the learner, never the
        # end of the page. A KeyboardInterrupt is the learner, stopping a loop without an end.
        raise Wrong(f"{call} stopped with {_error_text(error)}.") from error
    if hasattr(type(answer), "__await__"):
        _close(answer)
        raise Wrong(f"{call} has to be awaited: write `def` instead of `async def`.")
    answer = plain(answer)
    if answer is None or answer is ...:
        raise Wrong(f"{call} gave back nothing. Does the function end in a `return`?")
    return answer


def expect_or_explain(
    attempt: Attempt, given: Sequence[Any], wanted: Any, slips: Slips = (), hint: str = ""
) -> None:
    """Ask for one answer and compare it: numbers to 1e-6, sequences and dicts item by item.

    Args:
        attempt: The learner's function.
        given: Its arguments.
        wanted: The right answer.
        slips: Answers that known mistakes lead to; the message then names the mistake.
        hint: Ends the message about any other wrong answer.

    Raises:
        Wrong: If the answer is not correct.
    """
    answer = ask(attempt, *given)
    if same(answer, wanted):
        return
    for slip, mistake in slips:
        if same(answer, slip):
            raise Wrong(f"{mistake} Your answer: {shown(answer)}; expected: {shown(wanted)}.")
    if isinstance(wanted, list | tuple):
        hint = f"{_type_hint(answer)} {hint}"
    call = call_text(attempt, given)
    raise Wrong(f"{call} gave {shown(answer)}, expected {shown(wanted)}. {hint.strip()}".strip())


def _type_hint(answer: Any) -> str:
    """A hint for an answer of the wrong type where a list is wanted; may be empty."""
    if has_lazy_parts(answer):
        return "Give a list instead: put `list(...)` around it."
    return "A set has no order: give a list." if isinstance(answer, set) else ""


def call_text(attempt: Attempt, given: Sequence[Any]) -> str:
    """A call as a reader would write it: the function's name and what it was given."""
    try:
        name = str(attempt.__name__)
    except BaseException:  # an object that can be called need not have a name
        name = "your function"
    return f"{name}({', '.join(map(shown, given))})"


def _error_text(error: BaseException) -> str:
    """Type and text of an error whose own methods may fail."""
    try:
        text = str(error)
    except BaseException:
        text = ""
    # A lone surrogate in the text could not be printed.
    text = text.encode(errors="backslashreplace").decode()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _close(coroutine: Any) -> None:
    """End a coroutine that nobody will await, so that Python does not warn about it."""
    try:
        coroutine.close()
    except BaseException:
        described(coroutine)
