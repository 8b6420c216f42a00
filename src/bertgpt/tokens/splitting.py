"""The words that GPT-2 splits a text into before merges: no token reaches across."""

import re
import sys
import unicodedata
from functools import cache

from bertgpt.tokens.tokenizer import check_text

# The pattern as GPT-2's own code and tokenizer.json write it, for the module `regex`.
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@cache
def _splitter() -> re.Pattern[str]:
    """GPT-2's pattern. `re` has no classes for Unicode's letters and numbers, so we list them.

    From left to right, the first of these that fits:

    1. ``'s 't 'm 'd 're 've 'll``: the endings of English contractions, in small letters only;
    2. ``[ ]?[L]+``: letters, with one space before them if there is one;
    3. ``[ ]?[N]+``: numbers, likewise;
    4. ``[ ]?[^LNZ]+``: other marks, likewise;
    5. ``[Z]+(?![^Z])``: white space up to the end of the text, or all but the last of it before
       a word, which takes that one if it is a space;
    6. ``[Z]+``: white space that is left, as a single line end before a word.

    So a token never mixes letters, numbers and other marks, and begins with at most one space.
    """
    spans: dict[str, list[list[int]]] = {"L": [], "N": [], "Z": []}  # first and last code points
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(character := chr(code))[0]
        if character.isspace() and not 0x1C <= code <= 0x1F:  # which only Python calls space
            kind = "Z"
        if kind in spans:
            if spans[kind] and spans[kind][-1][1] == code - 1:
                spans[kind][-1][1] = code
            else:
                spans[kind].append([code, code])
    L, N, Z = (
        "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in runs) for runs in spans.values()
    )
    return re.compile(
        rf"'(?:[stmd]|re|ve|ll)| ?[{L}]+| ?[{N}]+| ?[^{L}{N}{Z}]+|[{Z}]+(?![^{Z}])|[{Z}]+"
    )


def split(text: str) -> list[str]:
    """Split where no token may reach across: between letters, numbers, other marks and white space.

    One space belongs to what follows it (Radford et al. 2019, in the released code). Letters and
    numbers are those of the Unicode that this Python has.

    Raises:
        ValueError: for anything but a text, and for a lone surrogate.

    >>> split("It's 3 o'clock!  ")
    ['It', "'s", ' 3', ' o', "'", 'clock', '!', '  ']
    """
    check_text(text)
    return _splitter().findall(text)
