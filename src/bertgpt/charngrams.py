"""A word as the sum of its pieces: character n-grams, hashing, and skip-gram on top of them."""


def char_ngrams(word: str, *, shortest: int = 3, longest: int = 6) -> list[str]:
    """List the character n-grams of a word between boundary marks, in reading order.

    Bojanowski et al. (2017), sec. 3.2: the word is written ``<word>``, so that a prefix and a
    suffix differ from the same letters inside a word. The paper speaks of a set; fastText and
    gensim keep an n-gram that occurs twice twice ("ana" in "banana"), and so does this list. The
    whole word, which the definition adds, has a row of its own in :class:`SubwordVectors`.

    Args:
        word: one word, at least one character.
        shortest, longest: numbers of characters, 1 <= shortest <= longest; marks count.

    Returns:
        The n-grams by starting place, then by length; a bare mark is not an n-gram.

    Raises:
        ValueError: if the word is empty or the range holds no length.

    >>> char_ngrams("ant", shortest=3, longest=4)
    ['<an', '<ant', 'ant', 'ant>', 'nt>']
    """
    if not word:
        raise ValueError("the word is empty; give at least one character")
    if not 1 <= shortest <= longest:
        raise ValueError(
            f"n-grams of {shortest} to {longest} characters: the shortest must be at least 1 and "
            "at most the longest; fastText's own range is 3 to 6"
        )
    marked = f"<{word}>"
    return [
        marked[start : start + n]
        for start in range(len(marked))
        for n in range(shortest, min(longest, len(marked) - start) + 1)
        if n > 1 or 0 < start < len(marked) - 1
    ]


def fnv1a(text: str) -> int:
    """Hash a text to 32 bits as fastText does: FNV-1a over its UTF-8 bytes, read as *signed*.

    FNV-1a proper reads bytes as 0 to 255. fastText's `char` is signed, so that a byte above 127
    flips the upper 24 bits as well: the same number for plain ASCII, another one for "é".

    >>> fnv1a("") == 2166136261
    True
    """
    state = 2166136261
    for byte in text.encode():
        state = (state ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619 & 0xFFFFFFFF
    return state
