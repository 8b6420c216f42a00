"""BERT writes by walking: Gibbs sampling over positions, and its correction towards a score.

Hide one token of a text, draw it again from what the others say, and go on to the next position:
Gibbs sampling. Wang and Cho (2019) let BERT write so, and took BERT for a Markov random field; Cho
withdrew that claim in a note of 28 May 2019. The conditionals of a trained BERT need not be those
of any joint distribution, and then there is none that the walk tends to; where it ends may depend
on the order of the positions. Goyal, Dyer and Berg-Kirkpatrick (2022) take each such draw as a
proposal only, and accept it by the rule of Metropolis and Hastings. Then the walk tends to the
distribution that a score names, whatever the conditionals are.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.generation.bounds import pseudo_log_likelihood
from bertgpt.generation.draws import Source, pick, row_generators, spans, uniforms
from bertgpt.generation.gaps import (
    checked_texts,
    filler,
    gap_log_probs,
    hide,
    refuse_repetition_control,
    word_places,
)
from bertgpt.generation.knobs import AS_IT_IS, Knobs, adjusted

Score = Callable[[Tensor], Tensor]  # (N, T) texts -> (N,) logarithms, up to a constant


class Sweep(NamedTuple):
    """Chains after each position has been visited once."""

    ids: Tensor  # (B, T)
    scores: Tensor  # (B,) log-scores of these texts
    proposed: Tensor  # (B,) how many proposals of this sweep would have changed the text
    accepted: Tensor  # (B,) how many of these did

    @property
    def acceptance(self) -> float:
        """Fraction of the proposed changes of all chains that were accepted; nan without any."""
        n = int(self.proposed.sum())
        return int(self.accepted.sum()) / n if n else math.nan


def gibbs(
    model: nn.Module,
    token_ids: Tensor,
    n_sweeps: int,
    *,
    generator: Source,
    places: Tensor | None = None,
    knobs: Knobs = AS_IT_IS,
) -> Iterator[Tensor]:
    """Draw each token again from what the others say, sweep after sweep.

    A sweep visits each place of a text once, in a random order of its own. Each text is a chain,
    whose draws depend on its own generator only.

    Args:
        model: a BERT in evaluation mode.
        token_ids: (B, T) int64 where the chains begin, padded on the right; [MASK]s are filled in
            the first sweep.
        n_sweeps: at least 1.
        generator: source of randomness (see `row_generators`).
        places: (B, T) bool, what may change; None means all ordinary tokens and all [MASK]s.
        knobs: settings of drawing, without repetition control.
    Returns:
        the texts (B, T) after each sweep.
    Raises:
        ValueError: at once, for a model that is not a BERT, texts that it cannot read, places that
            do not fit or hold special tokens, or `n_sweeps` below 1; at a step, for scores that are
            nan.
    """
    bert = filler(model)
    ids = checked_texts(bert, token_ids, gaps=True)
    refuse_repetition_control(knobs)
    places = _places(bert, ids, places, n_sweeps)
    rows = row_generators(generator, len(ids))
    return _gibbs(bert, ids, n_sweeps, rows, places, knobs)


def _gibbs(
    model: BERT,
    ids: Tensor,
    n_sweeps: int,
    rows: list[torch.Generator],
    places: Tensor,
    knobs: Knobs,
) -> Iterator[Tensor]:
    for _ in range(n_sweeps):
        with torch.inference_mode():
            for text, place, u in _visits(places, rows, 1):
                seen = hide(ids[text], place, model.special.mask)
                probs = adjusted(gap_log_probs(model, seen, place), knobs)
                ids = ids.index_put((text, place), pick(probs, u[:, 0]))
        yield ids.clone()


def metropolis_hastings(
    model: nn.Module,
    token_ids: Tensor,
    score: Score | None,
    n_sweeps: int,
    *,
    generator: Source,
    places: Tensor | None = None,
) -> Iterator[Sweep]:
    """Gibbs sampling whose draws are proposals, accepted so that the chains tend to a score.

    A new token y in place of x, drawn with q(y | rest), is accepted with probability
    min(1, exp(score(new) - score(old)) q(x | rest) / q(y | rest)) (Hastings 1970; Goyal, Dyer and
    Berg-Kirkpatrick 2022). The chains tend to the distribution proportional to
    exp(score), if each token has some probability.

    Args:
        model, generator, places: as for `gibbs`.
        token_ids: (B, T) int64 where the chains begin, without [MASK].
        score: log-score of texts, (N, T) -> (N,), up to a constant; None takes the summed
            log-probabilities of the tokens, each hidden in turn (`pseudo_log_likelihood`), one of
            that paper's two energies, at T readings a proposal. A chain leaves a text with score
            -inf at once.
        n_sweeps: at least 1.
    Returns:
        the chains after each sweep, with their scores and how many proposals were accepted.
    Raises:
        ValueError: at once, as `gibbs`, and for a text with gaps; at a step, for scores that are
            nan, +inf, or not one for each text.
    """
    bert = filler(model)
    ids = checked_texts(bert, token_ids, gaps=False)
    places = _places(bert, ids, places, n_sweeps)
    rows = row_generators(generator, len(ids))

    def pseudo(texts: Tensor) -> Tensor:
        return pseudo_log_likelihood(bert, texts)

    return _metropolis_hastings(bert, ids, score or pseudo, n_sweeps, rows, places)


def _metropolis_hastings(
    model: BERT,
    ids: Tensor,
    score: Score,
    n_sweeps: int,
    rows: list[torch.Generator],
    places: Tensor,
) -> Iterator[Sweep]:
    with torch.inference_mode():
        scores = _scored(score, ids)
    for _ in range(n_sweeps):
        proposed, accepted = torch.zeros_like(ids[:, 0]), torch.zeros_like(ids[:, 0])
        with torch.inference_mode():
            for text, place, u in _visits(places, rows, 2):
                log_q = gap_log_probs(model, hide(ids[text], place, model.special.mask), place)
                old, new = ids[text, place], pick(log_q.exp(), u[:, 0])
                changed = new != old
                if not bool(changed.any()):
                    continue
                text, place, old, new = text[changed], place[changed], old[changed], new[changed]
                candidates = ids[text].scatter(1, place[:, None], new[:, None])
                log_q, found = log_q[changed], _scored(score, candidates)
                log_ratio = log_q.gather(1, old[:, None]) - log_q.gather(1, new[:, None])
                gain = (found - scores[text]).nan_to_num(nan=torch.inf)  # nan: both are -inf
                yes = u[changed, 1].log() < gain + log_ratio[:, 0]
                proposed[text] += 1
                accepted[text[yes]] += 1
                ids = ids.index_put((text[yes],), candidates[yes])
                scores = scores.index_put((text[yes],), found[yes])
        yield Sweep(ids.clone(), scores.clone(), proposed, accepted)


def _scored(score: Score, texts: Tensor) -> Tensor:
    found = score(texts)
    if not isinstance(found, Tensor) or found.shape != (len(texts),):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(
            f"score gave {shape} for {len(texts)} texts; expected a tensor with one logarithm for "
            "each"
        )
    if bool((found.isnan() | (found == torch.inf)).any()):
        raise ValueError("score gave nan or +inf; a log-score is a finite number, or -inf")
    return found.to(texts.device).double()


def _places(model: BERT, ids: Tensor, places: Tensor | None, n_sweeps: int) -> Tensor:
    if n_sweeps < 1:
        raise ValueError(f"n_sweeps={n_sweeps} must be at least 1")
    free = word_places(model, ids) | (ids == model.special.mask)
    if places is None:
        return free
    if places.shape != ids.shape or places.dtype != torch.bool:
        raise ValueError(
            f"places is {places.dtype} of shape {tuple(places.shape)}; expected Booleans of shape "
            f"{tuple(ids.shape)}, True where a token may change"
        )
    places = places.to(ids.device)
    if bool((places & ~free).any()):
        text, place = (places & ~free).nonzero()[0].tolist()
        raise ValueError(
            f"places holds position {place} of text {text}, a special token, which no draw gives; "
            "leave it out"
        )
    return places


def _visits(
    places: Tensor, rows: list[torch.Generator], n_draws: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """One place of each text that has one left, in random order: texts, places, draws."""
    draws = uniforms(rows, spans(places) * (1 + n_draws)).to(places.device)
    draws = draws.view(len(rows), -1, 1 + n_draws)  # columns up to the last place that is visited
    visited = places[:, : draws.shape[1]]
    order = draws[:, :, 0].masked_fill(~visited, torch.inf).argsort(dim=1)
    n_places = places.sum(dim=1)
    for number in range(int(n_places.max())):
        text = (n_places > number).nonzero()[:, 0]
        yield text, order[text, number], draws[text, number, 1:]
