"""Distances between sites: of a cell with all its images, or of a cluster."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry.symmetry import first_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Up to this many pairs (images included) all are looked at by NumPy; beyond, SciPy's tree is asked.
SMALL = 400_000


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
    """
    points = crystal.positions[first_rows(crystal)]
    vectors = _periodic(crystal)
    if len(points) == 1 and len(vectors) == 0:
        raise UnsupportedInputError(
            "a single atom has no neighbour, hence no bond length",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give at least two atoms, or a cell",
        )
    reach = _first_reach(points, vectors)
    while True:
        _, distances = _pairs_within(points, crystal, reach)
        owner, distance = distances
        nearest = np.full(len(points), np.inf)
        np.minimum.at(nearest, owner, distance)
        if np.isfinite(nearest).all():
            return nearest
        reach *= 1.5


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
    """
    points = crystal.positions[first_rows(crystal)]
    _, (owner, distance) = _pairs_within(points, crystal, cutoff)
    order = np.lexsort((distance, owner))
    return owner[order], distance[order]


def _periodic(crystal: Crystal) -> NDArray[np.float64]:
    if crystal.cell is None:
        return np.zeros((0, 3))
    vectors: NDArray[np.float64] = crystal.cell[np.array(crystal.pbc)]
    return vectors


def _first_reach(points: NDArray[np.float64], vectors: NDArray[np.float64]) -> float:
    """A radius within which every site probably has a neighbour, and surely if it repeats along three vectors."""
    if len(vectors):
        combinations = np.array([c for c in product((-1, 0, 1), repeat=len(vectors)) if any(c)])
        shortest = float(np.linalg.norm(combinations @ vectors, axis=1).min())
    else:
        shortest = np.inf
    extent = np.ptp(points, axis=0)
    three = len(vectors) == 3  # noqa: PLR2004 - dimensions
    volume = abs(np.linalg.det(vectors)) if three else np.prod(np.maximum(extent, 2.0))
    typical = 1.5 * (volume / len(points)) ** (1 / 3)
    # A touch more than needed, so that rounding cannot lose the image at exactly this distance.
    return float(min(shortest, typical)) * (1 + 1e-9)


def _pairs_within(
    points: NDArray[np.float64], crystal: Crystal, cutoff: float
) -> tuple[int, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Owner and length of every pair vector up to the cutoff, from each site to all others and all images."""
    if crystal.cell is None or not any(crystal.pbc):
        if len(points) ** 2 <= SMALL:
            return 1, _all_pairs(points, np.zeros((1, 3)), cutoff)
        return 1, _tree_pairs(points, points, np.arange(len(points)), cutoff)
    inverse = np.linalg.inv(crystal.cell)
    fractional = points @ inverse
    fractional -= np.where(crystal.pbc, np.floor(fractional), 0.0)
    points = fractional @ crystal.cell
    # |fraction| ≤ cutoff/height, and fractional differences lie in (−1, 1).
    per_height = cutoff * np.linalg.norm(inverse, axis=0)
    reach = np.where(crystal.pbc, np.floor(per_height + 1).astype(int), 0)
    shifts = np.array(list(product(*(range(-n, n + 1) for n in reach))))
    if len(shifts) * len(points) ** 2 <= SMALL:
        return len(shifts), _all_pairs(points, shifts @ crystal.cell, cutoff)
    images, owners = [], []
    for shift in shifts:
        moved = fractional + shift
        inside = ((moved >= -per_height) & (moved <= 1 + per_height)).all(axis=1) | ~shift.any()
        images.append(moved[inside] @ crystal.cell)
        owners.append(np.flatnonzero(inside))
    return len(shifts), _tree_pairs(points, np.concatenate(images), np.concatenate(owners), cutoff)


def _all_pairs(
    points: NDArray[np.float64], shifts: NDArray[np.float64], cutoff: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    targets = (points[:, None, :] + shifts[None, :, :]).reshape(-1, 3)
    # Differences, not |a|² + |b|² − 2ab: the latter loses half of the digits.
    delta = targets[None, :, :] - points[:, None, :]
    squared = np.einsum("ijk,ijk->ij", delta, delta)
    itself = np.flatnonzero(~shifts.any(axis=1))
    squared[np.arange(len(points)), np.arange(len(points)) * len(shifts) + itself[0]] = np.inf
    owner, target = np.nonzero(squared <= cutoff * cutoff)
    return owner.astype(np.int64), np.sqrt(squared[owner, target])


def _tree_pairs(
    points: NDArray[np.float64], images: NDArray[np.float64], owners: NDArray[np.int64], cutoff: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s that small cells do not pay

    pairs = cKDTree(points).sparse_distance_matrix(cKDTree(images), cutoff, output_type="coo_matrix")
    owner, target, distance = pairs.row.astype(np.int64), pairs.col, pairs.data
    apart = (owner != owners[target]) | (np.abs(points[owner] - images[target]).max(axis=1) > 0)
    return owner[apart], distance[apart]
