"""Sentences that a mean of word vectors cannot tell apart: the same words in another order."""

from itertools import product

import torch

GOOD = "good fine great kind clever bright funny warm fresh strong rich lovely".split()
BAD = "bad poor awful cruel stupid dull boring cold stale weak empty ugly".split()
# What is said of the film comes first in some, second in others.
TEMPLATES = {
    "it was {} , not {}": 0,
    "it was not {} but {}": 1,
    "it was {} rather than {}": 0,
    "it was less {} than {}": 1,
}
WORDS = sorted({w for t in TEMPLATES for w in t.split() if w != "{}"} | {*GOOD, *BAD})


def opinions(seed: int) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Sentences and what they say, 1 for good: those of two thirds of the word pairs, and the rest.

    Each pair of a good and a bad word gives two sentences per template, one in either order: the
    same words, and opposite answers. No pair of the second list is in the first.
    """
    pairs = list(product(GOOD, BAD))
    order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed)).tolist()
    sentences = [
        [
            (template.format(*words), int(words[told] in GOOD))
            for template, told in TEMPLATES.items()
            for words in (pairs[i], pairs[i][::-1])
        ]
        for i in order
    ]
    cut = len(pairs) * 2 // 3
    return [s for p in sentences[:cut] for s in p], [s for p in sentences[cut:] for s in p]
