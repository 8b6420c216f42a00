"""Tokens added to a vocabulary, looked for in a text before it is split into words."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class AddedToken(NamedTuple):
    """A token that is found as it is written, and how: the fields of tokenizer.json."""

    content: str
    special: bool = True  # not text: found only by an `encode` that asks for special tokens
    normalized: bool = False  # looked for in the text after it was cleaned
    single_word: bool = False  # not inside a word
    lstrip: bool = False  # takes the white space before it
    rstrip: bool = False  # takes the white space after it


class Part(NamedTuple):
    """A piece of a text: an added token, or what lies between two."""

    begin: int
    end: int
    token: str | None = None


def find(text: str, wanted: Mapping[str, AddedToken]) -> Iterator[tuple[int, int, AddedToken]]:
    """Places of added tokens in a text, (begin, end, token), as `tokenizers` finds them.

    From left to right; where several begin at one place, the longest.

    Args:
        wanted: how a token is written -> the token.

    >>> a, b = AddedToken("<a>"), AddedToken("<a><b>", rstrip=True)
    >>> [(begin, end) for begin, end, _ in find("<a><b>  <a>", {"<a>": a, "<a><b>": b})]
    [(0, 8), (8, 11)]
    """
    written = sorted((w for w in wanted if w), key=len, reverse=True)
    if not written:
        return
    taken = 0  # up to here the text belongs to tokens already found
    for match in re.finditer("|".join(map(re.escape, written)), text):
        token, (begin, end) = wanted[match[0]], match.span()
        inside = (begin > 0 and in_word(text[begin - 1])) or (
            end < len(text) and in_word(text[end])
        )
        if token.single_word and inside:
            continue
        while token.lstrip and begin > taken and is_space(text[begin - 1]):
            begin -= 1
        while token.rstrip and end < len(text) and is_space(text[end]):
            end += 1
        yield begin, end, token
        taken = end


def is_space(character: str) -> bool:
    """White space as Unicode has it; Python adds four control characters."""
    return character.isspace() and not "\x1c" <= character <= "\x1f"


def in_word(character: str) -> bool:
    """Letters, marks on them, digits and connectors such as "_"."""
    return unicodedata.category(character) in ("Nd", "Nl", "Pc") or (
        unicodedata.category(character)[0] in "LM"
    )
