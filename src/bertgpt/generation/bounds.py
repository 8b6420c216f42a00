"""Scores of a whole text by BERT: a bound on its log-probability, and a sum that is none.

A GPT's log-probabilities of a text's tokens add up to that of the text, by the chain rule. The rule
holds in any order of the tokens: log P(x) is the sum over k of log p(x_k | the k - 1 revealed
before). A BERT trained at all rates of masking has met each of these questions, so each order gives
a log-probability, and their mean is a lower bound on that of the mixture over orders (Uria, Murray
and Larochelle 2014; for masked language models Liao, Jiang and Liu 2020; Hoogeboom et al. 2022;
Sahoo et al. 2024). Trained at 15 %, it has seldom met most of them, and the bound is far off.

What is scored are the ordinary tokens. Special tokens are given, and so is the length of the text:
to compare with a GPT that also writes where the text ends, add the log-probability of the length.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.generation.draws import Source, row_generators, spans, uniforms
from bertgpt.generation.gaps import (
    checked_texts,
    filler,
    gap_log_probs,
    hide,
    portions,
    word_places,
)


def log_bound(
    model: nn.Module,
    token_ids: Tensor,
    orders: int | Sequence[Sequence[int]],
    *,
    generator: Source | None = None,
    steps: int | None = None,
    rows_at_once: int = 256,
) -> Tensor:
    """A lower bound on log P of each text given its length: the mean over orders of revealing.

    If the model's conditionals are those of one joint distribution, each order gives its log P, and
    the bound is exact.

    Args, Raises: as `order_log_probs`.
    Returns:
        (B,), in nats.

    >>> from bertgpt.config import tiny
    >>> model = BERT(tiny(13))  # 8 ordinary tokens, about equally likely before training
    >>> bound = log_bound(model, torch.tensor([[2, 7, 8, 3]]), [[1, 2], [2, 1]])
    >>> -5 < bound.item() < -4  # 2 log 8 = 4.2
    True
    """
    found = order_log_probs(
        model, token_ids, orders, generator=generator, steps=steps, rows_at_once=rows_at_once
    )
    return found.mean(dim=1)


def order_log_probs(
    model: nn.Module,
    token_ids: Tensor,
    orders: int | Sequence[Sequence[int]],
    *,
    generator: Source | None = None,
    steps: int | None = None,
    rows_at_once: int = 256,
) -> Tensor:
    """Log-probability with which each text is written in each order of revealing.

    Args:
        model: a BERT in evaluation mode.
        token_ids: (B, T) int64 without [MASK], padded on the right.
        orders: how many random orders of its own each text gets; or the orders themselves, the same
            for all texts, each with every position of an ordinary token once.
        generator: source of the random orders (see `row_generators`).
        steps: look at this many steps of each order only, spread evenly from a random start, and
            scale up: the same mean, less work, more scatter. None looks at all.
        rows_at_once: how many texts with gaps the model reads at once.
    Returns:
        (B, number of orders), in nats; 0 for a text without ordinary tokens.
    Raises:
        ValueError: for a model that is not a BERT, texts that it cannot read or that have gaps,
            orders or steps below 1, orders that leave a position out, or randomness that is
            missing.
    """
    bert = filler(model)
    ids = checked_texts(bert, token_ids, gaps=False)
    words = word_places(bert, ids)  # (B, T)
    random = isinstance(orders, int) or steps is not None
    if random and generator is None:
        raise ValueError("random orders and chosen steps need randomness; give a generator")
    rows = row_generators(generator, len(ids)) if generator is not None else []
    if not isinstance(orders, int):
        ranks = _given_ranks(orders, words)
    elif orders < 1:
        raise ValueError(f"orders={orders} must be at least 1")
    else:
        drawn = torch.stack([uniforms(rows, spans(words)) for _ in range(orders)], dim=1)
        keys = torch.full((len(ids), orders, ids.shape[1]), torch.inf, device=ids.device)
        keys[:, :, : drawn.shape[2]] = drawn.to(ids.device)
        keys = keys.masked_fill(~words[:, None], torch.inf)
        ranks = keys.argsort(dim=2).argsort(dim=2)  # (B, O, T): 0 is revealed first
    ranks = ranks.masked_fill(~words[:, None], -1)  # always shown
    n_words = words.sum(dim=1)  # (B,)
    shifts = uniforms(rows, ranks.shape[1]) if steps is not None else None
    text, order, step, weight = _questions(n_words, ranks.shape[1], steps, shifts)
    found = torch.zeros(ranks.shape[:2], device=ids.device)
    for part in portions(len(text), rows_at_once):
        t, o, k = text[part], order[part], step[part]
        values = _answers(bert, ids[t], ranks[t, o], k)
        found.index_put_((t, o), values * weight[part], accumulate=True)
    return found


def _given_ranks(orders: Sequence[Sequence[int]], words: Tensor) -> Tensor:
    ranks = torch.zeros(len(words), len(orders), words.shape[1], dtype=torch.int64)
    for text, row in enumerate(words):
        places = row.nonzero()[:, 0].tolist()
        for number, order in enumerate(orders):
            if sorted(order) != places:
                raise ValueError(
                    f"order {number} is {list(order)}; it must name each position of an ordinary "
                    f"token once, in text {text} {places}"
                )
            ranks[text, number, list(order)] = torch.arange(len(order))
    if not len(orders):
        raise ValueError("got no orders; give at least one, or how many are drawn")
    return ranks.to(words.device)


def _questions(
    n_words: Tensor, n_orders: int, steps: int | None, shifts: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Which steps of which orders of which texts are looked at, and the weight of each."""
    if steps is not None and steps < 1:
        raise ValueError(f"steps={steps} must be at least 1; None looks at all steps")
    rows: list[tuple[int, int, int]] = []
    weights: list[float] = []
    for text, n in enumerate(n_words.tolist()):
        for order in range(n_orders):
            chosen = list(range(n))
            if steps is not None and shifts is not None and steps < n:
                shift = float(shifts[text, order])
                chosen = [int((i + shift) * n / steps) for i in range(steps)]
            rows += [(text, order, step) for step in chosen]
            weights += [n / max(1, len(chosen))] * len(chosen)
    table = torch.tensor(rows, device=n_words.device).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2], torch.tensor(weights, device=n_words.device)


