"""Parts that skip-gram, CBOW and subword vectors share: which words meet, and how often.

Shapes: n words in a text, V words in the vocabulary, P (centre, context) pairs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.tokens.vocab import Vocab
from bertgpt.words.checks import Sentences, check_threshold, check_window, word_lists


class NumberedText(NamedTuple):
    """A text as models of words train on it."""

    vocab: Vocab
    ids: Tensor  # (n,) words of the vocabulary, in the order of the text
    sentence: Tensor  # (n,) the number of the sentence of each
    keep: Tensor  # (n,) probability that each survives the thinning
    noise: Tensor  # (V,) the distribution that negatives are drawn from


def numbered(
    sentences: Sentences, *, window: int, min_count: int, threshold: float
) -> NumberedText:
    """Count the words of a text, and number those that are frequent enough.

    Args:
        sentences: words.
        window: C, which must fit into the longest sentence.
        min_count: rarer words are left out.
        threshold: of the thinning, see `keep_probability`.
    Raises:
        ValueError: if the text is empty or holds strings where lists of words are expected, no word
            is frequent enough, or the window is larger than the longest sentence.

    >>> sentences = [["a", "b", "a"], ["b", "c"]]
    >>> text = numbered(sentences, window=1, min_count=2, threshold=1.0)
    >>> text.vocab.words, text.ids.tolist(), text.sentence.tolist()
    (('a', 'b'), [0, 1, 0, 1], [0, 0, 0, 1])
    """
    text = word_lists(sentences)
    check_window(window, max(map(len, text)))
    vocab = Vocab.from_sentences(text, min_count=min_count, specials=())
    ids, sentence = flatten([vocab.encode(w for w in words if w in vocab) for words in text])
    counts = torch.tensor(vocab.counts)
    keep = keep_probability(counts, threshold)[ids]
    return NumberedText(vocab, ids, sentence, keep, noise_distribution(counts))


def flatten(sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Lay sentences end to end, remembering which sentence each word came from.

    Args:
        sentences: word ids, one sequence per sentence; empty sentences are allowed.
    Returns:
        ids (n,) int64 and sentence (n,) int64, the number of the sentence of each word.
    Raises:
        ValueError: if there is no word at all, or words are given where their ids are needed.

    >>> ids, sentence = flatten([[5, 6, 7], [8]])
    >>> ids.tolist(), sentence.tolist()
    ([5, 6, 7, 8], [0, 0, 0, 1])
    """
    if any(isinstance(words, str | int) for words in sentences):
        raise ValueError("give ids as one list per sentence; vocab.encode(words) makes such a list")
    flat = [i for words in sentences for i in words]
    if words := [i for i in flat if isinstance(i, str)]:
        raise ValueError(f"{words[0]!r} is a word; give ids: vocab.encode(words)")
    ids = torch.tensor(flat, dtype=torch.long)
    if not len(ids):
        raise ValueError(
            f"the text is empty: {len(sentences)} sentences hold 0 words; "
            "give sentences with at least two words"
        )
    lengths = torch.tensor([len(words) for words in sentences])
    return ids, torch.repeat_interleave(torch.arange(len(sentences)), lengths)


def keep_probability(counts: Tensor, threshold: float = 1e-3) -> Tensor:
    """Probability that a word survives the thinning of frequent words.

    With f the fraction of the text that is this word and t the threshold, Mikolov et al. (2013b,
    section 2.3) print sqrt(t / f). The program they released, and gensim with it, compute
    sqrt(t / f) + t / f; so do we, because we compare ourselves with gensim.

    Args:
        counts: (V,) how often each word occurs, all above 0.
        threshold: t, above 0; the paper uses about 1e-5 on a billion words.
    Returns:
        (V,) probabilities in (0, 1].
    Raises:
        ValueError: if `threshold` is not above 0 or a count is not.

    >>> kept = keep_probability(torch.tensor([90.0, 10.0]), 0.1)
    >>> [round(p, 3) for p in kept.tolist()]
    [0.444, 1.0]
    """
    check_threshold(threshold)
    if not bool((counts > 0).all()):
        raise ValueError(f"counts must all be above 0, the smallest is {counts.min().item():g}")
    ratio = threshold * counts.sum(dtype=torch.float64) / counts.double()
    return (ratio.sqrt() + ratio).clamp(max=1.0).float()


