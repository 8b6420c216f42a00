"""Networks without an input: Ising's ring of magnets and Hopfield's net, units that are -1 or +1.

Shapes: N units, P patterns.
"""

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.shapes import check_shape

MOST_COUNTED = 20  # units of a ring; its million states take seconds and most of a gigabyte


def ring_correlation(n: int, distance: int, coupling: float) -> float:
    """Mean of s_i s_j on a ring in equilibrium (the model of Ising 1925), by its transfer matrix.

    With t = tanh(coupling) it is (t^r + t^(n - r)) / (1 + t^n), and t^r where the ring is long.

    Args:
        n: units of the ring, 3 or more.
        distance: r, steps from i to j, from 0 to n.
        coupling: J / T, strength of a bond over temperature.
    Raises:
        ValueError: for a shorter ring, or a distance that is not on it.
    """
    _check_ring(n, distance)
    t = torch.tensor(coupling, dtype=torch.double).tanh().item()
    return float((t**distance + t ** (n - distance)) / (1 + t**n))


def ring_correlation_by_counting(n: int, distance: int, coupling: float) -> float:
    """As `ring_correlation`, but summed over all 2^n states of the ring, each with its weight.

    Raises:
        ValueError: as `ring_correlation`, and for a ring of more than 20 units.
    """
    _check_ring(n, distance)
    if n > MOST_COUNTED:
        raise ValueError(
            f"n={n} units have {2**n:,} states; give {MOST_COUNTED} units or fewer, or take "
            "ring_correlation, which does not count them"
        )
    states = torch.tensor(list(product((-1.0, 1.0), repeat=n)), dtype=torch.double)  # (2^n, n)
    weights = (coupling * (states * states.roll(1, 1)).sum(1)).softmax(0)
    return (weights * states[:, 0] * states[:, distance % n]).sum().item()


def store_patterns(patterns: Tensor) -> Tensor:
    """Symmetric weights under which each of a few patterns is stable (Hopfield 1982).

    Args:
        patterns: (P, N) of -1 and +1; far fewer than N, or they disturb each other.
    Returns:
        (N, N), the sum of x x^T / N over the patterns x, with an empty diagonal.
    Raises:
        ValueError: unless the patterns are (P, N) of -1 and +1.
    """
    patterns = _checked_patterns(patterns)
    weights = patterns.T @ patterns / patterns.shape[1]
    return weights.fill_diagonal_(0.0)


def store_sequence(patterns: Tensor) -> Tensor:
    """Asymmetric weights that lead from each pattern to the one after it, and from the last on.

    Args:
        patterns: (P, N) of -1 and +1.
    Returns:
        (N, N), the sum of x' x^T / N over the patterns x, where x' comes after x.
    Raises:
        ValueError: unless the patterns are (P, N) of -1 and +1.
    """
    patterns = _checked_patterns(patterns)
    return patterns.roll(-1, 0).T @ patterns / patterns.shape[1]


def energy(weights: Tensor, state: Tensor) -> float:
    """E = -1/2 s^T W s of a state (N,), for weights (N, N) (Hopfield 1982).

    Raises:
        ValueError: if the shapes or the types of the numbers do not fit.
    """
    _check_state(weights, state)
    return -0.5 * (state @ weights @ state).item()


class Trajectory(NamedTuple):
    """Record of what a net did, one unit after the other."""

    state: Tensor  # (N,) at the end
    energies: list[float]  # before the first update and after each one
    is_stable: bool  # at the end: no unit wants to flip


def settle(
    weights: Tensor,
    state: Tensor,
    generator: torch.Generator,
    sweeps: int,
) -> Trajectory:
    """Update one unit at a time until nothing changes, in random order.

    A unit takes the sign of what the others send it, W s; at 0 it stays as it is.

    Args:
        weights: (N, N); the diagonal is ignored.
        state: (N,) of -1 and +1; it is not changed.
        sweeps: how many at most; 1 or more.
    Raises:
        ValueError: without a sweep, or if the shapes do not fit.
    """
    check_shape("weights", weights, "N N", N=len(state))
    if sweeps < 1:
        raise ValueError(f"sweeps={sweeps} updates nothing; give 1 or more")
    weights = weights.clone().fill_diagonal_(0.0)
    s = state.clone()
    energies = [energy(weights, state)]
    for _ in range(sweeps):
        for i in torch.randperm(len(s), generator=generator).tolist():
            pull = weights[i] @ s
            s[i] = torch.sign(pull) if pull != 0 else s[i]
            energies.append(energy(weights, s))
        is_stable = bool((s * (weights @ s) >= 0).all())
        if is_stable:
            break
    return Trajectory(s, energies, is_stable)


def step_all(weights: Tensor, state: Tensor) -> Tensor:
    """Update all units at once: sign(W s), where 0 leaves a unit as it is.

    Args:
        weights: (N, N).
        state: (N,) of -1 and +1; it is not changed.
    Raises:
        ValueError: if the shapes or the types of the numbers do not fit.
    """
    _check_state(weights, state)
    pull = weights @ state
    return torch.where(pull == 0, state, pull.sign())


def _check_ring(n: int, distance: int) -> None:
    if n < 3 or not 0 <= distance <= n:
        raise ValueError(
            f"n={n} and distance={distance}: a ring has 3 units or more, and a distance on it is "
            "from 0 to n"
        )


def _checked_patterns(patterns: Tensor) -> Tensor:
    """The patterns as floats: a sum of whole numbers of 8 bits would overflow."""
    check_shape("patterns", patterns, "P N")
    unusable = patterns[(patterns != 1) & (patterns != -1)]
    if unusable.numel():
        raise ValueError(
            f"patterns hold {unusable[0].item()}, but a unit is -1 or +1; bits of 0 and 1 become "
            "patterns by 2 * bits - 1"
        )
    return patterns if patterns.is_floating_point() else patterns.to(torch.get_default_dtype())


def _check_state(weights: Tensor, state: Tensor) -> None:
    check_shape("weights", weights, "N N", N=len(state))
    if state.dtype != weights.dtype:
        raise ValueError(
            f"state holds {state.dtype} and weights {weights.dtype}; give state.to(weights.dtype)"
        )
