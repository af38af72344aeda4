"""Distances between sites: of a cell with all its images, or of a cluster."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.pairs import Sites, nearest_k, pairs_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: How much further to look where fewer neighbours were found than asked for.
FURTHER = 1.5
#: The 13 combinations of three vectors by −1, 0, 1 that are not opposite to each other, zero left out.
COMBINATIONS = np.array([c for c in product((-1, 0, 1), repeat=3) if c > (0, 0, 0)], dtype=float)


@takes_crystal
def nearest_distances(crystal: Crystal) -> NDArray[np.float64]:
    """Distance of each site to its nearest neighbour.

    Parameters
    ----------
    crystal
        With a cell (periodic images count along ``pbc``) or without. Rows of one site count once.

    Returns
    -------
    (n_sites,) Å, in the order in which the sites first appear.

    Raises
    ------
    UnsupportedInputError
        For a single atom without images: it has no neighbour.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> nearest_distances(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)))
    array([3.35])
    """
    nearest: NDArray[np.float64] = sorted_distances(crystal, k=1)[:, 0]
    return nearest


@takes_crystal
def sorted_distances(crystal: Crystal, *, k: int) -> NDArray[np.float64]:
    """Distances of each site to its k nearest neighbours.

    Parameters
    ----------
    crystal
        With a cell (periodic images count along ``pbc``) or without. Rows of one site count once.
    k
        How many.

    Returns
    -------
    (n_sites, k) Å, ascending along each row; rows in the order in which the sites first appear.

    Raises
    ------
    UnsupportedInputError
        If a cluster has fewer than k + 1 sites.
    """
    if k < 1:
        raise XtalprintError("the number of neighbours must be at least 1", value=k)
    sites = Sites.of(crystal)
    if not sites.pbc.any() and len(sites.points) <= k:
        raise _too_few(crystal, k)
    reach = _first_reach(sites, k)
    # Ends: each step takes in more images of a lattice, or all sites of a cluster.
    while not np.isfinite(result := nearest_k(sites, k, reach)).all():
        reach *= FURTHER
    return result


@takes_crystal
def neighbour_distances(crystal: Crystal, *, cutoff: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All distances up to a cutoff.

    Parameters
    ----------
    crystal
        As in `nearest_distances`.
    cutoff
        Å.

    Returns
    -------
    owner
        (M,) the site each distance belongs to, sorted.
    distance
        (M,) Å, ascending for each owner; a pair of sites appears once for each of the two.

    Raises
    ------
    XtalprintError
        If the cutoff is not a positive number.
    """
    if not (np.isfinite(cutoff) and cutoff > 0):
        raise XtalprintError("the cutoff must be a positive number", value=cutoff, remedy="give it in Å")
    sites = Sites.of(crystal)
    owner, distance = pairs_within(sites, cutoff)
    distance = distance.copy()
    ends = np.searchsorted(owner, np.arange(len(sites.points) + 1))
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        distance[start:end].sort()
    return owner, distance


def _first_reach(sites: Sites, k: int) -> float:
    """A radius within which every site probably has k neighbours; surely, for one in a crystal."""
    vectors = sites.cell[sites.pbc]
    n_sites = len(sites.points)
    three = len(vectors) == 3  # noqa: PLR2004 - dimensions
    if three:
        volume = abs(float(np.linalg.det(vectors)))
    else:
        # At least 2 Å thick, so that a flat molecule has a density too.
        volume = float(np.prod(np.maximum(np.ptp(sites.points, axis=0), 2.0)))
    # A sphere that holds 2 k + 4 sites of this density: with k = 1, 1.1 times the bond of a close packing.
    typical = (3 * (2 * k + 4) / (4 * np.pi) * volume / n_sites) ** (1 / 3)
    if three and k == 1:
        shortest = float(np.sqrt(((COMBINATIONS @ vectors) ** 2).sum(axis=1).min()))
        typical = min(typical, shortest)
    # A touch more than needed, so that rounding cannot lose the image at exactly this distance.
    return float(typical) * (1 + 1e-9)


def _too_few(crystal: Crystal, k: int) -> UnsupportedInputError:
    if crystal.n_sites == 1:
        problem = "a single atom has no neighbour, hence no bond length"
        remedy = "give at least two atoms, or a cell"
    else:
        problem = f"a cluster of {crystal.n_sites} sites has no {k} neighbours for each"
        remedy = f"ask for at most {crystal.n_sites - 1}, or give the cell"
    return UnsupportedInputError(problem, source=crystal.source, frame=crystal.frame, remedy=remedy)
