"""Similarity: is a text nearer to one that says the same than to one with the same words?

"tom got a kite from anna" says what "anna gave tom a kite" says, and "anna got a kite from tom",
with the same words, says the reverse. A bag of words cannot tell the two apart.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import encode, little_toyland
from bertgpt.controlled.readers import ROWS, is_special
from bertgpt.masks import bidirectional_mask, causal_mask, padding_mask


class Triple(NamedTuple):
    """A text, one that says the same, and one that has the words of the second and differs."""

    text: list[int]
    same: list[int]
    other: list[int]


def triples(n: int, generator: torch.Generator) -> list[Triple]:
    """Gifts, each told in both ways and with the two people exchanged."""
    names = sorted(little_toyland().names)
    toys = little_toyland().classes["toy"]
    found = []
    for _ in range(n):
        i, j = torch.randperm(len(names), generator=generator)[:2].tolist()
        giver, receiver = names[i], names[j]
        toy = toys[int(torch.randint(len(toys), (), generator=generator))]
        gave = (giver, "gave", receiver, "a", toy, ".")
        got = (receiver, "got", "a", toy, "from", giver, ".")
        turned = (giver, "got", "a", toy, "from", receiver, ".")
        found.append(Triple(*(encode(said) for said in (gave, got, turned))))
    return found


def means(model: BERT, texts: list[list[int]], mask: str) -> Tensor:
    """The mean state of each text's words under a mask: (B, D).

    Args:
        mask: "causal" or "full".
    """
    rows = [torch.tensor(text) for text in texts]
    ids = torch.nn.utils.rnn.pad_sequence(rows, True, SPECIAL_IDS.pad)
    make = causal_mask if mask == "causal" else bidirectional_mask
    found = []
    for part in ids.split(ROWS):
        readable = padding_mask(part, SPECIAL_IDS.pad) & make(part.shape[1])
        with torch.inference_mode():
            h = model.stack(part, readable)  # (B, T, D)
        words = (~is_special()[part])[..., None]
        found.append((h * words).sum(dim=1) / words.sum(dim=1))
    return torch.cat(found)


def prefers_the_same(vectors: tuple[Tensor, Tensor, Tensor], standardise: bool) -> float:
    """Fraction of triples in which the text that says the same is nearer by the cosine.

    Args:
        vectors: (n, D) of the texts, of those that say the same, and of the others.
        standardise: give each dimension mean 0 and deviation 1 over all texts first, so that a
            few large ones do not decide (Timkey and van Schijndel 2021).
    """
    together = torch.cat(vectors)
    if standardise:
        together = (together - together.mean(dim=0)) / together.std(dim=0).clamp(min=1e-6)
    text, same, other = together.chunk(3)
    near = torch.cosine_similarity(text, same)
    far = torch.cosine_similarity(text, other)
    return ((near > far).double() + 0.5 * (near == far).double()).mean().item()


def similarity(model: BERT, found: list[Triple]) -> dict[str, dict[str, float]]:
    """The fraction by mask, of raw and of standardised states."""
    result = {}
    for mask in ("causal", "full"):
        vectors = (
            means(model, [triple.text for triple in found], mask),
            means(model, [triple.same for triple in found], mask),
            means(model, [triple.other for triple in found], mask),
        )
        result[mask] = {
            "raw": prefers_the_same(vectors, standardise=False),
            "standardised": prefers_the_same(vectors, standardise=True),
        }
    return result
