"""The knobs of decoding: what temperature, top-k, nucleus and repetition control do to scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bertgpt.shapes import check_shape


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """Settings of decoding; as they are by default, the model's own distribution is left alone.

    >>> Knobs(temperature=0.8, top_p=0.9).top_k is None
    True
    """

    temperature: float = 1.0  # above 0; below 1 sharper, above 1 flatter
    top_k: int | None = None  # tokens kept, the likeliest, at least 1; None keeps all
    top_p: float = 1.0  # probability that the kept tokens reach together, in (0, 1]
    repetition_penalty: float = 1.0  # at least 1; 1.2 in the paper, on tokens of the text so far
    no_repeat_ngram: int | None = None  # n at least 1: no n tokens in a row come twice

    def __post_init__(self) -> None:
        if not 0.0 < self.temperature < float("inf"):
            raise ValueError(
                f"temperature={self.temperature} must be above 0, and finite; towards 0 it becomes "
                "greedy decoding: for that give no generator"
            )
        if not 0.0 < self.top_p <= 1.0:
            raise ValueError(
                f"top_p={self.top_p} must be a probability above 0, at most 1; 1 keeps all tokens"
            )
        if not 1.0 <= self.repetition_penalty < float("inf"):
            raise ValueError(
                f"repetition_penalty={self.repetition_penalty} must be at least 1, which is none"
            )
        for name in ("top_k", "no_repeat_ngram"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ValueError(
                    f"{name}={value!r} must be a whole number, at least 1; None switches it off"
                )

    @property
    def cuts(self) -> bool:
        """Whether they change what is drawn from; greedy decoding draws nothing."""
        return (self.temperature, self.top_k, self.top_p) != (1.0, None, 1.0)

    @property
    def controls_repetition(self) -> bool:
        """Whether what a text already has changes its next token."""
        return (self.repetition_penalty, self.no_repeat_ngram) != (1.0, None)


AS_IT_IS = Knobs()  # the model's own distribution


def adjusted(logits: Tensor, knobs: Knobs, texts: Sequence[Sequence[int]] | None = None) -> Tensor:
    """The distribution that is drawn from: the model's scores after all the knobs.

    In the order of `transformers`: repetition control, temperature, top-k, nucleus.

    Temperature divides the scores. Top-k keeps the k likeliest tokens (Fan et al. 2018), nucleus
    the smallest set of likeliest tokens that reach the probability `top_p` (Holtzman et al. 2020);
    of tokens that are equally likely, the lower id comes first. What is kept is scaled to sum to 1.

    Args:
        logits: (B, V) scores; -inf for what must not be written.
        knobs: the settings.
        texts: ids of each text so far, for repetition control.
    Returns:
        (B, V) probabilities, each row sums to 1.
    Raises:
        ValueError: without texts where repetition control asks for them, for scores that are nan,
            or a text for which no token is left.

    >>> p = torch.tensor([[0.5, 0.25, 0.15, 0.1]])
    >>> adjusted(p.log(), Knobs(top_p=0.7)).tolist()
    [[0.6666666865348816, 0.3333333432674408, 0.0, 0.0]]
    """
    check_shape("logits", logits, "B V")
    scores = without_repetition(logits, knobs, texts) / knobs.temperature
    if bool(scores.isnan().any()) or bool((scores.amax(dim=1) == torch.inf).any()):
        raise ValueError(NOT_A_NUMBER)
    if bool((scores.amax(dim=1) == -torch.inf).any()):
        text = int((scores.amax(dim=1) == -torch.inf).nonzero()[0])
        raise ValueError(
            f"no token is left for text {text}: every score is -inf; take a larger "
            "no_repeat_ngram, or fewer forbidden tokens"
        )
    probs = scores.softmax(dim=1)
    if knobs.top_k is None and knobs.top_p == 1.0:
        return probs
    ordered, ids = probs.sort(dim=1, descending=True, stable=True)
    rank = torch.arange(probs.shape[1], device=probs.device)
    kept = rank < (knobs.top_k or len(rank))  # (V,)
    if knobs.top_p < 1.0:
        # After top-k the nucleus is of what is left, so it is scaled first.
        left = ordered * kept / (ordered * kept).sum(dim=1, keepdim=True)
        before = left.cumsum(dim=1) - left  # of all likelier tokens
        kept = kept & (before < knobs.top_p)
    ordered = ordered * kept
    ordered = ordered / ordered.sum(dim=1, keepdim=True)
    return torch.zeros_like(probs).scatter(1, ids, ordered)


NOT_A_NUMBER = (
    "the model's scores are nan or infinite; its weights are damaged, or its training diverged: "
    "load a good checkpoint"
)


def without_repetition(
    logits: Tensor, knobs: Knobs, texts: Sequence[Sequence[int]] | None
) -> Tensor:
    """Scores in which what the text already has is made less likely, or impossible.

    The penalty is CTRL's (Keskar et al. 2019, 4.1), which divides the score of each token of the
    text. As in `transformers` a score below 0 is multiplied, since division would raise it, and
    the prompt counts.

    Args:
        logits: (B, V).
        texts: ids of each text so far, prompt included.
    Returns:
        (B, V); the same tensor where there is nothing to do.
    """
    penalty, n = knobs.repetition_penalty, knobs.no_repeat_ngram
    if not knobs.controls_repetition:
        return logits
    if texts is None or len(texts) != len(logits):
        raise ValueError(
            "repetition control looks at what is written already; give `texts`, the ids of each "
            f"of the {len(logits)} texts so far"
        )
    logits = logits.clone()
    for row, text in zip(logits, texts, strict=True):
        if penalty > 1.0:
            used = torch.tensor(sorted(set(text)), device=row.device)
            row[used] = torch.where(row[used] < 0, row[used] * penalty, row[used] / penalty)
        if n is not None:
            row[repeats(text, n)] = -torch.inf
    return logits


def repeats(text: Sequence[int], n: int) -> list[int]:
    """Ids that would make the last n tokens equal to n in a row earlier in the text.

    >>> repeats([5, 6, 7, 5, 6], 3)
    [7]
    """
    if len(text) < n:
        return []
    tail = list(text[len(text) - n + 1 :])
    starts = range(len(text) - n + 1)
    return sorted({text[i + n - 1] for i in starts if list(text[i : i + n - 1]) == tail})
