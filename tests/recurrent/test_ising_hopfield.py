"""Ising's ring against all its states, and what Hopfield's net can and cannot do."""

import math

import pytest
import torch
from torch import Tensor

from bertgpt.recurrent import ising_hopfield


def signs(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2.0 * torch.randint(2, shape, generator=generator) - 1


def symmetric(n: int, seed: int = 0) -> Tensor:
    drawn = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    return (drawn + drawn.T).fill_diagonal_(0)


@pytest.mark.parametrize("n", [3, 8, 11])
@pytest.mark.parametrize("coupling", [-0.6, 0.0, 0.3, 1.5])
def test_the_formula_is_the_sum_over_all_states(n: int, coupling: float) -> None:
    for distance in range(n + 1):
        counted = ising_hopfield.ring_correlation_by_counting(n, distance, coupling)
        assert ising_hopfield.ring_correlation(n, distance, coupling) == pytest.approx(
            counted, abs=1e-12
        )


def test_on_a_long_ring_only_the_short_way_counts() -> None:
    assert ising_hopfield.ring_correlation(500, 7, 0.8) == pytest.approx(
        math.tanh(0.8) ** 7, rel=1e-12
    )


@pytest.mark.parametrize(("n", "distance"), [(2, 1), (5, 6), (5, -1)])
@pytest.mark.parametrize(
    "f", [ising_hopfield.ring_correlation, ising_hopfield.ring_correlation_by_counting]
)
def test_a_distance_must_be_on_the_ring(f, n: int, distance: int) -> None:
    with pytest.raises(ValueError, match=rf"n={n} and distance={distance}: a ring has 3 units"):
        f(n, distance, 1.0)


def test_a_ring_with_too_many_states_is_not_counted() -> None:
    with pytest.raises(ValueError, match=r"n=21 .* 2,097,152 states; give 20 units or fewer, or "):
        ising_hopfield.ring_correlation_by_counting(21, 3, 0.5)


def test_the_energy_is_minus_half_of_the_sum() -> None:
    weights = torch.tensor([[0.0, 2.0], [2.0, 0.0]])
    assert ising_hopfield.energy(weights, torch.tensor([1.0, -1.0])) == 2.0
    assert ising_hopfield.energy(weights, torch.tensor([-1.0, -1.0])) == -2.0


@pytest.mark.parametrize("seed", range(10))
def test_symmetric_weights_never_climb_and_come_to_rest(seed: int) -> None:
    weights, draws = symmetric(40, seed), torch.Generator().manual_seed(seed)
    path = ising_hopfield.settle(weights, signs(40, seed=seed).double(), draws, 200)
    climbs = [b - a for a, b in zip(path.energies, path.energies[1:], strict=False)]
    assert max(climbs) < 1e-9
    assert min(climbs) < -1
    assert path.is_stable
    again = ising_hopfield.settle(weights, path.state, draws, 5)
    assert again.state.equal(path.state)
    assert len(again.energies) == 41  # one sweep is enough to see that nothing moves


def test_asymmetric_weights_need_not_rest() -> None:
    chase = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])  # one wants to agree, the other to differ
    draws = torch.Generator().manual_seed(0)
    path = ising_hopfield.settle(chase, torch.ones(2), draws, 100)
    assert not path.is_stable
    assert len(path.energies) == 201


def test_the_diagonal_is_passed_over_and_nothing_given_is_changed() -> None:
    weights, start = symmetric(12) + 100 * torch.eye(12), signs(12).double()
    before = weights.clone(), start.clone()
    path = ising_hopfield.settle(weights, start, torch.Generator().manual_seed(0), 50)
    bare = ising_hopfield.settle(symmetric(12), start, torch.Generator().manual_seed(0), 50)
    assert path.state.equal(bare.state)
    assert not path.state.equal(start)
    assert weights.equal(before[0])
    assert start.equal(before[1])


def test_a_stored_pattern_is_found_again_and_held() -> None:
    patterns = signs(3, 100)
    weights = ising_hopfield.store_patterns(patterns)
    assert weights.equal(weights.T)
    assert not weights.diagonal().any()
    spoilt = patterns[1].clone()
    spoilt[:20] *= -1
    path = ising_hopfield.settle(weights, spoilt, torch.Generator().manual_seed(0), 20)
    assert path.state.equal(patterns[1])


