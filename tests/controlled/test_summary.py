"""Reading the stored results: the right numbers are taken, and differences go seed by seed."""

from typing import Any

import pytest

from bertgpt.controlled import summary
from bertgpt.controlled.summary import ABILITIES, BERT, GPT, TURNS
from bertgpt.evaluation.intervals import Interval


def reader(bits: float, **questions: float) -> dict[str, Any]:
    found: dict[str, Any] = {"one gap": {"bits": bits, "right": 0.5}}
    for name, right in questions.items():
        found[name.replace("__", ", ").replace("_", " ")] = {"right": right, "bits": 1.0, "n": 4}
    return found


def labels(causal: float, full: float) -> dict[str, Any]:
    part = {"10": {"accuracy": 0.0}, "40": {"accuracy": 0.0}}
    by_mask = {
        mask: {"head": part, "all": {n: {"accuracy": accuracy} for n in part}}
        for mask, accuracy in (("causal", causal), ("full", full))
    }
    worse = {m: {"all": {"40": {"accuracy": 0.05}}} for m in ("causal", "full")}
    return {"span": by_mask, "span from the last word": worse}


def seed(shift: float = 0.0) -> dict[str, Any]:
    """What one seed stores, as far as it is read here."""
    gpt = {
        "grid": {"causal": 1.25 + shift, "full": 2.5},
        "readers": {
            "left": reader(1.3 + shift, copy__backwards=0.2, fact__untold=0.25),
            "rescored": reader(0.6, copy__backwards=0.9, fact__untold=0.0),
        },
        "writes": {"next token": {"possible": 0.9}},
        "scores": {"log-probability": {"prefers": 1.0, "rank": 0.97}},
        "two gaps": {"rescored": {"bits": 2.4, "possible": 1.0, "ranked": 1.0}},
        "labels": labels(0.5, 0.75),
    }
    bert = {
        "grid": {"causal": 4.0, "full": 0.75},
        "readers": {
            "left": reader(3.0), "left, rest [MASK]": reader(1.15),
            "gap": reader(0.7 + shift) | {"two gaps": {"left": 2.6, "right": 2.5, "together": 4.0}},
        },
        "writes": {
            "left": {"possible": 0.5}, "confident": {"possible": 0.75},
            "Metropolis-Hastings": {"possible": 1.0},
        },
        "scores": {
            "pseudo-log-likelihood": {"prefers": 0.8, "rank": 0.7},
            "bound": {"prefers": 0.9, "rank": 0.6},
        },
        "two gaps": {"drawn": {"left": 0.9}},
        "labels": labels(0.1, 1.0),
    }  # fmt: skip
    leak = {"readers": {"left": reader(5.0)}, "writes": {}, "two gaps": {}, "scores": {}}
    limits = {
        "grid": {"causal": 1.0, "full": 0.5},
        "readers": {
            "left": reader(1.1), "left, rest [MASK]": reader(0.9), "both": reader(0.5),
        },
        "labels": {"span": {"both": 1.0, "left": 1.0, "rule": 0.5}},
    }  # fmt: skip
    new = {"labels": labels(0.3, 0.4)}
    arms = {GPT: gpt, BERT: bert, "full, next": leak}
    return {"arms": arms, "limits": limits, "new weights": new}


def test_bits_are_counted_from_the_exact_reader() -> None:
    value = seed()
    assert summary.excess(value, GPT, "causal") == pytest.approx(0.25)
    assert summary.excess(value, BERT, "full") == pytest.approx(0.25)
    assert summary.left(value, GPT) == pytest.approx(0.2)
    assert summary.left(value, BERT) == pytest.approx(0.25)  # told the length, as its limit is
    assert summary.gap(value, GPT) == pytest.approx(0.1)  # rescored
    assert summary.gap(value, BERT) == pytest.approx(0.2)
    assert summary.gap(value, "full, next") == pytest.approx(4.5)  # it has but the left


def test_an_arm_gets_its_best_way() -> None:
    value = seed()
    assert summary.possible(value, GPT) == 0.9
    assert summary.possible(value, BERT) == 0.75  # not the few walks
    assert summary.possible(value, "full, next") == 0.0
    assert summary.two_gaps(value, GPT) == 2.4
    assert summary.two_gaps(value, BERT) == 2.5
    assert summary.score(value, BERT, "prefers") == 0.9
    assert summary.score(value, BERT, "rank") == 0.7
    assert summary.answers(value, GPT, "copy, backwards") == 0.9
    assert summary.answers(value, GPT, "fact, untold") == 0.25


def test_labels_are_read_under_the_mask_of_an_arm_or_another() -> None:
    value = seed()
    assert summary.labelled(value, GPT, "span", "40") == 0.5
    assert summary.labelled(value, GPT, "span", "40", "full") == 0.75
    assert summary.labelled(value, BERT, "span", "40") == 1.0
    assert summary.labelled(value, "new weights", "span", "40") == 0.4
    assert summary.span(value, BERT) == 1.0  # the better of two places
    assert summary.span(value, GPT, mask="full") == 0.75
    value["arms"][GPT]["labels"]["span from the last word"]["causal"]["all"]["40"] |= {
        "accuracy": 0.9
    }
    assert summary.span(value, GPT) == 0.9
    masks = {arm: summary.own_mask(arm) for arm in (GPT, TURNS, "masked first", "causal first")}
    assert masks == {GPT: "causal", TURNS: "full", "masked first": "causal", "causal first": "full"}
    assert summary.own_mask("full, next") == summary.own_mask("prefix, next") == "full"


def test_abilities_lie_between_their_limits() -> None:
    value = seed()
    gap, span = ABILITIES["one gap: bits"], ABILITIES["answer by span, 40 labels"]
    assert (gap.ceiling(value), gap.floor(value)) == (0.5, 1.1)
    assert gap.of(value, GPT) == pytest.approx(0.6)
    assert (span.ceiling(value), span.floor(value)) == (1.0, 0.5)
    assert span.of(value, GPT, mask="full") == 0.75
    assert not gap.under
    assert gap.within == (0.0, float("inf"))


def test_what_seeds_share_is_no_difference() -> None:
    values = [seed(shift) for shift in (0.0, 0.3, 0.6)]
    one = summary.over(values, lambda v: summary.left(v, GPT))
    assert one.low < 0.2 < 0.5 < one.high
    difference = summary.paired(
        values, lambda v: summary.left(v, GPT), lambda v: summary.gap(v, BERT)
    )
    assert tuple(difference) == pytest.approx((0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("ends", "sign"), [((0.1, 0.3), 1), ((-0.3, -0.1), -1), ((-0.1, 0.3), 0), ((0.0, 0.2), 0)]
)
def test_a_difference_shows_where_its_whole_interval_is_on_one_side(
    ends: tuple[float, float], sign: int
) -> None:
    assert summary.sign(Interval(ends[0], sum(ends) / 2, ends[1])) == sign
