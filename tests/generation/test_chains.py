"""Walks whose end is known: Gibbs tends to the joint, Metropolis and Hastings to the score."""

import itertools

import pytest
import torch
from small_models import SPECIAL_IDS, TableBERT, joint_bert, scrambled
from torch import Tensor
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.generation.bounds import pseudo_log_likelihood
from bertgpt.generation.chains import gibbs, metropolis_hastings
from bertgpt.generation.knobs import Knobs
from bertgpt.gpt import GPT

JOINT = torch.tensor([[[0.2, 0.05], [0.1, 0.15]], [[0.02, 0.08], [0.3, 0.1]]])
TEXTS = torch.tensor(list(itertools.product((5, 6), repeat=3)))
MASK = SPECIAL_IDS.mask
N_CHAINS, N_SWEEPS = 2000, 12
START = torch.full((N_CHAINS, 3), 5)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def index(texts: Tensor) -> Tensor:
    return ((texts - 5) * torch.tensor([4, 2, 1])).sum(1)


def joint_score(texts: Tensor) -> Tensor:
    return JOINT.flatten().log()[index(texts)] + 7.0  # a constant changes nothing


def misfit(texts: Tensor, want: Tensor) -> float:
    """The worst share among all texts, in standard errors."""
    shares = torch.bincount(index(texts), minlength=8) / len(texts)
    return float(((shares - want) / (want * (1 - want) / len(texts)).sqrt()).abs().max())


def skewed() -> TableBERT:
    """Conditionals that know little of the joint."""
    return TableBERT(2, lambda text, place: torch.tensor([0.7, 0.3]))


def test_gibbs_tends_to_the_joint() -> None:
    *_, last = gibbs(joint_bert(JOINT), START, N_SWEEPS, generator=seeded())
    assert misfit(last, JOINT.flatten()) < 4
    assert misfit(START, JOINT.flatten()) > 50


def test_gibbs_from_nothing_has_no_gap_after_a_sweep() -> None:
    first, *_, last = gibbs(
        joint_bert(JOINT), torch.full((N_CHAINS, 3), MASK), N_SWEEPS, generator=seeded()
    )
    assert not bool((first == MASK).any())
    assert misfit(first, JOINT.flatten()) < 4  # a sweep from nothing is an order of revealing
    assert misfit(last, JOINT.flatten()) < 4


def test_gibbs_believes_its_conditionals_and_the_correction_does_not() -> None:
    *_, walked = gibbs(skewed(), START, N_SWEEPS, generator=seeded())
    p = torch.tensor([0.7, 0.3])
    product = torch.einsum("i,j,k->ijk", p, p, p).flatten()
    assert misfit(walked, product) < 4
    assert misfit(walked, JOINT.flatten()) > 20
    *_, last = metropolis_hastings(skewed(), START, joint_score, 30, generator=seeded())
    assert misfit(last.ids, JOINT.flatten()) < 4
    assert 0.2 < last.acceptance < 0.9
    assert_close(last.scores, joint_score(last.ids).double())


def test_the_default_score_is_the_pseudo_log_likelihood() -> None:
    mild = JOINT**0.7 / (JOINT**0.7).sum()  # the walk on JOINT's own is slow
    model = joint_bert(mild)
    *_, last = metropolis_hastings(model, START, None, 40, generator=seeded())
    want = pseudo_log_likelihood(model, TEXTS).softmax(0)
    assert misfit(last.ids, want) < 4
    assert misfit(last.ids, mild.flatten()) > 10  # it is another distribution


def test_exact_proposals_are_all_accepted() -> None:
    sweeps = list(metropolis_hastings(joint_bert(JOINT), START, joint_score, 3, generator=seeded()))
    assert [sweep.acceptance for sweep in sweeps] == [1, 1, 1]
    *_, walked = gibbs(joint_bert(JOINT), START, 3, generator=seeded())
    assert walked.shape == sweeps[-1].ids.shape


def test_what_was_proposed_and_accepted() -> None:
    """A score that forbids 6: only proposals of 6 are made from all 5, and none is taken."""
    start = START[:200]

    def no_six(texts: Tensor) -> Tensor:
        return torch.where((texts == 6).any(1), -torch.inf, 0.0)

    (sweep,) = metropolis_hastings(skewed(), start, no_six, 1, generator=seeded())
    assert_close(sweep.ids, start)
    assert 100 < int(sweep.proposed.sum()) < 260  # 0.3 of 600
    assert int(sweep.accepted.sum()) == 0
    assert sweep.acceptance == 0
    # From where the score is -inf it leaves, and nothing that is allowed is left.
    *_, last = metropolis_hastings(
        skewed(), torch.full((200, 3), 6), no_six, 40, generator=seeded()
    )
    assert_close(last.ids, start)


