"""Checks of the texts and settings that models of words are given, and of their loss."""

import math
from collections.abc import Iterable

Sentences = Iterable[Iterable[str]]
RUNAWAY = 5.0  # a loss that is so many times what it was at the start will not come back


def word_lists(text: Sentences) -> list[list[str]]:
    """A text as lists of words.

    A string is an iterable of strings too, its letters, so it would give a vocabulary of letters.

    Raises:
        ValueError: if the text or one of its sentences is a string, or there is no word.

    >>> word_lists([("the", "cat"), ["sat"]])
    [['the', 'cat'], ['sat']]
    """
    if isinstance(text, str):
        raise ValueError("the text is one string; give sentences of words: [text.split()]")
    sentences = list(text)
    for number, sentence in enumerate(sentences):
        if isinstance(sentence, str):
            raise ValueError(
                f"sentence {number} is the string {sentence[:40]!r}; give lists of words: "
                "[sentence.split() for sentence in text], or [text] if the text is one such list"
            )
    lists = [list(sentence) for sentence in sentences]
    if not any(lists):
        raise ValueError(
            f"the text is empty: {len(lists)} sentences hold 0 words; "
            "give sentences with at least two words"
        )
    return lists


def check_window(window: int, longest: int) -> None:
    """Raise ValueError if a window reaches past the longest sentence, which has `longest` words.

    Meant for the text as it is given: thinned, its sentences are shorter, and by chance.
    """
    if window >= longest:
        raise ValueError(
            f"window={window} is larger than the text: its longest sentence has {longest} words; "
            f"take a window of at most {longest - 1}"
        )


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless frequent words can be thinned by this threshold."""
    if not threshold > 0:
        raise ValueError(f"threshold={threshold} must be above 0; 1e-3 suits a small text")


def check_n(n: int, left: int) -> None:
    """Raise ValueError unless `n` of the `left` words can be named."""
    if not 1 <= n <= left:
        raise ValueError(f"n={n} must be 1 to {left}, the number of words to choose from")


def check_loss(loss: float, negatives: int, remedy: str) -> None:
    """Raise ValueError if a loss is far above log 2 a score, where every training starts.

    Args:
        loss: nats for a true pair and its negatives.
        negatives: k, how many these are.
        remedy: what to change.
    """
    start = (1 + negatives) * math.log(2)
    if not loss <= RUNAWAY * start:  # a loss that is nan is caught as well
        raise ValueError(
            f"loss={loss:.3g} is far above {start:.3g}, where training starts: its steps are too "
            f"large, and the vectors worthless; {remedy}"
        )
