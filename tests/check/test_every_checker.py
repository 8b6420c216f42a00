"""All checkers, whatever the exercise: the right answer passes, no answer makes one raise."""

import ast
import copy
import importlib.util
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bertgpt import check
from bertgpt.check.answers import shown
from bertgpt.check.feedback import Feedback
from bertgpt.tokens.pair_merging import join

HERE = Path(__file__).parent
PAGES = sorted(path.stem[3:] for path in (HERE.parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def table(page: str) -> ModuleType:
    """The test file of a page, for its right and its wrong answers."""
    spec = importlib.util.spec_from_file_location(f"answers_{page}", HERE / f"test_{page}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = {page: table(page) for page in PAGES}
RIGHT = {(page, name): f for page in PAGES for name, f in TABLES[page].RIGHT.items()}
each = pytest.mark.parametrize(("page", "name"), RIGHT)


def judge(page: str, name: str, attempt: Any) -> Feedback:
    """The verdict, which must also print."""
    feedback = getattr(getattr(check, page), name)(attempt)
    assert isinstance(feedback, Feedback)
    repr(feedback).encode()
    return feedback


def test_every_checker_has_a_right_answer_here() -> None:
    for page in PAGES:
        tree = ast.parse(Path(getattr(check, page).__file__).read_text(encoding="utf8"))
        checkers = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            and any(isinstance(d, ast.Name) and d.id == "checker" for d in node.decorator_list)
        }
        assert checkers == set(TABLES[page].RIGHT), page


@each
def test_the_right_answer_passes(page: str, name: str) -> None:
    feedback = judge(page, name, RIGHT[page, name])
    assert feedback.passed, feedback.message


@pytest.mark.parametrize(
    ("page", "name", "attempt", "message"),
    [(page, *row) for page in PAGES for row in TABLES[page].WRONG],
)
def test_a_slip_is_named(page: str, name: str, attempt: Any, message: str) -> None:
    feedback = judge(page, name, attempt)
    assert not feedback.passed
    assert message in feedback.message or re.search(message, feedback.message), feedback.message


# ------------------------------------------------------------- the first answer is what counts


def use_up(value: Any) -> None:
    """Empty all that an argument holds, as `while tokens: tokens.pop()` does."""
    if isinstance(value, dict | list | set):
        for item in value.values() if isinstance(value, dict) else value:
            use_up(item)
        value.clear()


@each
def test_a_right_answer_may_use_up_what_it_was_given(page: str, name: str) -> None:
    def attempt(*given: Any) -> Any:
        answer = copy.deepcopy(RIGHT[page, name](*given))
        for value in given:
            use_up(value)
        return answer

    feedback = judge(page, name, attempt)
    assert feedback.passed, feedback.message


@each
def test_the_first_answer_is_the_one_that_is_judged(page: str, name: str) -> None:
    """Wrong at first and right when asked the same again: wrong. The other way round: right."""
    asked: set[str] = set()

    def right_at_first(*given: Any) -> Any:
        first = shown(given, 10_000) not in asked
        asked.add(shown(given, 10_000))
        return RIGHT[page, name](*given) if first else "again"

    assert judge(page, name, right_at_first).passed
    asked.clear()

    def wrong_at_first(*given: Any) -> Any:
        answer = right_at_first(*given)
        return RIGHT[page, name](*given) if answer == "again" else "first"

    assert not judge(page, name, wrong_at_first).passed


def test_an_answer_that_uses_up_its_input_is_judged_by_what_it_returns() -> None:
    def clearing(word: str, merges: list[tuple[str, str]]) -> list[str]:
        merges.clear()
        return [word]

    def popping(word: str, merges: list[tuple[str, str]]) -> list[str]:
        tokens = list(word)
        while merges:
            tokens = join(tokens, merges.pop(0))
        return tokens

    feedback = check.tokens.encode_word(clearing)
    assert not feedback.passed
    assert "encode_word" not in feedback.message
    given = "[('e', 's'), ('es', 't'), ('l', 'o'), ('lo', 'w')]"  # all four: it was a copy
    assert f"clearing('lowest', {given}) gave" in " ".join(feedback.message.split())
    assert check.tokens.encode_word(popping).passed


# ---------------------------------------------------------------- whatever the answer is or does


class Hostile:
    """Every method that a checker might call fails, some by leaving Python."""

    def fail(self, *given: Any) -> Any:
        raise SystemExit("out")

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __float__ = fail  # type: ignore[assignment]
    __getattr__ = __getitem__ = __contains__ = __lt__ = __add__ = __index__ = __format__ = fail


class OddText(str):
    """A text that can be neither compared nor shown."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no equality")

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Liar(list[Any]):
    """A list that claims to be endless."""

    def __len__(self) -> int:
        return sys.maxsize


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt


def raising(error: BaseException) -> Callable[..., Any]:
    def attempt(*given: Any) -> Any:
        raise error

    return attempt


def returning(value: Any) -> Callable[..., Any]:
    return lambda *given: value


def endless_recursion(*given: Any) -> Any:
    return endless_recursion(*given)


async def awaited(*given: Any) -> float:
    return 1.0


def nothing(*given: Any) -> None: ...


def endless(*given: Any) -> Iterator[int]:
    while True:
        yield 1


def lists_without_end() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


VALUES: dict[str, Any] = {
    "nothing": None,
    "text": "cat",
    "empty": [],
    "empty text": "",
    "bytes": b"cat",
    "nan": float("nan"),
    "inf": float("inf"),
    "nans": [float("nan")] * 3,
    "huge": 10**5000,
    "complex": 1j,
    "array of Booleans": np.array([True, False]),
    "tensor of Booleans": torch.tensor([1, 0]),
    "tensor of wrong shape": torch.zeros(2, 3, 4),
    "tensor with a gradient": torch.ones(3, requires_grad=True),
    "tensor without data": torch.ones(3, device="meta"),
    "array of objects": np.array([object(), None], dtype=object),
    "signalling NaN": Decimal("sNaN"),
    "huge fraction": Fraction(10**400, 3),
    "set": {1, 2},
    "dict": {"a": 1},
    "a class": Hostile,
    "hostile": Hostile(),
    "hostile items": [Hostile(), (Hostile(),)],
    "odd text": OddText("cat"),
    "odd texts": [OddText("a"), OddText("b")],
    "liar": Liar([1]),
    "itself": lists_without_end(),
    "deep": deep(5000),
    "function": nothing,
    "module": ast,
    "namespace": SimpleNamespace(tolist=lambda: 1 / 0),
    "tolist again and again": type("Again", (), {"tolist": lambda self: self})(),
    "lone surrogate": "\ud83d",
    "mapping of dicts": {1: {2: {3: None}}},
    "nested generator": [iter([1]), iter([2])],
    "deque": deque(["cat"]),
}
ATTEMPTS: dict[str, Callable[..., Any]] = {
    "empty stub": nothing,
    "not written": raising(NotImplementedError()),
    "exit": raising(SystemExit(3)),
    "interrupt": raising(KeyboardInterrupt()),
    "generator's end": raising(GeneratorExit()),
    "stop": raising(StopIteration()),
    "out of memory": raising(MemoryError()),
    "unprintable": raising(UnprintableError()),
    "surrogate in the message": raising(ValueError("\ud83d")),
    "recursion": endless_recursion,
    "async": awaited,
    "no arguments": lambda: 1,
    "endless generator": endless,
    "failing generator": lambda *given: (1 / 0 for _ in range(3)),
    "exit in a generator": lambda *given: (sys.exit() for _ in range(3)),
    "map": lambda *given: map(str, [1, 2]),
    **{name: returning(value) for name, value in VALUES.items()},
}


@each
def test_no_answer_makes_a_checker_raise(page: str, name: str) -> None:
    for kind, attempt in ATTEMPTS.items():
        feedback = judge(page, name, attempt)
        assert not feedback.passed, kind
        assert len(feedback.message) > 20, kind


@each
def test_what_is_not_a_function_is_refused(page: str, name: str) -> None:
    for kind in ("text", "nothing", "hostile", "empty"):
        message = judge(page, name, VALUES[kind]).message
        assert f"the function itself, such as `check.{page}.{name}(my_function)`" in message


def test_prints_are_left_to_the_learner(capsys: pytest.CaptureFixture[str]) -> None:
    def attempt(T: int, share: float) -> float:
        print("here")
        return share ** (1 / T)

    assert check.recurrence.radius_for(attempt).passed
    assert capsys.readouterr().out == "here\n" * 3


# -------------------------------------------------------------------- right, in another type


def with_numbers_as(kind: Callable[[Any], Any], answer: Any) -> Any:
    if isinstance(answer, list | tuple):
        return type(answer)(with_numbers_as(kind, x) for x in answer)
    if isinstance(answer, float) and abs(answer) < float("inf"):
        return kind(answer)
    return answer


@each
def test_a_number_of_another_type_is_the_number_that_it_is(page: str, name: str) -> None:
    for kind in (Fraction, Decimal, np.float64, np.array, torch.tensor):

        def attempt(*given: Any, kind: Any = kind) -> Any:
            return with_numbers_as(kind, RIGHT[page, name](*given))

        feedback = judge(page, name, attempt)
        assert feedback.passed, (kind, feedback.message)


@each
def test_a_list_may_be_another_sequence(page: str, name: str) -> None:
    for kind in (tuple, deque):

        def attempt(*given: Any, kind: Any = kind) -> Any:
            answer = RIGHT[page, name](*given)
            return kind(answer) if isinstance(answer, list) else answer

        assert judge(page, name, attempt).passed


@each
def test_a_generator_is_told_to_be_a_list(page: str, name: str) -> None:
    lists = []

    def attempt(*given: Any) -> Any:
        answer = RIGHT[page, name](*given)
        if not isinstance(answer, list | tuple):
            return answer
        lists.append(answer)
        return (item for item in answer)

    feedback = judge(page, name, attempt)
    if not lists or name == "pairs":  # it needs the pairs in no order, and takes any iterator
        assert feedback.passed
    else:
        assert not feedback.passed
        assert re.search(r"gave a generator, expected .*list\(\.\.\.\)|a list of", feedback.message)
