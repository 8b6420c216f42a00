"""The text that BERT reads in place of the one it is given: cleaned, and ready to be split."""

import re
import unicodedata

from bertgpt.tokens.added import is_space

# Ideographs, each a word by itself. (The block at 2B820 begins 256 later in `tokenizers`; so here.)
_IDEOGRAPHS = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class Cleaning(dict[int, str]):
    """The text that BERT reads in place of each character; a table for `str.translate`.

    Control characters vanish, white space becomes a space, punctuation and ideographs get a space
    on each side. With `lower`, accents go and capitals become small, character by character (so,
    as in `tokenizers`, a capital sigma at a word's end does not become the final one). Kinds of
    characters are those of the Unicode that this Python has, as in Google's code; `tokenizers` has
    older tables, and cleans some hundred young characters otherwise.

    Args:
        lower: make capitals small.
        strip_accents: take accents off letters; None means if `lower`.
        ideographs: make each ideograph a word by itself.
        control: take control characters out, and make all white space spaces.
        marks: put spaces around punctuation, which splits the text into words.

    >>> "Où est\\tle 猫?".translate(Cleaning(lower=True))
    'ou est le  猫  ? '
    """

    def __init__(
        self,
        *,
        lower: bool,
        strip_accents: bool | None = None,
        ideographs: bool = True,
        control: bool = True,
        marks: bool = True,
    ) -> None:
        super().__init__()
        self.lower, self.ideographs, self.control, self.marks = lower, ideographs, control, marks
        self.strip_accents = lower if strip_accents is None else strip_accents

    def __missing__(self, code: int) -> str:
        text = self._clean(chr(code))
        if self.ideographs and any(low <= code <= high for low, high in _IDEOGRAPHS):
            text = f" {text} "
        self[code] = text
        return text

    def _clean(self, character: str) -> str:
        if self.control:
            if character in "\t\n\r":
                return " "
            if character in "\0\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co"):
                return ""
            if character.isspace():
                return " "
        text = character
        if self.strip_accents:  # apart into letter and accents, of which the letter stays
            apart = unicodedata.normalize("NFD", character)
            text = "".join(c for c in apart if unicodedata.category(c) != "Mn")
        if self.lower:
            text = "".join(c.lower() for c in text)
        if self.marks:
            text = "".join(f" {c} " if _is_mark(c) else c for c in text)
        return text


def _is_mark(character: str) -> bool:
    """Punctuation, and all of ASCII that is visible and neither letter nor digit."""
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character)[0] == "P"


def split_at_spaces(text: str) -> list[str]:
    """The words between white space."""
    if not re.search("[\x1c-\x1f]", text):
        return text.split()
    # Four control characters are white space for Python, and for no one else.
    spaced = "".join(" " if is_space(c) else c for c in text)
    return [word for word in spaced.split(" ") if word]
