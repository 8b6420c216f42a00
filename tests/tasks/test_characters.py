"""Python code as characters: the alphabet, the split, and which lines are Python."""

import pytest

from bertgpt.tasks import characters


def test_the_texts_are_of_one_alphabet_and_apart() -> None:
    train_on, held_out = characters.code_text(1)
    assert (len(train_on), len(held_out)) == (500_000, 60_000)
    assert set(train_on + held_out) <= set(characters.ALPHABET)
    assert held_out[1000:1200] not in train_on
    assert characters.code_text(2)[1] != held_out
    assert characters.encode("\nA").tolist() == [0, characters.ALPHABET.index("A")]
    assert len(set(characters.ALPHABET)) == 96


@pytest.mark.parametrize(
    "line", ["x = 1", "if x:", "else:", "except ValueError:", "elif y > 0:", "break", "return x",
             "def f(a, b=2):", "class A(B):", "async def f():"],
)  # fmt: skip
def test_lines_that_are_python(line: str) -> None:
    assert characters.parses(line)


@pytest.mark.parametrize(
    "line", ["x = ", "if x", "foo(bar", "@property", ") + 1", "the state is", "\x00"]
)
def test_lines_that_are_not(line: str) -> None:
    assert not characters.parses(line)


@pytest.mark.filterwarnings("error")
def test_what_python_merely_warns_of_is_python() -> None:
    assert characters.parses(r"x = '\d'")


@pytest.mark.parametrize("line", ["-" * 5000 + "1", "-" * 100_000 + "1", "x" + ".a" * 100_000])
def test_a_line_too_deep_for_the_parser_is_not_python(line: str) -> None:
    """It raises RecursionError or MemoryError, as the version has it."""
    assert not characters.parses(line)


def test_only_whole_lines_with_code_count() -> None:
    assert characters.share_that_parses(["x = 1\n\n# no\nx = (\ncut of"]) == 0.5
    assert characters.share_that_parses(["no line ends here"]) == 0.0
