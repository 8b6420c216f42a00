"""A word as its pieces: character n-grams, and the hash that gives them numbers.

Pieces: Bojanowski, Grave, Joulin and Mikolov (2017), fastText.
"""

from bertgpt.tokens.tokenizer import check_text


def char_ngrams(word: str, shortest: int = 3, longest: int = 6) -> list[str]:
    """The character n-grams of a word between boundary marks.

    Bojanowski et al. (2017), section 3.2: the word is written ``<word>``, so a prefix and a suffix
    differ from the same letters inside a word. The paper speaks of a set; fastText and gensim
    count an n-gram that occurs twice ("ana" in "banana") twice, and so do we. The whole word,
    which the definition adds, is no n-gram here: `SubwordVectors` gives it a row of its own.

    Args:
        word: one word, at least one character.
        shortest, longest: characters of an n-gram, marks counted; 1 <= shortest <= longest.
    Returns:
        The n-grams by where they start, then by length. A mark alone is none.
    Raises:
        ValueError: if the word is empty or not a text, or the range holds no length.

    >>> char_ngrams("ant", shortest=3, longest=4)
    ['<an', '<ant', 'ant', 'ant>', 'nt>']
    """
    check_text(word, "the word")
    if not word:
        raise ValueError("the word is empty; give at least one character")
    check_lengths(shortest, longest)
    marked = f"<{word}>"
    grams = []
    for start in range(len(marked)):
        for end in range(start + shortest, min(start + longest, len(marked)) + 1):
            if marked[start:end] not in ("<", ">") or 0 < start < len(marked) - 1:
                grams.append(marked[start:end])
    return grams


def check_lengths(shortest: int, longest: int) -> None:
    """Raise ValueError unless n-grams of these lengths are possible."""
    if not 1 <= shortest <= longest:
        raise ValueError(f"n-grams of {shortest} to {longest} characters: need 1 <= from <= to")


def fnv1a(text: str) -> int:
    """fastText's 32-bit hash of a text: FNV-1a over its UTF-8 bytes, taken as signed.

    FNV-1a proper takes bytes from 0 to 255. In fastText's program a byte above 127 is
    negative and flips the upper 24 bits too: the same hash for plain ASCII, another
    one for "é".

    >>> fnv1a("a") == (2166136261 ^ ord("a")) * 16777619 % 2**32
    True
    """
    state = 2166136261
    for byte in text.encode():
        signed = byte if byte < 128 else byte | 0xFFFFFF00
        state = (state ^ signed) * 16777619 & 0xFFFFFFFF
    return state
