"""BERT writes: gaps filled all at once, or one after the other in any order.

A BERT gives a distribution for each gap by itself. Filled all at once, each gap is a guess that
knows nothing of the other guesses. Filled one after the other, with the text read again in
between, each guess sees those before it; which order is taken is up to the caller.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.bert import BERT
from bertgpt.generation.draws import Source, pick, row_generators, spans, uniforms
from bertgpt.generation.gaps import (
    checked_texts,
    filler,
    log_probs_of,
    refuse_repetition_control,
)
from bertgpt.generation.knobs import AS_IT_IS, Knobs, adjusted
from bertgpt.objectives import check_special

Order = Literal["together", "left", "right", "random", "confident"]


class Filled(NamedTuple):
    """Texts after a step of filling."""

    ids: Tensor  # (B, T), [MASK] where a gap is still open
    log_probs: Tensor  # (B, T), the model's own, in nats, when it was filled; 0 elsewhere
    step: Tensor  # (B, T), at which step a gap was filled, from 1; 0 elsewhere


def blank_texts(model: nn.Module, lengths: Sequence[int]) -> Tensor:
    """Texts of nothing but gaps: [CLS], as many [MASK]s as asked for, [SEP].

    Returns:
        (B, T) int64, padded on the right.
    Raises:
        ValueError: for a length below 1, or a model without [CLS], [SEP] or [PAD].

    >>> from bertgpt.config import tiny
    >>> blank_texts(BERT(tiny(61)), [2, 1]).tolist()
    [[2, 4, 4, 3], [2, 4, 3, 0]]
    """
    bert = filler(model)
    pad, _, cls, sep, mask = bert.special
    check_special(bert.special, ("cls", "sep", "pad"))
    if not lengths or min(lengths) < 1:
        raise ValueError(
            f"lengths={list(lengths)!r} must hold at least one number, each at least 1"
        )
    longest = max(lengths)
    rows = [[cls] + [mask] * n + [sep] + [pad] * (longest - n) for n in lengths]
    return torch.tensor(rows, device=bert.stack.tokens.weight.device)


def fill(
    model: nn.Module,
    token_ids: Tensor,
    order: Order | Sequence[int] = "left",
    *,
    knobs: Knobs = AS_IT_IS,
    generator: Source | None = None,
) -> Filled:
    """Fill the gaps of texts; arguments and errors as for `filling`.

    Under a fixed or random order and without knobs, the sum of `log_probs` is the log-probability
    with which the text was drawn, given what was shown.

    >>> from bertgpt.config import tiny
    >>> filled = fill(BERT(tiny(61)), torch.tensor([[2, 4, 9, 4, 3]]), "right")
    >>> filled.step.tolist()
    [[0, 2, 0, 1, 0]]
    """
    *_, last = filling(model, token_ids, order, knobs=knobs, generator=generator)
    return last


def filling(
    model: nn.Module,
    token_ids: Tensor,
    order: Order | Sequence[int] = "left",
    *,
    knobs: Knobs = AS_IT_IS,
    generator: Source | None = None,
) -> Iterator[Filled]:
    """Fill the gaps of texts, and hand out the texts after each step.

    Only ordinary tokens fill a gap. What fills a text depends on its own generator only, not on the
    other texts.

    Args:
        model: a BERT in evaluation mode.
        token_ids: (B, T) int64 with [MASK] at each gap, padded on the right.
        order: "together" fills all gaps after one reading, each by itself. The others fill one gap
            of each text a step and read again: from the "left", from the "right", in a "random"
            order of its own for each text, the most "confident" first (the gap whose likeliest
            token has the highest probability; Ghazvininejad et al. 2019 keep such guesses too,
            several a step), or positions in the order given, each gap of the texts once.
        knobs: settings of drawing, without repetition control, which is for texts that are written
            from left to right.
        generator: source of randomness (see `row_generators`); None takes the likeliest token.
    Raises:
        ValueError: at once, for a model that is not a BERT, texts that it cannot read or that have
            no gap, an order that is unknown or leaves a gap out, or randomness that is missing; at
            a step, for scores that are nan.
    """
    bert = filler(model)
    ids = checked_texts(bert, token_ids, gaps=True)
    gaps = ids == bert.special.mask
    if not bool(gaps.any()):
        raise ValueError("no text has a gap; put the id of [MASK] at each place to fill")
    refuse_repetition_control(knobs)
    if generator is None and (knobs.cuts or order == "random"):
        raise ValueError(
            f"order={order!r} with {knobs} draws at random; give a generator, or take another "
            "order and leave temperature, top_k and top_p out"
        )
    rows = None if generator is None else row_generators(generator, len(ids))
    if rows is not None and order == "random":
        ranks = _columns_of(gaps, uniforms(rows, spans(gaps)))
    else:
        ranks = _ranks(order, gaps)
    draws = None if rows is None else _columns_of(gaps, uniforms(rows, spans(gaps)))
    return _filling(bert, ids, gaps, order, ranks, knobs, draws)


def _columns_of(gaps: Tensor, draws: Tensor) -> Tensor:
    """Draws for the first columns as (B, T), 0 in the others, which have no gap."""
    return F.pad(draws, (0, gaps.shape[1] - draws.shape[1])).to(gaps.device)


def _ranks(order: Order | Sequence[int], gaps: Tensor) -> Tensor:
    """(B, T): of the gaps of a text, that with the lowest rank is filled first."""
    columns = torch.arange(gaps.shape[1], device=gaps.device).expand(gaps.shape)
    if isinstance(order, str):
        if order not in get_args(Order):
            raise ValueError(
                f"order={order!r} is unknown; take {', '.join(map(repr, get_args(Order)))}, or the "
                "positions of the gaps, the first to fill first"
            )
        return -columns if order == "right" else columns
    given = list(order)
    asked = sorted(set(gaps.nonzero()[:, 1].tolist()))
    if sorted(given) != asked:
        raise ValueError(
            f"order={given} must name each position with a gap once; the texts have gaps at {asked}"
        )
    ranks = torch.zeros_like(columns)
    ranks[:, given] = torch.arange(len(given), device=gaps.device)
    return ranks


def _filling(
    model: BERT,
    ids: Tensor,
    gaps: Tensor,
    order: Order | Sequence[int],
    ranks: Tensor,
    knobs: Knobs,
    draws: Tensor | None,
) -> Iterator[Filled]:
    log_probs = torch.zeros(ids.shape, device=ids.device)
    step, number = torch.zeros_like(ids), 0
    while bool(gaps.any()):
        number += 1
        with torch.inference_mode():
            text, place = gaps.nonzero(as_tuple=True)  # all open gaps, (N,) each
            guesses = log_probs_of(model, model.hidden(ids)[text, place])  # (N, V)
            if order == "confident":
                ranks = (
                    (-guesses.amax(dim=1))
                    .new_zeros(ids.shape)
                    .index_put((text, place), -guesses.amax(dim=1))
                )
            now = gaps if order == "together" else _first(ranks, gaps)
            chosen = now[text, place]
            text, place, guesses = text[chosen], place[chosen], guesses[chosen]
            if draws is None:
                tokens = guesses.argmax(dim=1)
            else:
                tokens = pick(adjusted(guesses, knobs), draws[text, place])
            ids = ids.index_put((text, place), tokens)
            found = guesses.gather(1, tokens[:, None])[:, 0]
            log_probs = log_probs.index_put((text, place), found)
            step = step.masked_fill(now, number)
            gaps = gaps & ~now
        yield Filled(ids.clone(), log_probs.clone(), step.clone())


def _first(ranks: Tensor, gaps: Tensor) -> Tensor:
    """(B, T), True at the open gap of lowest rank in each text that has one."""
    open_ranks = ranks.double().masked_fill(~gaps, torch.inf)
    first = torch.zeros_like(gaps).scatter(1, open_ranks.argmin(dim=1, keepdim=True), True)
    return first & gaps


def mask_predict(model: nn.Module, token_ids: Tensor, n_rounds: int) -> Iterator[Filled]:
    """Fill all gaps, then hide the least certain again, fewer each round (mask-predict).

    Ghazvininejad et al. 2019, section 3: round 1 fills all N gaps of a text; round r hides the
    N (n_rounds - r + 1) / n_rounds guesses of lowest probability, rounded down, and fills them
    again. Each takes the likeliest token. Theirs also guesses how many tokens there are.

    Args:
        token_ids: (B, T) int64 with [MASK] at each gap, padded on the right.
        n_rounds: at least 1.
    Returns:
        the texts after each round.
    Raises:
        ValueError: at once, as `filling`, and for `n_rounds` below 1.
    """
    bert = filler(model)
    ids = checked_texts(bert, token_ids, gaps=True)
    gaps = ids == bert.special.mask
    if not bool(gaps.any()):
        raise ValueError("no text has a gap; put the id of [MASK] at each place to fill")
    if n_rounds < 1:
        raise ValueError(f"n_rounds={n_rounds} must be at least 1")
    return _mask_predict(bert, ids, gaps, n_rounds)


def _mask_predict(model: BERT, ids: Tensor, gaps: Tensor, n_rounds: int) -> Iterator[Filled]:
    log_probs = torch.zeros(ids.shape, device=ids.device)
    step, now = torch.zeros_like(ids), gaps
    n_gaps = gaps.sum(dim=1, keepdim=True)  # (B, 1)
    for number in range(1, n_rounds + 1):
        if number > 1:
            n_hidden = n_gaps * (n_rounds - number + 1) // n_rounds
            order = log_probs.masked_fill(~gaps, torch.inf).argsort(dim=1, stable=True)
            now = gaps & (order.argsort(dim=1) < n_hidden)
        with torch.inference_mode():
            hidden = ids.masked_fill(now, model.special.mask)
            found, tokens = log_probs_of(model, model.hidden(hidden)[now]).max(dim=1)
            ids, log_probs = ids.clone(), log_probs.clone()
            ids[now], log_probs[now] = tokens, found
            step = step.masked_fill(now, number)
        yield Filled(ids, log_probs, step)