def dynamic_windows(n: int, window: int, *, generator: torch.Generator) -> Tensor:
    """Draw how far each of `n` centres looks: uniform on 1..window.

    Mikolov et al. (2013a, section 3.2): near words are trained on more often than far ones.

    Args:
        n: how many centres, at least 0.
        window: C, the farthest that a centre may look, at least 1.
        generator: source of randomness.
    Returns:
        (n,) int64 in 1..window.
    Raises:
        ValueError: if `window` is below 1.
    """
    if window < 1:
        raise ValueError(f"window={window} must be at least 1: one word to each side")
    return torch.randint(1, window + 1, (n,), generator=generator)


def window_mask(radii: Tensor, sentence: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Which neighbours each centre is paired with.

    Args:
        radii: (n,) int64, how far each centre looks, at most `window`.
        sentence: (n,) number of the sentence of each word; a window never leaves its sentence.
        window: C, at least 1.
    Returns:
        positions (n, 2C) of the neighbours -C..-1, 1..C, clamped into the text, and
        mask (n, 2C), True where the neighbour counts.
    """
    n = len(sentence)
    offsets = torch.cat((torch.arange(-window, 0), torch.arange(1, window + 1)))
    positions = torch.arange(n)[:, None] + offsets  # (n, 2C)
    inside = (positions >= 0) & (positions < n)
    positions = positions.clamp(0, n - 1)
    mask = inside & (offsets.abs() <= radii[:, None]) & (sentence[positions] == sentence[:, None])
    return positions, mask


def pairs(ids: Tensor, radii: Tensor, sentence: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """All (centre, context) pairs of a whole text, in its order.

    Args:
        ids: (n,) word ids.
        radii, sentence, window: as in `window_mask`.
    Returns:
        centres (P,) and contexts (P,), both word ids.
    Raises:
        ValueError: if `window` reaches past the longest sentence.

    >>> ids, sentence = flatten([[0, 1, 2]])
    >>> centres, contexts = pairs(ids, torch.ones(3, dtype=torch.long), sentence, 1)
    >>> list(zip(centres.tolist(), contexts.tolist()))
    [(0, 1), (1, 0), (1, 2), (2, 1)]
    """
    check_window(window, int(torch.bincount(sentence).max()))
    positions, mask = window_mask(radii, sentence, window)
    return ids[:, None].expand_as(positions)[mask], ids[positions][mask]


def noise_distribution(counts: Tensor, power: float = 0.75) -> Tensor:
    """The distribution that negatives are drawn from: counts to the power 3/4, made to sum to 1.

    Mikolov et al. (2013b, section 2.2) chose 3/4 over the plain counts and the uniform.

    Args:
        counts: (V,) at least 0, not all 0.
        power: 1 gives the plain unigram frequencies, 0 the uniform distribution.
    Returns:
        (V,) probabilities.
    Raises:
        ValueError: if no word was counted, or a count is below 0.

    >>> [round(p, 3) for p in noise_distribution(torch.tensor([16.0, 1.0])).tolist()]
    [0.889, 0.111]
    """
    if not bool((counts >= 0).all()):
        raise ValueError(f"counts must all be 0 or more, the smallest is {counts.min().item():g}")
    if not bool((counts > 0).any()):
        raise ValueError("counts are all 0: no word to draw as a negative; count a text first")
    weights = counts.double() ** power
    return (weights / weights.sum()).float()


def draw_negatives(noise: Tensor, shape: tuple[int, ...], *, generator: torch.Generator) -> Tensor:
    """Draw word ids from `noise` (V,), independently.  Returns int64 of the given shape."""
    n = int(torch.tensor(shape).prod())
    return torch.multinomial(noise, n, replacement=True, generator=generator).view(shape)
