"""What all checkers share: the answer they give, and how they call a learner's function."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Attempt = Callable[..., Any]


class Wrong(Exception):  # noqa: N818  (a verdict on an attempt, not an error of ours)
    """Raised inside a checker: the attempt is not right yet, and the text says why."""


@dataclass(frozen=True)
class Feedback:
    """The answer of a checker.

    >>> Feedback(True, "The probabilities sum to 1.")
    ✓ Right. The probabilities sum to 1.
    """

    passed: bool
    message: str

    def __repr__(self) -> str:
        return f"{'✓ Right.' if self.passed else '✗ Not yet.'} {self.message}"


def checker(check: Callable[[Attempt], str]) -> Callable[[Attempt], Feedback]:
    """Make a checker of a function that returns praise or raises :class:`Wrong`."""

    @functools.wraps(check)
    def checked(attempt: Attempt) -> Feedback:
        if not callable(attempt):
            return Feedback(
                False,
                "Give the checker the function itself, such as"
                f" `check.{check.__name__}(my_function)`; it got {shown(attempt)}.",
            )
        try:
            return Feedback(True, check(attempt))
        except Wrong as wrong:
            return Feedback(False, str(wrong))

    return checked


def ask(attempt: Attempt, *given: Any) -> Any:
    """Call the learner's function; an exception or a missing `return` becomes :class:`Wrong`."""
    call = f"{getattr(attempt, '__name__', 'your function')}({', '.join(map(shown, given))})"
    try:
        answer = attempt(*given)
    except NotImplementedError:
        raise Wrong("The function is still empty: replace the line that raises.") from None
    except Exception as error:
        # Whatever a learner's code raises is news for the learner, never a crash of the page.
        raise Wrong(f"{call} stopped with {type(error).__name__}: {error}.") from error
    if answer is None or answer is ...:
        raise Wrong(f"{call} gave back nothing. Does the function end in a `return`?")
    return answer


def expect(attempt: Attempt, given: Sequence[Any], wanted: Any, hint: str = "") -> Any:
    """Ask for one answer and compare it: numbers to 1e-6, sequences and dicts item by item."""
    answer = ask(attempt, *given)
    if not same(answer, wanted):
        call = f"{getattr(attempt, '__name__', 'your function')}({', '.join(map(shown, given))})"
        raise Wrong(f"{call} gave {shown(answer)}, expected {shown(wanted)}. {hint}".strip())
    return answer


def same(answer: Any, wanted: Any, tolerance: float = 1e-6) -> bool:
    """Equal up to `tolerance` in every number; a list and a tuple of the same items are equal."""
    if hasattr(answer, "tolist"):  # a NumPy array, a tensor, or one of their numbers
        answer = answer.tolist()
    if isinstance(wanted, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == wanted.keys()
            and all(same(answer[key], wanted[key], tolerance) for key in wanted)
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(answer, list | tuple)
            and len(answer) == len(wanted)
            and all(same(a, w, tolerance) for a, w in zip(answer, wanted, strict=True))
        )
    if isinstance(wanted, float):
        return isinstance(answer, int | float) and math.isclose(
            answer, wanted, rel_tol=tolerance, abs_tol=tolerance
        )
    return bool(answer == wanted)


def shown(value: Any, limit: int = 90) -> str:
    """A value as a reader can take it in: floats to six digits, long texts cut."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, set | frozenset) and value:  # in one order, whatever the run
        text = f"{{{', '.join(sorted(map(repr, value)))}}}"
    else:
        text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
