"""Scores of whole texts: a log-probability, a bound on one, and a sum that is neither.

The language lists its texts, so two questions have exact answers: how much probability a
left-to-right model gives to all of them together, and how far it is from the language, in bits.
"""

from collections.abc import Callable
from math import log

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import all_texts, little_toyland, vocab
from bertgpt.controlled.readers import Exact, Reader, each_place, is_special
from bertgpt.controlled.rescoring import log_prob
from bertgpt.evaluation.scores import spearman
from bertgpt.toyland.lengths import lengths

ORDERS = 4  # of revealing, for the bound
Score = Callable[[Tensor], Tensor]  # texts (B, T) -> (B,), in nats


def pseudo(reader: Reader) -> Score:
    """The sum of the log-probabilities of the words, each asked with all others in sight.

    (Salazar et al. 2020.) It is no log-probability of a text. Every word is one token here, so
    the form for words in pieces (Kauf and Ivanova 2023) is the same sum.
    """

    def score(ids: Tensor) -> Tensor:
        text, place = (~is_special()[ids]).nonzero(as_tuple=True)
        rows = ids[text]
        found = reader.guess(rows, place).gather(1, rows.gather(1, place[:, None]))[:, 0]
        return torch.zeros(len(ids), dtype=torch.float64).index_add(0, text, found.double())

    return score


def bound(reader: Reader, orders: int, seed: int) -> Score:
    """The mean over random orders of the log-probability of revealing a text in that order.

    (Uria, Murray and Larochelle 2014.) Given a text's length; a lower bound, on average.
    """

    def score(ids: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        total = torch.zeros(len(ids), dtype=torch.float64)
        words = ~is_special()[ids]
        text, place = words.nonzero(as_tuple=True)
        for _ in range(orders):
            rank = torch.rand(ids.shape, generator=generator).masked_fill(~words, -1.0)
            later = rank[text] >= rank[text, place][:, None]  # revealed then, or after it
            asked = (ids[text].masked_fill(later, SPECIAL_IDS.mask)).scatter(
                1, place[:, None], ids[text, place][:, None]
            )
            found = reader.guess(asked, place).gather(1, ids[text, place][:, None])[:, 0]
            total = total.index_add(0, text, found.double())
        return total / orders

    return score


def exact_scores(numbers: Tensor) -> Tensor:
    """Log-probability of listed texts, in nats."""
    return all_texts().probabilities[numbers].log()


def log_chance_of_length(ids: Tensor) -> Tensor:
    """Log-probability that a text has as many words as each of these, in nats: (B,)."""
    chances = lengths(little_toyland())
    n_words = (~is_special()[ids]).sum(dim=1).tolist()
    return torch.tensor([log(chances[n]) for n in n_words], dtype=torch.float64)


def spoilt(ids: Tensor, generator: torch.Generator) -> Tensor:
    """Each text with one word exchanged so that no such text exists.

    The new word is one that can follow what comes before it, so that a reader has to notice
    by what comes after. Where no place of a text has such a word, any word will do.
    """
    listed = set(map(tuple, all_texts().ids.tolist()))
    width = all_texts().ids.shape[1]
    rows = []
    for row in ids.tolist():
        row = row + [SPECIAL_IDS.pad] * (width - len(row))
        text = torch.tensor([row])
        _, places = each_place(text)
        order = places[torch.randperm(len(places), generator=generator)]
        rows.append(_spoilt(row, order.tolist(), listed, generator))
    return torch.tensor(rows)


def _spoilt(
    row: list[int], places: list[int], listed: set[tuple[int, ...]], generator: torch.Generator
) -> list[int]:
    for plausible in (True, False):
        for place in places:
            words = torch.arange(len(vocab()))[~is_special()]
            if plausible:
                p = Exact("left").guess(torch.tensor([row]), torch.tensor([place]))[0]
                words = (p > -torch.inf).nonzero()[:, 0]
            texts = [[*row[:place], word, *row[place + 1 :]] for word in words.tolist()]
            wrong = [text for text in texts if tuple(text) not in listed]
            if wrong:
                return wrong[int(torch.randint(len(wrong), (), generator=generator))]
    raise AssertionError("every exchange of a word gives a text: the language has no rules")


def compared(score: Score, numbers: Tensor, wrong: Tensor) -> dict[str, float]:
    """How often a text scores higher than its spoilt copy, and rank correlation with log P."""
    right = score(all_texts().ids[numbers])
    worse = score(wrong)
    better = (right > worse).double() + 0.5 * (right == worse).double()
    exact = exact_scores(numbers)
    return {
        "prefers": better.mean().item(),
        "rank": spearman(right.tolist(), exact.tolist()),
        "nats a text": right.mean().item(),
    }


def over_all_texts(model: BERT) -> dict[str, float]:
    """A left-to-right model on every text of the language: no sample, no sampling error.

    Returns:
        The probability of all listed texts together ("mass"), and by how many bits for each text
        the model's surprise exceeds the entropy ("excess"), the divergence from the language.
    """
    listed = all_texts()
    scores = log_prob(model, listed.ids)
    p = listed.probabilities
    return {
        "mass": scores.exp().sum().item(),
        "excess": (p * (p.log() - scores)).sum().item() / log(2),
    }
