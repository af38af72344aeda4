"""GRID without bins: the exact distances of each group, their means, and how far two crystals are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import NothingSeenError, UnsupportedInputError, XtalprintError
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.site_batch import SiteBatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SortedDistances:
    """For each k the distances of all sites to their k-th neighbours, ascending: a step function of the share.

    Parameters
    ----------
    distances
        (n_groups, n_sites) Å, ascending along each row; infinite where a cluster has no more neighbours.
    shares
        (n_groups, n_sites) share of each in its group; a row adds up to 1.
    """

    distances: Floats
    shares: Floats

    @property
    def means(self) -> Floats:
        """(n_groups,) mean of each group in Å: the average minimum distances."""
        means: Floats = (self.distances * self.shares).sum(axis=1)
        return means

    def quantiles(self, share: float) -> Floats:
        """(n_groups,) distance in Å that this share of each group does not exceed.

        Raises
        ------
        XtalprintError
            If the share is outside 0 to 1.

        Examples
        --------
        >>> SortedDistances(np.array([[2.0, 3.0]]), np.array([[0.5, 0.5]])).quantiles(0.7)
        array([3.])
        """
        if not 0 <= share <= 1:
            raise XtalprintError("a share is between 0 and 1", value=share)
        # Rounding must not push a share over the end of its step.
        reached = np.cumsum(self.shares, axis=1) >= share - 1e-12
        reached[:, -1] = True
        quantiles: Floats = np.take_along_axis(self.distances, reached.argmax(axis=1)[:, None], axis=1)[:, 0]
        return quantiles


@takes_crystal
def distances_by_group(crystal: Crystal, *, n_groups: int = 100, r_max: float | None = None) -> SortedDistances:
    """Sort the distances of each group of a crystal; see `GRID` for the groups.

    Parameters
    ----------
    crystal
        With a cell that repeats in any number of directions, or a cluster.
    n_groups
        How many neighbours of each site.
    r_max
        Å; longer distances, and neighbours that a cluster does not have, are put there, as in `GRID`. Default: they
        stay what they are.

    Returns
    -------
    Distances and their shares. Partly occupied sites count as in `GRID`.

    Raises
    ------
    XtalprintError
        For a number of groups or an ``r_max`` that is not positive.
    NothingSeenError
        For a single atom without a cell.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> distances_by_group(polonium, n_groups=8).means.round(3)
    array([3.35 , 3.35 , 3.35 , 3.35 , 3.35 , 3.35 , 4.738, 4.738])
    """
    distances, weights = _groups(crystal, n_groups, r_max)
    distances = distances.T if r_max is None else np.minimum(distances.T, r_max)
    order = np.argsort(distances, axis=1, kind="stable")
    shares = weights.T / weights.sum(axis=0)[:, None]
    return SortedDistances(*(np.take_along_axis(a, order, axis=1) for a in (distances, shares)))


def shortest_distance(crystal: Crystal) -> float:
    """Å between the two sites, images among them, that are nearest; raises what `distances_by_group` raises.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> shortest_distance(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)))
    3.35
    """
    return float(distances_by_group(crystal, n_groups=1).distances.min())


def _groups(crystal: Crystal, n_groups: int, r_max: float | None) -> tuple[Floats, Floats]:
    """(n_sites, n_groups) distances, infinite beyond ``r_max``, and their weights."""
    from xtalprint.descriptors.compiled_grid import group_distances  # noqa: PLC0415 - imports Numba

    if isinstance(n_groups, bool) or not isinstance(n_groups, (int, np.integer)) or n_groups < 1:
        raise XtalprintError("n_groups must be a positive whole number", value=repr(n_groups))
    if r_max is not None and not r_max > 0:
        raise XtalprintError("r_max must be a positive number", value=r_max, remedy="give it in Å")
    if crystal.n_sites == 1 and not any(crystal.pbc):
        raise NothingSeenError(
            "a single atom without a cell has no neighbours",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give more atoms, or the cell",
        )
    distances, weights = group_distances(SiteBatch.of([crystal]), n_groups, np.inf if r_max is None else r_max)
    return distances, weights if weights.size else np.ones_like(distances)


@takes_crystal
def average_minimum_distances(crystal: Crystal, *, n_groups: int = 100) -> Floats:
    """Mean distance to the k-th neighbour over all sites, for k = 1 … n_groups.

    Parameters
    ----------
    crystal
        As for `distances_by_group`.
    n_groups
        How many neighbours of each site.

    Returns
    -------
    (n_groups,) Å; infinite where a cluster has no more neighbours.

    Raises
    ------
    NothingSeenError
        For a single atom without a cell.

    Notes
    -----
    Source: D. Widdowson, M. M. Mosca, A. Pulido, A. I. Cooper and V. Kurlin, MATCH Commun. Math. Comput. Chem. 87,
    529 (2022). It grows as (3 k / (4 π n))^(1/3), with n the number of sites per volume.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> average_minimum_distances(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), n_groups=7).round(3)
    array([3.35 , 3.35 , 3.35 , 3.35 , 3.35 , 3.35 , 4.738])
    """
    distances, weights = _groups(crystal, n_groups, None)
    means: Floats = (distances * weights).sum(axis=0) / weights.sum(axis=0)
    return means


def wasserstein_of_sorted(one: SortedDistances, other: SortedDistances) -> Floats:
    """Exact earth mover's distance of each group of two crystals, whatever their numbers of sites.

    Parameters
    ----------
    one, other
        With the same number of groups.

    Returns
    -------
    (n_groups,) Å, not negative; their mean is the limit of the distance of two `GRID` for narrow bins.

    Raises
    ------
    UnsupportedInputError
        If the numbers of groups differ, or distances are infinite.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> small, large = (distances_by_group(Crystal([[0, 0, 0]], ["Po"], cell=a * np.eye(3))) for a in (3.0, 3.1))
    >>> wasserstein_of_sorted(small, large)[:3].round(6)
    array([0.1, 0.1, 0.1])
    """
    from xtalprint.descriptors.compiled_quantiles import transport  # noqa: PLC0415 - imports Numba

    if len(one.distances) != len(other.distances):
        raise UnsupportedInputError(
            "the two have different numbers of groups",
            value=(len(one.distances), len(other.distances)),
            remedy="make both with the same n_groups",
        )
    if not all(np.isfinite(each.distances).all() for each in (one, other)):
        raise UnsupportedInputError(
            "a cluster has fewer neighbours than groups, and no distance to the others",
            remedy="make both with the same r_max",
        )
    result = np.empty(len(one.distances))
    transport(one.distances, one.shares, other.distances, other.shares, result)
    return result
