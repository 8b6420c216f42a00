"""What each knob does to a distribution."""

import itertools

import pytest
import torch
from torch.testing import assert_close

from bertgpt.generation.knobs import Knobs, adjusted, repeats

P = torch.tensor([0.1, 0.4, 0.05, 0.2, 0.25])


def after(p: torch.Tensor = P, **given: float) -> list[float]:
    return [round(x, 4) for x in adjusted(p.log()[None], Knobs(**given))[0].tolist()]


def test_no_knob_changes_nothing() -> None:
    assert after() == [0.1, 0.4, 0.05, 0.2, 0.25]


def test_temperature_is_a_power() -> None:
    assert_close(torch.tensor(after(temperature=0.5)), P**2 / (P**2).sum(), rtol=0, atol=1e-4)
    assert_close(torch.tensor(after(temperature=2.0)), P**0.5 / (P**0.5).sum(), rtol=0, atol=1e-4)
    assert after(temperature=1e-4) == [0, 1, 0, 0, 0]


def test_top_k_keeps_the_likeliest() -> None:
    assert after(top_k=1) == [0, 1, 0, 0, 0]
    assert after(top_k=2) == [0, round(0.4 / 0.65, 4), 0, 0, round(0.25 / 0.65, 4)]
    assert after(top_k=99) == after()
    assert after(torch.full((4,), 0.25), top_k=2) == [0.5, 0.5, 0, 0]  # lower ids first


@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.41, 0.6, 0.66, 0.84, 0.86, 0.94, 0.96, 1.0])
def test_top_p_keeps_the_smallest_set(top_p: float) -> None:
    """Of all sets that reach top_p, by trying them all."""
    sets = [
        s for n in range(1, 6) for s in itertools.combinations(range(5), n)
        if sum(float(P[i]) for i in s) >= top_p - 1e-6
    ]  # fmt: skip
    least = min(map(len, sets))
    best = max((s for s in sets if len(s) == least), key=lambda s: sum(float(P[i]) for i in s))
    found = torch.tensor(after(top_p=top_p))
    assert tuple(found.nonzero()[:, 0].tolist()) == best
    kept = P.index_select(0, torch.tensor(best))
    assert_close(found[list(best)], kept / kept.sum(), rtol=0, atol=1e-4)


def test_the_nucleus_is_of_what_top_k_left() -> None:
    """0.4 of 0.65 is more than 0.6, so one token is enough; of all five it would not be."""
    assert after(top_k=2, top_p=0.6) == [0, 1, 0, 0, 0]
    assert after(top_p=0.6) == after(top_k=2)


def test_the_nucleus_is_of_what_temperature_left() -> None:
    assert sum(x > 0 for x in after(top_p=0.7)) == 3
    assert sum(x > 0 for x in after(top_p=0.7, temperature=0.5)) == 2


def test_the_penalty_lowers_what_the_text_has_whatever_its_sign() -> None:
    logits = torch.tensor([[2.0, -2.0, 1.0, -1.0]])
    knobs = Knobs(repetition_penalty=2.0)
    want = torch.tensor([[1.0, -4.0, 1.0, -1.0]]).softmax(1)
    assert_close(adjusted(logits, knobs, [[0, 1, 0, 1, 1]]), want)
    assert_close(logits, torch.tensor([[2.0, -2.0, 1.0, -1.0]]))  # the caller's scores are kept


def test_each_text_has_its_own_repetitions() -> None:
    logits = torch.zeros(2, 4)
    found = adjusted(logits, Knobs(no_repeat_ngram=2), [[0, 1, 0], [2, 3, 3]])
    assert_close(found, torch.tensor([[1 / 3, 0, 1 / 3, 1 / 3], [1 / 3, 1 / 3, 1 / 3, 0]]))


@pytest.mark.parametrize(
    ("text", "n", "want"),
    [
        ([5, 6, 7, 5, 6], 3, [7]),
        ([5, 6, 7, 5, 6, 8, 5, 6], 3, [7, 8]),
        ([5, 6], 3, []),
        ([5, 6, 5], 1, [5, 6]),
        ([5, 5], 2, [5]),
        ([], 1, []),
    ],
)
def test_repeats(text: list[int], n: int, want: list[int]) -> None:
    assert repeats(text, n) == want


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"temperature": 0.0},
            "temperature=0.0 must be above 0.* greedy decoding: .* no generator",
        ),
        ({"temperature": -1.0}, "temperature=-1.0 must be above 0"),
        ({"temperature": float("nan")}, "temperature=nan must be above 0"),
        ({"top_p": 0.0}, "top_p=0.0 must be a probability above 0"),
        ({"top_p": 1.5}, "top_p=1.5 must be a probability above 0, at most 1"),
        ({"top_k": 0}, "top_k=0 must be a whole number, at least 1"),
        ({"top_k": 2.5}, "top_k=2.5 must be a whole number"),
        ({"repetition_penalty": 0.9}, "repetition_penalty=0.9 must be at least 1"),
        ({"no_repeat_ngram": 0}, "no_repeat_ngram=0 must be a whole number"),
    ],
)
def test_settings_that_are_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Knobs(**given)


def test_scores_that_are_refused() -> None:
    with pytest.raises(ValueError, match="nan or infinite"):
        adjusted(torch.tensor([[0.0, torch.nan]]), Knobs())
    with pytest.raises(ValueError, match="nan or infinite"):
        adjusted(torch.tensor([[0.0, torch.inf]]), Knobs())
    with pytest.raises(ValueError, match="no token is left for text 1"):
        adjusted(torch.tensor([[0.0, 0.0], [-torch.inf, -torch.inf]]), Knobs())
    with pytest.raises(ValueError, match=r"no token is left for text 0.*no_repeat_ngram"):
        adjusted(torch.zeros(1, 2), Knobs(no_repeat_ngram=1), [[0, 1]])
    with pytest.raises(ValueError, match=r"give `texts`.* 1 texts so far"):
        adjusted(torch.zeros(1, 2), Knobs(no_repeat_ngram=1))
    with pytest.raises(ValueError, match="expected logits of shape"):
        adjusted(torch.zeros(2), Knobs())