def test_places_that_may_change() -> None:
    model = scrambled(BERT)
    ids = torch.tensor([[2, 7, 8, 9, 3, 0], [2, 7, 8, 9, 10, 3]])
    places = torch.zeros(2, 6, dtype=torch.bool)
    places[0, 2] = places[1, 1] = places[1, 4] = True
    *_, last = gibbs(model, ids, 20, generator=seeded(), places=places)
    assert_close(last[~places], ids[~places])
    assert bool((last[places] != ids[places]).any())
    *_, free = gibbs(model, ids, 20, generator=seeded())
    assert free[0, [0, 4, 5]].tolist() == [2, 3, 0]
    assert not bool(torch.isin(free[1, 1:5], torch.tensor(SPECIAL_IDS)).any())


def test_a_chain_by_itself() -> None:
    """A longer text beside it pads it, and changes none of its draws."""
    model = scrambled(BERT)
    short, long = torch.tensor([[2, 7, 8, 3]]), torch.tensor([[2, 7, 8, 9, 10, 11, 3]])
    wide = torch.cat([short, torch.zeros(1, 3, dtype=torch.int64)], dim=1)
    together = torch.cat([long, wide])
    alone = [x[0] for x in gibbs(model, short, 5, generator=[seeded(3)])]
    beside = [x[1, :4] for x in gibbs(model, together, 5, generator=[seeded(4), seeded(3)])]
    assert_close(beside, alone)
    alone = list(metropolis_hastings(model, short, None, 5, generator=[seeded(3)]))
    beside = list(metropolis_hastings(model, together, None, 5, generator=[seeded(4), seeded(3)]))
    assert_close([s.ids[1, :4] for s in beside], [s.ids[0] for s in alone])


def test_a_sweep_visits_each_place_once_in_random_order() -> None:
    seen = []

    def conditionals(text: tuple[int, ...], place: int) -> Tensor:
        return torch.tensor([0.5, 0.5])

    class Watched(TableBERT):
        def hidden(self, token_ids: Tensor, segment_ids=None, records=None) -> Tensor:
            seen.append((token_ids == MASK).nonzero()[:, 1].tolist())
            return super().hidden(token_ids)

    list(gibbs(Watched(2, conditionals), START[:50], 1, generator=seeded()))
    assert len(seen) == 3
    orders = list(zip(*seen, strict=True))
    assert all(sorted(order) == [0, 1, 2] for order in orders)
    assert len(set(orders)) == 6


def test_knobs_of_drawing() -> None:
    *_, last = gibbs(skewed(), START[:50] + 1, 3, generator=seeded(), knobs=Knobs(top_k=1))
    assert_close(last, START[:50])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": scrambled(GPT)}, "expected a BERT, got a GPT"),
        ({"n_sweeps": 0}, "n_sweeps=0 must be at least 1"),
        ({"places": torch.ones(1, 4, dtype=torch.bool)}, "position 0 of text 0, a special token"),
        ({"places": torch.ones(1, 2, dtype=torch.bool)}, r"shape \(1, 2\); expected Booleans of"),
        ({"generator": [seeded(), seeded()]}, "got 2 generators for 1 texts"),
    ],
)
def test_what_both_refuse(given: dict, message: str) -> None:
    given = {
        "model": scrambled(BERT), "token_ids": torch.tensor([[2, 7, 8, 3]]), "n_sweeps": 2,
        "generator": seeded(),
    } | given  # fmt: skip
    with pytest.raises(ValueError, match=message):
        gibbs(**given)
    with pytest.raises(ValueError, match=message):
        metropolis_hastings(score=None, **given)


def test_what_one_of_them_refuses() -> None:
    model, ids = scrambled(BERT), torch.tensor([[2, 7, MASK, 3]])
    with pytest.raises(ValueError, match=r"has .MASK. at position 2.*fill it first"):
        metropolis_hastings(model, ids, None, 2, generator=seeded())
    with pytest.raises(ValueError, match="control repetition"):
        gibbs(model, ids, 2, generator=seeded(), knobs=Knobs(repetition_penalty=1.2))
    ids[0, 2] = 8
    for score, message in (
        (lambda texts: torch.full((len(texts),), torch.nan), r"score gave nan or \+inf"),
        (lambda texts: torch.zeros(len(texts), 2), r"score gave \(1, 2\) for 1 texts"),
        (lambda texts: 0.5, "score gave float for 1 texts"),
    ):
        with pytest.raises(ValueError, match=message):
            list(metropolis_hastings(model, ids, score, 2, generator=seeded()))
