"""How vectors lie: each measure beside its definition, pair by pair, and on known cases."""

from itertools import combinations

import pytest
import torch
from torch.nn.functional import cosine_similarity

from bertgpt.evaluation.geometry import (
    cosine_between,
    cosine_within,
    explained_by_group,
    standardised,
)

N, D = 13, 6
GROUPS = torch.tensor([0, 0, 0, 0, 5, 5, 5, 7, 7, 9, 9, 9, 2])


def vectors(seed: int = 0) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.randn(N, D, generator=g, dtype=torch.double) + torch.tensor([4.0, 0, 0, 0, 0, 0])


def test_the_mean_cosine_is_that_of_all_pairs_of_two_groups() -> None:
    x = vectors()
    pairs = [(a, b) for a, b in combinations(range(N), 2) if GROUPS[a] != GROUPS[b]]
    want = sum(cosine_similarity(x[a], x[b], dim=0) for a, b in pairs) / len(pairs)
    parts = cosine_between(x, GROUPS)
    assert parts.shape == (D,)
    torch.testing.assert_close(parts.sum(), want)
    assert int(parts.argmax()) == 0  # the one that all vectors share
    assert parts[0] > 0.8 * parts.sum()


def test_self_similarity_is_the_mean_of_the_groups_means() -> None:
    x = vectors()
    means = []
    for group in (0, 5, 7, 9):
        some = x[group == GROUPS]
        found = [cosine_similarity(a, b, dim=0) for a, b in combinations(some, 2)]
        means.append(sum(found) / len(found))
    assert cosine_within(x, GROUPS) == pytest.approx(float(sum(means) / 4))
    big = [mean for mean, group in zip(means, (0, 5, 7, 9), strict=True) if group in (0, 5, 9)]
    assert cosine_within(x, GROUPS, least=3) == pytest.approx(float(sum(big) / 3))


def test_standardised_dimensions_count_alike() -> None:
    x = vectors()
    z = standardised(torch.stack([x, 3 * x]))
    torch.testing.assert_close(z[0], z[1])
    torch.testing.assert_close(z.mean(1), torch.zeros(2, D, dtype=torch.double))
    torch.testing.assert_close(z.std(1), torch.ones(2, D, dtype=torch.double))
    assert abs(cosine_between(z[0], GROUPS).sum().item()) < 0.15
    assert cosine_between(x, GROUPS).sum().item() > 0.3


def test_groups_explain_all_nothing_or_half() -> None:
    g = torch.Generator().manual_seed(1)
    groups = torch.arange(60).repeat(5)
    means, noise = torch.randn(60, 30, generator=g), torch.randn(300, 30, generator=g)
    same = means.repeat(5, 1)
    assert explained_by_group(same, groups) == pytest.approx(1.0)
    assert explained_by_group(noise, groups) == pytest.approx(0.0, abs=0.02)
    assert explained_by_group(same + noise, groups) == pytest.approx(0.5, abs=0.03)
    # Without the correction, means of five would explain a fifth of noise.
    centred = noise - noise.mean(0)
    plain = sum(5 * centred[groups == k].mean(0).square().sum() for k in range(60))
    assert float(plain / centred.square().sum()) > 0.15


def test_what_cannot_be_measured_is_said() -> None:
    x = vectors()
    with pytest.raises(ValueError, match="all vectors are of one group"):
        cosine_between(x, torch.zeros(N, dtype=torch.long))
    with pytest.raises(ValueError, match="no group has least=5 vectors"):
        cosine_within(x, GROUPS, least=5)
    with pytest.raises(ValueError, match="group 2 has one vector"):
        explained_by_group(x, GROUPS)
    with pytest.raises(ValueError, match=r"shape \(13, 6\) and groups of shape \(12,\)"):
        cosine_within(x, GROUPS[1:])
    with pytest.raises(ValueError, match="1 vectors have no deviation"):
        standardised(x[:1])
    x[:, 3] = 1.0
    with pytest.raises(ValueError, match="1 dimensions never change"):
        standardised(x)
