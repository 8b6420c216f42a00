"""Reading what a learner's function returned: as plain numbers and lists, whatever it was."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

DEEPEST = 20  # lists inside lists; nothing that a checker asks for has more than three levels
LONGEST = 10_000  # items; a sequence can claim any length
LARGEST = 2**1000  # an integer beyond the range of floats can neither be compared nor printed


@dataclass(frozen=True, eq=False)
class Other:
    """A value that is neither a number, a text nor a collection of these. Equal to nothing else."""

    text: str
    lazy: bool = False  # yields its items only when asked for them: a generator, a map

    def __repr__(self) -> str:
        return self.text


def plain(answer: Any) -> Any:
    """The answer as Python's own numbers, texts, tuples, lists and dicts.

    Arrays and tensors become lists, fractions and decimals become floats. All else becomes
    :class:`Other`, so that what compares and shows answers never calls a method of the learner's.

    >>> plain({"a": (Fraction(1, 4), [True])})
    {'a': (0.25, [True])}
    >>> plain(x for x in "abc")
    a generator
    """
    try:
        return _plain(answer, 0)
    except BaseException:
        # A learner's class may fail in any method that is called here: __len__, tolist, __float__.
        return described(answer)


def _plain(answer: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return Other("lists inside lists without end")
    kind = type(answer)
    if answer is None or answer is ... or kind in (bool, float):
        return answer
    if isinstance(answer, str):
        return str.__str__(answer)
    if isinstance(answer, int):
        return int(answer) if abs(answer) < LARGEST else Other("an integer of over 300 digits")
    if hasattr(answer, "tolist"):  # a NumPy array, a tensor, or one of their numbers
        return _plain(answer.tolist(), depth + 1)
    if isinstance(answer, float | Fraction | Decimal):
        return float(answer)
    return _plain_collection(answer, depth)


def _plain_collection(answer: Any, depth: int) -> Any:
    if isinstance(answer, Mapping):
        return {_plain(k, depth + 1): _plain(answer[k], depth + 1) for k in answer}
    if isinstance(answer, set | frozenset):
        return {_plain(item, depth + 1) for item in answer}
    # A deque and a range are sequences, too, and so are many classes of learners.
    if isinstance(answer, Sequence) and not isinstance(answer, bytes) and len(answer) <= LONGEST:
        items = [_plain(answer[i], depth + 1) for i in range(len(answer))]
        return tuple(items) if isinstance(answer, tuple) else items
    return described(answer)


def described(value: Any) -> Other:
    """Stand-in for a value that cannot be read: its kind, or its `repr` if it has one."""
    kind = type(value).__name__
    if isinstance(value, Iterator):
        return Other(f"a {kind}", lazy=True)
    try:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))  # an address differs in each run
    except BaseException:
        text = f"an object of the class {kind}, whose repr fails"
    return Other(text)


def has_lazy_parts(answer: Any) -> bool:
    """Is there a generator, a map or another iterator in an answer that :func:`plain` read?"""
    if isinstance(answer, list | tuple):
        return any(map(has_lazy_parts, answer))
    return isinstance(answer, Other) and answer.lazy


def same(answer: Any, wanted: Any, tolerance: float = 1e-6) -> bool:
    """Equal up to `tolerance` in every number; a list and a tuple of the same items are equal."""
    return _same(plain(answer), wanted, tolerance)


def _same(answer: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == wanted.keys()
            and all(_same(answer[key], wanted[key], tolerance) for key in wanted)
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(answer, list | tuple)
            and len(answer) == len(wanted)
            and all(_same(a, w, tolerance) for a, w in zip(answer, wanted, strict=True))
        )
    if isinstance(wanted, float):
        return isinstance(answer, int | float) and math.isclose(
            answer, wanted, rel_tol=tolerance, abs_tol=tolerance
        )
    return bool(answer == wanted)


def shown(value: Any, limit: int = 90) -> str:
    """A value as a reader can take it in: floats to six digits, long texts cut."""
    if isinstance(value, set | frozenset) and value:  # in one order, whatever the run
        text = f"{{{', '.join(sorted(map(shown, value)))}}}"
    else:
        value = plain(value)
        text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
