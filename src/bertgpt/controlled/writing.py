"""Texts that models write from nothing: how many are possible, and how much they vary.

Three numbers, each with what the exact sampler reaches. "possible": fraction of the texts that the
language has. "different": distinct possible texts, as a fraction of those that as many exact draws
have on average. "kinds": how far the frequencies of the kinds of text are from the language's.
"""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.filling import words_of
from bertgpt.controlled.language import all_texts, drawn, little_toyland
from bertgpt.generation.chains import gibbs, metropolis_hastings
from bertgpt.generation.decode import generate
from bertgpt.generation.fill import Order, blank_texts, fill
from bertgpt.gpt import GPT
from bertgpt.toyland.lengths import lengths

SWEEPS = 5
ORDERS: tuple[Order, ...] = ("left", "right", "random", "confident", "together")
Words = tuple[str, ...]


def kind(words: Words) -> str:
    """Which rule of the grammar a possible text comes from.

    >>> kind(("anna", "lives", "in", "the", "park", "."))
    'home'
    """
    marks = {"for": "day", "gave": "gift", "got": "gift", "said": "says", "lives": "home"}
    for word in words:
        if word in marks:
            return marks[word]
        if word == "noticed":
            return "before" if words[0] in ("in", "at") else "follows"
    return "agree"


def kinds() -> dict[str, float]:
    """The probability of each kind of text."""
    found: Counter[str] = Counter()
    listed = all_texts()
    for words, p in zip(listed.words, listed.probabilities.tolist(), strict=True):
        found[kind(words)] += p
    return dict(found)


def judged(texts: Sequence[Words]) -> dict[str, float]:
    """The three numbers of texts that were written."""
    listed = set(all_texts().words)
    whole = [words for words in texts if words in listed]
    p = all_texts().probabilities
    expected = (1 - (1 - p) ** len(texts)).sum().item()
    exact, of_kind = kinds(), Counter(map(kind, whole))
    distance = 0.5 * sum(abs(of_kind[k] / max(1, len(whole)) - exact[k]) for k in exact)
    return {
        "possible": len(whole) / len(texts),
        "different": len(set(whole)) / expected,
        "kinds": distance,
    }


def exact_sampler(n: int, generator: torch.Generator) -> dict[str, float]:
    """The same of texts drawn from the language."""
    return judged([all_texts().words[i] for i in drawn(n, generator).tolist()])


def from_the_left(gpt: GPT, n: int, generator: torch.Generator) -> list[Words]:
    """Texts of a model that writes the next token, as drawn."""
    longest = gpt.stack.cfg.max_positions - 1
    found = generate(
        gpt, [[SPECIAL_IDS.cls]] * n, longest, generator=generator, stop=(SPECIAL_IDS.sep,)
    )
    return [words_of([SPECIAL_IDS.cls, *text.ids]) for text in found]


def drawn_lengths(n: int, generator: torch.Generator) -> list[int]:
    """Numbers of words, drawn as the language's own: a filler knows how many gaps it has."""
    chances = lengths(little_toyland())
    weights = torch.tensor(list(chances.values()))
    which = torch.multinomial(weights, n, True, generator=generator)
    return sorted(list(chances)[i] for i in which.tolist())


def by_filling(
    bert: BERT, n: int, seed: int, orders: Sequence[Order] = ORDERS
) -> dict[str, list[Words]]:
    """Texts of a model that fills gaps: by order, and by walks that begin where "random" ended."""

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    blank = blank_texts(bert, drawn_lengths(n, generator()))
    ids: dict[str, Tensor] = {}
    for order in orders:
        ids[order] = fill(bert, blank, order, generator=generator()).ids
    if "random" in ids:
        *_, ids["Gibbs"] = gibbs(bert, ids["random"], SWEEPS, generator=generator())
    return {way: _texts(rows) for way, rows in ids.items()}


def by_accepting(
    bert: BERT, n: int, sweeps: int, seed: int
) -> tuple[list[Words], dict[str, float]]:
    """Texts of a Metropolis-Hastings walk towards exp(pseudo-log-likelihood), and two fractions.

    "changing": of the draws, those that would change the text; only these are scored. "accepted":
    of these, those that did.

    It takes a reading for each word of a text and proposal, so n and sweeps are small.
    """
    generator = torch.Generator().manual_seed(seed)
    blank = blank_texts(bert, drawn_lengths(n, generator))
    begun = fill(bert, blank, "random", generator=generator).ids
    walk = list(metropolis_hastings(bert, begun, None, sweeps, generator=generator))
    proposed = sum(int(sweep.proposed.sum()) for sweep in walk)
    accepted = sum(int(sweep.accepted.sum()) for sweep in walk)
    draws = sweeps * int((blank == SPECIAL_IDS.mask).sum())
    shares = {"changing": proposed / draws, "accepted": accepted / max(1, proposed)}
    return _texts(walk[-1].ids), shares


def _texts(ids: Tensor) -> list[Words]:
    return [words_of(row) for row in ids.tolist()]
