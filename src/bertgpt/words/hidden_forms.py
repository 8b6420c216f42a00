"""Words hidden from a text on purpose, and the two tests of a vector for such a word.

Is the word it was made from near (`rank`)? Does the vector know in which company the word appears
(`prefers_real`)? The rival in both is spelling: how many character n-grams two words share.

Shapes: V words, D dimension, R real neighbours, N words drawn at random.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bertgpt.corpora import analogies
from bertgpt.words.charngrams import char_ngrams


def inflected_pairs(counts: Mapping[str, int], min_count: int = 5) -> list[tuple[str, str]]:
    """Pairs of a word and a form of it, such as walk and walking, to hide the second of.

    They come from the sections about grammar of Mikolov et al.'s list of analogies (2013a). A word
    that is hidden is the base of no pair, or nothing would be left to find; and a base is never
    hidden later.

    Args:
        counts: how often each word occurs in the text; missing words occur 0 times.
        min_count: base and form occur at least so often.
    Returns:
        (base, form), each form once.
    """
    pairs: list[tuple[str, str]] = []
    bases: set[str] = set()
    hidden: set[str] = set()
    for section, questions in analogies().items():
        if not section.startswith("gram"):
            continue
        named = {question[:2] for question in questions} | {question[2:] for question in questions}
        for base, form in sorted(named):
            frequent = min(counts.get(base, 0), counts.get(form, 0)) >= min_count
            if frequent and base not in hidden and form not in bases | hidden:
                pairs.append((base, form))
                bases.add(base)
                hidden.add(form)
    return pairs


class Spelling:
    """Which of a list of words is spelled most like another: no vectors, no training.

    >>> spelling = Spelling(["walk", "talk", "house"])
    >>> spelling.most_alike("walks")
    'walk'
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Cut each word into its character n-grams of 3 to 6 characters.

        Raises:
            ValueError: if there is no word.
        """
        if not words:
            raise ValueError("there are 0 words to compare with; give at least one")
        self.words = tuple(words)
        self._places: dict[str, list[int]] = {}  # n-gram -> the words that have it
        for place, word in enumerate(self.words):
            for gram in set(char_ngrams(word)):
                self._places.setdefault(gram, []).append(place)
        self._sizes = torch.tensor([len(set(char_ngrams(word))) for word in self.words])

    def overlap(self, word: str) -> Tensor:
        """(V,) the share of n-grams in common, `2 |A and B| / (|A| + |B|)`: Dice's coefficient.

        Dice (1945). 1 for the word itself, 0 where nothing is shared.
        """
        grams = set(char_ngrams(word))
        shared = torch.zeros(len(self.words))
        for gram in grams & self._places.keys():
            shared[self._places[gram]] += 1
        return 2 * shared / (self._sizes + len(grams))

    def most_alike(self, word: str) -> str:
        """The word with the largest overlap; of equal ones the first."""
        return self.words[int(self.overlap(word).argmax())]


def rank(scores: Tensor, place: int) -> float:
    """The rank of one of the scores, 1 for the highest; ties share their mean rank.

    >>> rank(torch.tensor([3.0, 1.0, 1.0, 2.0]), 1)
    3.5
    """
    higher, equal = int((scores > scores[place]).sum()), int((scores == scores[place]).sum())
    return higher + (equal + 1) / 2


def prefers_real(vector: Tensor, real: Tensor, drawn: Tensor) -> float:
    """How often a vector scores a real neighbour above a word drawn at random.

    Args:
        vector: (D,) the vector of a word as a centre.
        real: (R, D) vectors of its real neighbours as neighbours, one row per occurrence.
        drawn: (N, D) vectors, as neighbours, of words drawn at random.
    Returns:
        A fraction of the R times N comparisons; 0.5 is chance, and a tie counts one half.
    """
    above, below = (real @ vector)[:, None], drawn @ vector
    return ((above > below).float() + (above == below).float() / 2).mean().item()
