"""How vectors lie: mean cosines of pairs, what single dimensions add to them, standardisation.

Shapes: N vectors, D width; groups are (N,) whole numbers, such as the id of each vector's token.
"""

from torch import Tensor
from torch.nn import functional as F


def standardised(vectors: Tensor) -> Tensor:
    """Each dimension with mean 0 and deviation 1 over all vectors (Timkey and van Schijndel 2021).

    Args:
        vectors: (..., N, D); each leading index, such as a layer, by itself.
    Raises:
        ValueError: for fewer than two vectors, or a dimension that never changes.
    """
    if vectors.shape[-2] < 2:
        raise ValueError(f"{vectors.shape[-2]} vectors have no deviation; give two or more")
    deviation = vectors.std(dim=-2, keepdim=True)
    if bool((deviation == 0).any()):
        raise ValueError(
            f"{int((deviation == 0).sum())} dimensions never change, and cannot be standardised; "
            "leave them out, or give more vectors"
        )
    return (vectors - vectors.mean(dim=-2, keepdim=True)) / deviation


def cosine_between(vectors: Tensor, groups: Tensor) -> Tensor:
    """Mean cosine of all pairs of two groups, as the sum over dimensions of what each adds.

    Its sum is the measure of anisotropy of Ethayarajh (2019, 3.2), over all pairs in place of a
    sample; its parts are the contributions of Timkey and van Schijndel (2021, 3.1).

    Args:
        vectors: (N, D).
        groups: (N,).
    Returns:
        (D,).
    Raises:
        ValueError: if all vectors are of one group, or the shapes do not fit.
    """
    units = _units(vectors, groups)
    _, places, sizes = groups.unique(return_inverse=True, return_counts=True)
    pairs = len(units) ** 2 - int(sizes.square().sum())
    if not pairs:
        raise ValueError("all vectors are of one group, so no pair is of two; give more groups")
    sums = units.new_zeros(len(sizes), units.shape[1]).index_add(0, places, units)
    # A square of a sum is the sum over all pairs; those of one group are taken off.
    return (units.sum(0).square() - sums.square().sum(0)) / pairs


def cosine_within(vectors: Tensor, groups: Tensor, least: int = 2) -> float:
    """Self-similarity: mean cosine of pairs in a group, then the mean over groups.

    Ethayarajh (2019, 3.2) measures so how much a word's vectors are alike in all its texts.

    Args:
        vectors: (N, D).
        groups: (N,).
        least: groups with fewer vectors are left out; 2 or more.
    Raises:
        ValueError: if no group has so many, or the shapes do not fit.
    """
    units = _units(vectors, groups)
    found = []
    for group in groups.unique():
        some = units[groups == group]
        n = len(some)
        if n >= max(least, 2):
            found.append((some.sum(0).square().sum().item() - n) / (n * (n - 1)))
    if not found:
        raise ValueError(f"no group has least={least} vectors; lower it, or give more texts")
    return sum(found) / len(found)


def explained_by_group(vectors: Tensor, groups: Tensor) -> float:
    """Fraction of the variance of vectors that their group explains, without what chance explains.

    As in the analysis of variance: what the groups' means differ by, of all that vectors differ by.
    The mean of a few vectors follows them by chance. What that adds on average, the group's own
    variance, is taken off, so that groups drawn by chance explain nothing.

    Args:
        vectors: (N, D).
        groups: (N,), each with two vectors or more.
    Raises:
        ValueError: for a group of one vector, or shapes that do not fit.
    """
    _units(vectors, groups)
    centred = vectors - vectors.mean(0)
    between = 0.0
    for group in groups.unique():
        some = centred[groups == group]
        if len(some) < 2:
            raise ValueError(f"group {int(group)} has one vector; give each group two or more")
        between += len(some) * some.mean(0).square().sum().item() - some.var(0).sum().item()
    return between / centred.square().sum().item()


def _units(vectors: Tensor, groups: Tensor) -> Tensor:
    """Vectors of length 1: (N, D)."""
    if vectors.ndim != 2 or groups.shape != vectors.shape[:1]:
        raise ValueError(
            f"vectors of shape {tuple(vectors.shape)} and groups of shape {tuple(groups.shape)}; "
            "give (N, D) and (N,)"
        )
    return F.normalize(vectors, dim=-1)
