"""Words and their numbers."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

UNK = "<unk>"


class Vocab:
    """Each word's number and each number's word.

    Numbers run from 0: first the special words, in the order given, then the others from the most
    frequent to the rarest, ties in alphabetical order, so that equal counts give equal numbers.
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        """Take words as they are numbered; `from_counts` and `from_sentences` sort them first."""
        self.words = tuple(words)
        self.counts = tuple(counts)
        self._ids = {word: i for i, word in enumerate(self.words)}
        if len(self._ids) != len(self.words) or len(self.counts) != len(self.words):
            raise ValueError(
                f"{len(self.words)} words, {len(self._ids)} of them different, and "
                f"{len(self.counts)} counts: give each word once, with one count"
            )

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, min_count: int = 1, specials: Sequence[str] = (UNK,)
    ) -> "Vocab":
        """Number the words of a table of counts.

        Args:
            counts: how often each word occurs, 0 or more.
            min_count: words that occur less often are left out, 1 or more; if "<unk>" is special,
                it takes over their count.
            specials: words that get the first numbers whatever their count.
        Returns:
            The vocabulary.
        Raises:
            ValueError: if no word is left.
        """
        if min_count < 1:
            raise ValueError(f"min_count={min_count} must be 1 or more; 1 keeps every word")
        kept = {w: n for w, n in counts.items() if n >= min_count and w not in specials}
        if not kept:
            commonest = max(counts.values(), default=0)
            raise ValueError(
                f"none of {len(counts)} words occurs min_count={min_count} times or more "
                f"(the commonest occurs {commonest} times); give more text or a lower min_count"
            )
        own = {word: counts.get(word, 0) for word in specials}
        if UNK in own:
            own[UNK] += sum(n for w, n in counts.items() if w not in kept and w not in own)
        ranked = sorted(kept, key=lambda word: (-kept[word], word))
        return cls([*specials, *ranked], [*own.values(), *(kept[word] for word in ranked)])

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Iterable[str]],
        *,
        min_count: int = 1,
        specials: Sequence[str] = (UNK,),
    ) -> "Vocab":
        """Count the words of sentences, then as `from_counts`.

        >>> Vocab.from_sentences([["a", "b", "a"], ["c", "a", "b"]], min_count=2).words
        ('<unk>', 'a', 'b')
        """
        counts = Counter(word for sentence in sentences for word in sentence)
        return cls.from_counts(counts, min_count=min_count, specials=specials)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Numbers of words; a word not in the vocabulary gets the number of "<unk>" if there is one.

        Raises:
            ValueError: for a word that is not here when there is no "<unk>".
        """
        unk = self._ids.get(UNK)
        if unk is not None:
            return [self._ids.get(token, unk) for token in tokens]
        tokens = list(tokens)
        try:
            return [self._ids[token] for token in tokens]
        except KeyError as error:
            raise ValueError(self._unknown(error.args[0])) from None

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Words of numbers.

        Raises:
            ValueError: for a number that no word has.
        """
        ids = [int(i) for i in ids]
        for i in ids:
            if not 0 <= i < len(self.words):
                raise ValueError(f"no word has number {i}; numbers here run 0 to {len(self) - 1}")
        return [self.words[i] for i in ids]

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __repr__(self) -> str:
        return f"Vocab({len(self)} words, {' '.join(self.words[:8])} ...)"

    def _unknown(self, word: str) -> str:
        close = difflib.get_close_matches(word, self.words, n=3)
        hint = f"did you mean {', '.join(map(repr, close))}?" if close else "no word is close to it"
        return (
            f"{word!r} is not among the {len(self)} words of this vocabulary, which has no "
            f"{UNK!r} for such words; {hint}"
        )
