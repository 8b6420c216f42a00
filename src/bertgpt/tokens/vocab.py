"""Words and their ids."""

import difflib
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

UNK = "<unk>"


def _words(tokens: Iterable[str], remedy: str | None = None) -> list[str]:
    """The words, unless they are a string: it would be read letter by letter."""
    if isinstance(tokens, str):
        usual = "its words, such as text.split(), or list(text) if each character is a token"
        raise ValueError(
            f"expected a list of words, got the string {tokens[:40]!r}; give {remedy or usual}"
        )
    return list(tokens)


def checked_specials(specials: Iterable[str]) -> list[str]:
    """Special words as a list.

    Raises:
        ValueError: for a string, which would be read letter by letter.
    """
    return _words(specials, f"specials=[{specials!r}], a list even of one")


def checked_ids(ids: Any, size: int, what: str) -> list[int]:
    """Ids as whole numbers, each of them one of a vocabulary's.

    Args:
        ids: several, or a tensor of them (T,).
        size: V.
        what: has an id, "word" or "token", for the message.
    Raises:
        ValueError: for what is not a whole number, and for an id outside 0 to V - 1.
    """
    given = ids.tolist() if hasattr(ids, "tolist") else ids  # (B, T) becomes lists in a list
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise _no_ids(given)
    found = []
    for item in given:
        try:
            found.append(operator.index(item))
        except TypeError:
            raise _no_ids(item) from None
        if not 0 <= found[-1] < size:
            raise ValueError(f"no {what} has the id {found[-1]}; ids run from 0 to {size - 1}")
    return found


def _no_ids(given: object) -> ValueError:
    return ValueError(
        f"expected a list of ids, which are whole numbers, got {given!r:.40}; encode makes such a "
        "list of a text, and of a batch one row is such a list: ids[0]"
    )


class Vocab:
    """Each word's id, and each id's word.

    Ids run from 0: first the special words as given, then the others from the most frequent to
    the rarest, ties in alphabetical order, so equal counts always give equal ids.
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        """Take words in the order of their ids, each with its count.

        Raises:
            ValueError: if a word is there twice, or there are more or fewer counts than words.
        """
        self.words, self.counts = tuple(words), tuple(counts)
        self._ids = {word: i for i, word in enumerate(self.words)}
        if not len(self._ids) == len(self.words) == len(self.counts):
            raise ValueError(
                f"{len(self.words)} words, {len(self._ids)} of them different, with "
                f"{len(self.counts)} counts; give each word once, with one count"
            )

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, min_count: int = 1, specials: Sequence[str] = (UNK,)
    ) -> "Vocab":
        """Give ids to the words of a table of counts.

        Args:
            counts: how often each word occurs.
            min_count: words that occur less often are left out, 1 or more; their counts go to
                "<unk>", if that is among the specials.
            specials: words that get the first ids whatever their counts.
        Returns:
            The vocabulary.
        Raises:
            ValueError: if no word is left, or the specials are a string.
        """
        specials = checked_specials(specials)
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        kept = [w for w in ranked if counts[w] >= max(1, min_count) and w not in specials]
        if min_count < 1 or not kept:
            raise ValueError(
                f"min_count={min_count} leaves none of {len(counts)} words, or is below 1; the "
                f"most frequent occurs {max(counts.values(), default=0)} times: give more text, "
                "or a min_count from 1 to that"
            )
        rest = sum(counts.values()) - sum(counts[word] for word in kept)
        rest -= sum(counts.get(word, 0) for word in specials if word != UNK)
        own = [rest if word == UNK else counts.get(word, 0) for word in specials]
        return cls([*specials, *kept], own + [counts[word] for word in kept])

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Iterable[str]],
        *,
        min_count: int = 1,
        specials: Sequence[str] = (UNK,),
    ) -> "Vocab":
        """Count the words of sentences, then as `from_counts`.

        Raises:
            ValueError: for a string where a list of words is expected, and as `from_counts`.

        >>> Vocab.from_sentences([["a", "b", "a"], ["c", "a", "b"]], min_count=2).words
        ('<unk>', 'a', 'b')
        """
        counts: Counter[str] = Counter()
        for sentence in [sentences] if isinstance(sentences, str) else sentences:
            counts.update(_words(sentence))
        return cls.from_counts(counts, min_count=min_count, specials=specials)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Ids of words; an unknown word gets the id of "<unk>", if there is one.

        Raises:
            ValueError: for a string instead of a list of words, and for an unknown word where
                there is no "<unk>", naming words close to it.
        """
        tokens = _words(tokens)
        if UNK in self._ids:
            return [self._ids.get(token, self._ids[UNK]) for token in tokens]
        if unknown := [token for token in tokens if token not in self._ids]:
            close = ", ".join(map(repr, difflib.get_close_matches(unknown[0], self.words)))
            raise ValueError(
                f"{unknown[0]!r} is none of the {len(self)} words of this vocabulary, which has no "
                f"{UNK!r} for such words either; close to it: {close or 'no word'}"
            )
        return [self._ids[token] for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Words of ids.

        Raises:
            ValueError: for what is not an id, and for an id that no word has.
        """
        return [self.words[i] for i in checked_ids(ids, len(self), "word")]

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __repr__(self) -> str:
        more = " ..." if len(self) > 8 else ""
        return f"Vocab({len(self)} words: {' '.join(self.words[:8])}{more})"