@torch.inference_mode()
def _answers(model: BERT, ids: Tensor, ranks: Tensor, step: Tensor) -> Tensor:
    """Log-probability of the token that a step reveals, given those before it: (N,)."""
    place = (ranks == step[:, None]).int().argmax(dim=1)
    seen = hide(ids, ranks >= step[:, None], model.special.mask)
    tokens = ids.gather(1, place[:, None])
    return gap_log_probs(model, seen, place).gather(1, tokens)[:, 0]


def masked_log_probs(model: nn.Module, token_ids: Tensor, *, rows_at_once: int = 256) -> Tensor:
    """Log-probability of each ordinary token with only it hidden, one reading for each.

    Args, Raises: as `order_log_probs`.
    Returns:
        (B, T), in nats; 0 at special tokens.
    """
    bert = filler(model)
    ids = checked_texts(bert, token_ids, gaps=False)
    text, place = word_places(bert, ids).nonzero(as_tuple=True)
    found = torch.zeros(ids.shape, device=ids.device)
    with torch.inference_mode():
        for part in portions(len(text), rows_at_once):
            t, p = text[part], place[part]
            guesses = gap_log_probs(bert, hide(ids[t], p, bert.special.mask), p)
            found[t, p] = guesses.gather(1, ids[t, p][:, None])[:, 0]
    return found


def pseudo_log_likelihood(
    model: nn.Module, token_ids: Tensor, *, rows_at_once: int = 256
) -> Tensor:
    """The sum of the log-probabilities of the tokens, each hidden in turn: no log-probability.

    (Salazar et al. 2020.) Each token is guessed from all others, so what two tokens say of
    each other counts twice: the sum is no logarithm of a probability of the text, nor a bound on
    it, and may not be compared with a GPT's log-probability, or with `log_bound`.

    Args, Raises: as `order_log_probs`.
    Returns:
        (B,), in nats.
    """
    return masked_log_probs(model, token_ids, rows_at_once=rows_at_once).sum(dim=1)