@pytest.mark.parametrize("dtype", [torch.int8, torch.long, torch.double])
@pytest.mark.parametrize("store", [ising_hopfield.store_patterns, ising_hopfield.store_sequence])
def test_patterns_may_be_whole_numbers(store, dtype: torch.dtype) -> None:
    patterns = signs(1, 5).expand(200, 5)  # an int8 counts to 127
    weights = store(patterns.to(dtype))
    assert weights.dtype == (torch.double if dtype == torch.double else torch.float)
    assert torch.allclose(weights.float(), store(patterns))


@pytest.mark.parametrize("store", [ising_hopfield.store_patterns, ising_hopfield.store_sequence])
@pytest.mark.parametrize(
    ("wrong", "held"),
    [
        (torch.tensor([[1, 0, 1]]), "0"),
        (torch.tensor([[0.5, 1.0]]), "0.5"),
        (torch.tensor([[1.0, math.nan]]), "nan"),
        (torch.tensor([[True, False]]), "False"),
    ],
)
def test_a_unit_is_minus_one_or_plus_one(store, wrong: Tensor, held: str) -> None:
    message = rf"patterns hold {held}, but a unit is -1 or \+1; bits .* by 2 \* bits - 1"
    with pytest.raises(ValueError, match=message):
        store(wrong)


@pytest.mark.parametrize(
    "f",
    [
        ising_hopfield.energy,
        ising_hopfield.step_all,
        lambda w, s: ising_hopfield.settle(w, s, torch.Generator(), 1),
    ],
)
@pytest.mark.parametrize("dtype", [torch.long, torch.double])
def test_weights_and_state_are_of_one_kind_of_number(f, dtype: torch.dtype) -> None:
    weights = ising_hopfield.store_patterns(signs(1, 3))
    message = rf"state holds {dtype} and weights torch.float32; give state.to\(weights.dtype\)"
    with pytest.raises(ValueError, match=message):
        f(weights, torch.ones(3, dtype=dtype))
    f(weights, torch.ones(3, dtype=dtype).to(weights.dtype))


def test_linked_patterns_are_stepped_through_in_their_order() -> None:
    patterns = signs(4, 200)
    weights, state = ising_hopfield.store_sequence(patterns), patterns[0]
    assert not weights.equal(weights.T)
    for k in range(1, 9):
        state = ising_hopfield.step_all(weights, state)
        assert state.equal(patterns[k % 4]), k


@pytest.mark.parametrize("seed", range(20))
def test_symmetric_weights_at_once_rest_or_go_to_and_fro(seed: int) -> None:
    weights, state = symmetric(30, seed), signs(30, seed=seed).double()
    for _ in range(300):
        state = ising_hopfield.step_all(weights, state)
    assert ising_hopfield.step_all(weights, ising_hopfield.step_all(weights, state)).equal(state)


def test_without_pull_a_unit_stays_as_it_is() -> None:
    state = torch.tensor([1.0, -1.0, 1.0])
    assert ising_hopfield.step_all(torch.zeros(3, 3), state).equal(state)
    assert ising_hopfield.settle(torch.zeros(3, 3), state, torch.Generator(), 1).state.equal(state)


def test_shapes_that_do_not_fit_are_refused() -> None:
    draws = torch.Generator()
    with pytest.raises(ValueError, match=r"expected weights of shape \(N=3, N=3\)"):
        ising_hopfield.settle(torch.zeros(2, 2), torch.ones(3), draws, 1)
    with pytest.raises(ValueError, match="expected weights of shape"):
        ising_hopfield.step_all(torch.zeros(3, 2), torch.ones(3))
    with pytest.raises(ValueError, match="expected weights of shape"):
        ising_hopfield.energy(torch.zeros(2, 2), torch.ones(3))
    for make in (ising_hopfield.store_patterns, ising_hopfield.store_sequence):
        with pytest.raises(ValueError, match=r"expected patterns of shape .*, got \(5,\)"):
            make(torch.ones(5))
    with pytest.raises(ValueError, match="sweeps=0 updates nothing; give 1 or more"):
        ising_hopfield.settle(torch.zeros(3, 3), torch.ones(3), draws, 0)
