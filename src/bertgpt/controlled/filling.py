"""Filling one gap, and two: surprise at the hidden words, and what is drawn.

Two gaps whose words say something of each other tell ways of filling apart. By order, the second is
guessed in the light of the first; at once, each by itself. The difference, in bits, is what one
tells of the other, and that is lost.
"""

from collections.abc import Sequence
from math import log

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import all_texts, vocab
from bertgpt.controlled.readers import Reader, surprise
from bertgpt.controlled.rescoring import pair_fillings
from bertgpt.generation.chains import gibbs, metropolis_hastings
from bertgpt.generation.draws import pick
from bertgpt.generation.fill import Order, fill

SWEEPS = 5  # of a walk over two gaps


def possible(ids: Tensor) -> float:
    """Fraction of texts that are texts of the language."""
    listed = set(all_texts().words)
    return sum(words_of(row) in listed for row in ids.tolist()) / len(ids)


def words_of(row: list[int]) -> tuple[str, ...]:
    """Words of a text's ids, up to [SEP]."""
    end = row.index(SPECIAL_IDS.sep) if SPECIAL_IDS.sep in row else len(row)
    return tuple(vocab().decode(row[1:end]))


def one_gap(reader: Reader, ids: Tensor, places: Tensor) -> dict[str, float]:
    """Bits of the hidden word at each place, and how often it is the first guess.

    "sure" is the mean probability of the first guess: of an exact reader, the fraction that nobody
    beats on average, without the luck of these texts and of ties.
    """
    log_probs = reader.guess(ids, places)
    words = ids.gather(1, places[:, None])
    right = log_probs.argmax(dim=1) == words[:, 0]
    bits = -log_probs.gather(1, words).double().mean().item() / log(2)
    sure = log_probs.double().exp().amax(dim=1).mean().item()
    return {"bits": bits, "right": right.float().mean().item(), "sure": sure}


def twins(words: Sequence[str]) -> tuple[int, int] | None:
    """Two places of a text whose words say something of each other; None where there are none.

    A thing and its second mention, a person and the answer that names them, a day and what all did,
    subject and verb, "at" and "door", a person and a home.

    >>> twins(("anna", "lives", "in", "the", "park", "."))
    (0, 4)
    """
    if "?" in words:
        return words.index(words[-2]), len(words) - 2
    if "all" in words:
        return words.index("day") - 1, len(words) - 2
    if {"day", "seal", "gave", "got"} & {*words}:
        return None
    if "said" in words:
        return 2, 8
    if "lives" in words:
        return (0, 4) if words[1] == "lives" else (2, 4)
    if "noticed" in words:
        return (0, 2) if words[0] in ("in", "at") else (5, 7)
    return 1, next(i for i, word in enumerate(words) if word in ("was", "were"))


def two_gaps(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Those of the texts that have two such places, (B, T), and their columns, (B, 2)."""
    found = [(row, pair) for row in ids if (pair := twins(words_of(row.tolist()))) is not None]
    texts, pairs = zip(*found, strict=True)
    return torch.stack(texts), torch.tensor(pairs) + 1  # after [CLS]


def pair_bits(reader: Reader, ids: Tensor, places: Tensor) -> dict[str, float]:
    """Bits of both words of each pair: first word first, last word first, and both at once.

    Args:
        places: (B, 2).
    """
    first, last = places.unbind(dim=1)
    hidden = ids.scatter(1, places, SPECIAL_IDS.mask)
    with_first = ids.scatter(1, last[:, None], SPECIAL_IDS.mask)
    with_last = ids.scatter(1, first[:, None], SPECIAL_IDS.mask)

    def bits(place: Tensor, shown: Tensor) -> Tensor:
        """Of the word at a place, where its own text shows what `shown` shows elsewhere."""
        return surprise(
            reader, shown.scatter(1, place[:, None], ids.gather(1, place[:, None])), place
        )

    return {
        "left": (bits(first, hidden) + bits(last, with_first)).mean().item(),
        "right": (bits(last, hidden) + bits(first, with_last)).mean().item(),
        "together": (bits(first, hidden) + bits(last, hidden)).mean().item(),
    }


def rescored_pairs(
    model: BERT, ids: Tensor, places: Tensor, generator: torch.Generator
) -> dict[str, float]:
    """A left-to-right model's bits of each pair, and how often what it draws is possible.

    Where the words themselves are not among the fillings that were ranked, their surprise is that
    of the last of them, which is too kind; "ranked" is the fraction of pairs that are among them.
    """
    bits, drawn, ranked = [], [], []
    for text, place in zip(ids, places, strict=True):
        i, j = place.tolist()
        found = pair_fillings(model, text, (i, j))
        same = (found.words == text[place]).all(dim=1)
        ranked.append(bool(same.any()))
        log_p = found.log_probs[same] if ranked[-1] else found.log_probs.min()[None]
        bits.append(-log_p.item() / log(2))
        u = torch.rand(1, generator=generator)
        chosen = found.words[pick(found.log_probs.exp()[None], u)[0]]
        drawn.append(text.scatter(0, place, chosen))
    return {
        "bits": sum(bits) / len(bits),
        "possible": possible(torch.stack(drawn)),
        "ranked": sum(ranked) / len(ranked),
    }


def drawn_pairs(bert: BERT, ids: Tensor, places: Tensor, seed: int) -> dict[str, float]:
    """How often the fillings that a BERT draws are possible, by its way of drawing."""

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    hidden = ids.scatter(1, places, SPECIAL_IDS.mask)
    gaps = hidden == SPECIAL_IDS.mask
    orders: tuple[Order, ...] = ("left", "right", "together")
    found: dict[str, float] = {}
    for order in orders:
        found[order] = possible(fill(bert, hidden, order, generator=generator()).ids)
    begun = fill(bert, hidden, "together", generator=generator()).ids
    *_, walked = gibbs(bert, begun, SWEEPS, generator=generator(), places=gaps)
    *_, kept = metropolis_hastings(bert, begun, None, SWEEPS, generator=generator(), places=gaps)
    return found | {"Gibbs": possible(walked), "Metropolis-Hastings": possible(kept.ids)}
