"""Page 14, C58 C83, E03: gaps filled in two orders: by how many bits do the orders disagree?"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.two_gaps import (
    Gaps,
    exact_surprise,
    gaps_of,
    open_squares,
    pairs_of_places,
)
from bertgpt.generation.bounds import order_log_probs
from bertgpt.generation.gaps import gap_log_probs, hide, portions
from bertgpt.training.held_out import floors
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import draw_stories
from bertgpt.weights.course import course_card, course_model

MODELS = {"15 %": "toyland-bert", "all rates": "toyland-bert-all-rates"}
STORIES, PAIRS, STORY_SEED = 60, 8, 15_000_003  # pairs of gaps of each kind in a story
BITS = 1 / math.log(2)  # of a nat
ROWS = 256  # texts that are read at once


def guess_a(model: BERT, gaps: Gaps, shown_b: Tensor | None) -> Tensor:
    """Log-probabilities of the words at a, which is hidden: (N, V), in nats.

    Args:
        shown_b: (N,), the words at b; None hides b as well.
    """
    mask = SPECIAL_IDS.mask
    word = torch.full_like(gaps.b, mask) if shown_b is None else shown_b
    seen = hide(gaps.ids, gaps.a, mask).scatter(1, gaps.b[:, None], word[:, None])
    found = [gap_log_probs(model, seen[some], gaps.a[some]) for some in portions(len(seen), ROWS)]
    return torch.cat(found).double()


def at_words(log_probs: Tensor, words: Tensor) -> Tensor:
    """(N, V) at (N,) words."""
    return log_probs.gather(1, words[:, None])[:, 0]


def a_first(model: BERT, gaps: Gaps, word_a: Tensor, word_b: Tensor) -> Tensor:
    """log p(a) + log p(b | a) of these words, (N,), in nats."""
    given_a = guess_a(model, gaps.other_way(), word_a)
    return at_words(guess_a(model, gaps, None), word_a) + at_words(given_a, word_b)


def divergence(model: BERT, gaps: Gaps, generator: torch.Generator) -> float:
    """Of "b first" from "a first", a mean over texts, in bits: each pair is drawn a first."""
    drawn_a = torch.multinomial(guess_a(model, gaps, None).exp(), 1, generator=generator)[:, 0]
    given_a = guess_a(model, gaps.other_way(), drawn_a).exp()
    drawn_b = torch.multinomial(given_a, 1, generator=generator)[:, 0]
    apart = a_first(model, gaps, drawn_a, drawn_b) - a_first(
        model, gaps.other_way(), drawn_b, drawn_a
    )
    # The mean of exp(-apart) is 1, as both orders sum to 1. With exp(-apart) - 1 added, which has
    # the mean 0, no term is below 0, and the mean of few draws is steadier.
    return (apart + (-apart).expm1()).mean().item() * BITS


@torch.inference_mode()
def two_orders(model: BERT, gaps: Gaps, generator: torch.Generator) -> dict[str, float]:
    """How far p(a) p(b | a) is from p(b) p(a | b), in bits a pair; 0 for a joint distribution.

    Returns:
        "surprise", at the texts' own words, a mean of the two orders; "difference", mean absolute
        difference of the two at these words; "divergence" of one order from the other, a mean of
        both ways round.
    """
    word_a, word_b = gaps.words
    forth = a_first(model, gaps, word_a, word_b)
    back = a_first(model, gaps.other_way(), word_b, word_a)
    ways = [divergence(model, g, generator) for g in (gaps, gaps.other_way())]
    return {
        "surprise": -(forth + back).mean().item() / 2 * BITS,
        "difference": (forth - back).abs().mean().item() * BITS,
        "divergence": sum(ways) / 2,
    }


@torch.inference_mode()
def squares(model: BERT, gaps: Gaps, other_a: Tensor, other_b: Tensor) -> Tensor:
    """How far four guesses of single gaps are from closing, in bits, (N,); 0 for a joint.

    Change the word at a, then that at b, then change back a and b. Each step has odds, p(new) /
    p(old) given all other words; if the conditionals come from one joint distribution, the product
    of the four is 1.

    Args:
        other_a, other_b: (N,), the words to change to.
    """
    word_a, word_b = gaps.words
    total = torch.zeros(len(gaps.ids), dtype=torch.float64)
    for now, shown, old, new in (
        (gaps, word_b, word_a, other_a),
        (gaps.other_way(), other_a, word_b, other_b),
        (gaps, other_b, other_a, word_a),
        (gaps.other_way(), word_a, other_b, word_b),
    ):
        guesses = guess_a(model, now, shown)
        total += at_words(guesses, new) - at_words(guesses, old)
    return total.abs() * BITS


def whole_stories(model: BERT, texts: Sequence[Sequence[int]]) -> dict[str, float]:
    """All words of stories as gaps, given how many there are, in bits a story.

    Returns:
        "left" and "right", surprise at the stories if they are filled from that side; "difference",
        mean absolute difference of the two.
    """
    sides = []
    for text in texts:
        places = list(range(1, len(text) - 1))
        found = order_log_probs(model, torch.tensor([text]), [places, places[::-1]])
        sides.append(-found[0].double() * BITS)
    left, right = torch.stack(sides).unbind(1)
    return {
        "left": left.mean().item(),
        "right": right.mean().item(),
        "difference": (left - right).abs().mean().item(),
    }


def measure(seed: int, n_stories: int, n_pairs: int) -> dict[str, Any]:
    """See `orders_disagree`; with fewer stories and pairs for a test."""
    texts = list(draw_stories(n_stories, STORY_SEED + seed))
    generator = torch.Generator().manual_seed(seed)
    kinds = pairs_of_places(texts, n_pairs, generator)
    corners, others = open_squares(texts, n_pairs, generator)
    exact = floors(Ragged.of(texts), gaps=False).any_order
    found: dict[str, Any] = {
        "weights": {name: course_card(stored)["sha256"] for name, stored in MODELS.items()},
        "pairs": {kind: len(pairs) for kind, pairs in kinds.items()} | {"squares": len(corners)},
        "exact surprise": {kind: exact_surprise(texts, pairs) for kind, pairs in kinds.items()},
    }
    found["exact surprise"]["whole stories"] = exact.nats * BITS / len(texts)
    for name, stored in MODELS.items():
        model = course_model(stored)
        assert isinstance(model, BERT)
        draws = torch.Generator().manual_seed(seed)
        found[name] = {
            kind: two_orders(model, gaps_of(texts, pairs), draws) for kind, pairs in kinds.items()
        }
        off = squares(model, gaps_of(texts, corners), *torch.tensor(others).unbind(1))
        found[name]["squares"] = {"mean": off.mean().item(), "median": off.median().item()}
        found[name]["whole stories"] = whole_stories(model, texts)
    return found


@experiment("orders_disagree", seeds=range(5))
def orders_disagree(seed: int) -> dict[str, Any]:
    """Two BERTs of Toyland; a seed draws the stories and the gaps.

    Returns "weights", digests; "pairs", how many there are of each kind; "exact surprise" of the
    exact reader at the words of the gaps, in bits; and by model what `two_orders`, `squares` and
    `whole_stories` find. For the exact reader all differences are 0.
    """
    return measure(seed, STORIES, PAIRS)
