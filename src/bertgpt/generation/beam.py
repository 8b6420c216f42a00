"""Beam search: the likeliest texts as a whole, not the likeliest token at each step."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.generation.decode import End, opened
from bertgpt.generation.knobs import NOT_A_NUMBER, Knobs, without_repetition
from bertgpt.generation.prompts import Ids, Stop, checked_prompts, checked_stop, ends, writer
from bertgpt.gpt import GPT


class Hypothesis(NamedTuple):
    """A text that beam search wrote."""

    ids: list[int]  # without the prompt, a stop word included
    log_prob: float  # of all its tokens together, the model's own, in nats
    score: float  # log_prob / length ** length_penalty, by which texts are ranked
    ended: End


class _Search:
    """The search from one prompt: texts that go on, and those that have ended."""

    def __init__(self, prompt: list[int], n_beams: int, n_best: int, length_penalty: float) -> None:
        self.prompt, self.length_penalty = prompt, length_penalty
        self.n_beams, self.n_best = n_beams, n_best
        self.going: list[tuple[list[int], float]] = [([], 0.0)]
        self.ended: list[Hypothesis] = []

    def score(self, log_prob: float, length: int) -> float:
        return log_prob / length**self.length_penalty

    def end(self, ids: list[int], log_prob: float, why: End) -> None:
        self.ended.append(Hypothesis(ids, log_prob, self.score(log_prob, len(ids)), why))
        self.ended.sort(key=lambda text: -text.score)
        del self.ended[self.n_best :]

    def extend(self, log_probs: Tensor, allowed: Tensor, stop: list[list[int]]) -> list[int]:
        """Go on with the best one-token extensions, (R, V); returns the row that each came from."""
        V = log_probs.shape[1]
        before = torch.tensor([log_prob for _, log_prob in self.going], device=log_probs.device)
        total = (before[:, None] + log_probs).masked_fill(~allowed, -torch.inf).flatten()
        # At most one in each row ends by each stop word; as many others are needed.
        n = min(len(total), self.n_beams + len(self.going) * len(stop))
        values, places = total.topk(n)
        rows: list[int] = []
        going: list[tuple[list[int], float]] = []
        for value, place in zip(values.tolist(), places.tolist(), strict=True):
            if value == -torch.inf or len(going) == self.n_beams:
                break
            row, token = divmod(place, V)
            ids = [*self.going[row][0], token]
            if ends(ids, stop):
                self.end(ids, value, "stop")
            else:
                going.append((ids, value))
                rows.append(row)
        self.going = going
        return rows

    def is_decided(self, longest: int) -> bool:
        """Whether no text that goes on can end better than the worst that is kept."""
        if not self.going or len(self.ended) < self.n_best:
            return not self.going
        # A sum only falls from here; the best it can be divided by is one of the two ends.
        value, length = self.going[0][1], len(self.going[0][0]) + 1
        best = max(self.score(value, length), self.score(value, max(length, longest)))
        return best <= self.ended[-1].score


def beam_search(
    model: nn.Module,
    prompts: Sequence[Ids] | Tensor,
    max_tokens: int,
    *,
    n_beams: int = 4,
    n_best: int = 1,
    length_penalty: float = 0.0,
    no_repeat_ngram: int | None = None,
    stop: Stop = (),
    use_cache: bool = True,
) -> list[list[Hypothesis]]:
    """The best texts that a search of bounded width finds.

    At each step every text that goes on is extended by every token, and the `n_beams` extensions of
    highest probability go on. Those that a stop word ends are kept aside, and the search is over
    when none that goes on can still become better. With enough beams that is the best of all texts.

    A text is ranked by its log-probability over its length to the power of the penalty, as in
    `transformers` (Wu et al. 2016, section 7, have ((5 + length) / 6) as the base).

    Args:
        model, prompts, max_tokens, stop, use_cache: as for `stream`; lengths count new tokens.
        n_beams: texts of each prompt that go on, at least 1; 1 is greedy decoding.
        n_best: texts given back for each prompt, 1 to `n_beams`.
        length_penalty: 0 ranks by log-probability, which favours short texts; 1 by the mean of a
            token; higher favours longer texts still.
        no_repeat_ngram: as in `Knobs`.
    Returns:
        for each prompt the best texts, best first; fewer than `n_best` if no more are possible.
    Raises:
        ValueError: as `stream`, and for numbers of beams that do not fit.
    """
    gpt = writer(model)
    texts = checked_prompts(gpt, prompts, max_tokens)
    words = checked_stop(stop, gpt.stack.cfg.vocab_size)
    if n_beams < 1 or not 1 <= n_best <= n_beams:
        raise ValueError(
            f"n_beams={n_beams} and n_best={n_best}: expected at least one beam, and from 1 to "
            "n_beams texts to give back"
        )
    if not math.isfinite(length_penalty):
        raise ValueError(f"length_penalty={length_penalty} must be finite; 0 is none")
    knobs = Knobs(no_repeat_ngram=no_repeat_ngram)
    searches = [_Search(text, n_beams, n_best, length_penalty) for text in texts]
    with torch.inference_mode():
        _search(gpt, searches, max_tokens, knobs, words, use_cache)
    return [search.ended for search in searches]


def _search(
    model: GPT,
    searches: list[_Search],
    max_tokens: int,
    knobs: Knobs,
    stop: list[list[int]],
    use_cache: bool,
) -> None:
    P = model.stack.cfg.max_positions
    room = [min(max_tokens, P - len(search.prompt)) for search in searches]
    reader, logits = opened(model, [s.prompt for s in searches], max(room), use_cache)
    open_searches = list(range(len(searches)))
    for number in range(1, max(room) + 1):
        log_probs = logits.log_softmax(dim=1)
        if bool(log_probs.isnan().any()):
            raise ValueError(NOT_A_NUMBER)
        texts = [[*searches[i].prompt, *ids] for i in open_searches for ids, _ in searches[i].going]
        allowed = without_repetition(log_probs, knobs, texts) > -torch.inf
        if model.special.pad >= 0:
            allowed[:, model.special.pad] = False
        start, rows, still = 0, [], []
        for i in open_searches:
            search, n = searches[i], len(searches[i].going)
            part = slice(start, start + n)
            parents = search.extend(log_probs[part], allowed[part], stop)
            if number == room[i]:
                for ids, log_prob in search.going:
                    search.end(ids, log_prob, "length" if number == max_tokens else "context")
                search.going = []
            if not search.is_decided(room[i]):
                rows += [start + parent for parent in parents]
                still.append(i)
            start += n
        if not still:
            return
        open_searches = still
        reader.keep(rows)
        tokens = [ids[-1] for i in still for ids, _ in searches[i].going]
        logits = reader.step(torch.tensor(tokens, device=logits.device))
