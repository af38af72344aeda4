"""All pairs of sites and images within a cutoff: in NumPy, in Numba with the same bits, and with SciPy's tree."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.rows import first_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: From so many sites on SciPy's tree is asked, for few nearest neighbours earlier (256 sites: 0.4 ms against 3 ms in
#: NumPy and 0.8 ms in Numba). Size alone decides, because the last bit of its distances may differ from the others'.
TREE_FROM, TREE_FROM_FEW, FEW = 400, 100, 16
#: A cell whose three lengths multiplied exceed its volume this many times is reduced first: fewer images to look at.
SKEWED = 3.0
#: NumPy looks at so many pairs at a time (images included).
TABLE = 2_000_000


@dataclass(frozen=True)
class Sites:
    """Sites of a crystal, brought into the cell along the directions that repeat.

    Parameters
    ----------
    points
        (N, 3) Å.
    fractional
        (N, 3), in [0, 1) where they repeat; zero without a cell.
    cell
        (3, 3) rows in Å, a very skewed one reduced; the unit matrix without a cell.
    pbc
        (3,) where images count.
    """

    points: NDArray[np.float64]
    fractional: NDArray[np.float64]
    cell: NDArray[np.float64]
    pbc: NDArray[np.bool_]

    @classmethod
    def of(cls, crystal: Crystal) -> Sites:
        """Take the first row of each site of a crystal."""
        points = crystal.positions[first_rows(crystal)]
        pbc = np.array(crystal.pbc)
        if crystal.cell is None or not pbc.any():
            return cls(points, np.zeros_like(points), np.eye(3), np.zeros(3, dtype=bool))
        # A copy, because the compiled loop would be compiled again for a read-only array.
        cell = crystal.cell.copy()
        if pbc.all() and np.linalg.norm(cell, axis=1).prod() > SKEWED * abs(np.linalg.det(cell)):
            cell = niggli_matrix(cell) @ cell
        fractional = points @ np.linalg.inv(cell)
        fractional -= np.where(pbc, np.floor(fractional), 0.0)
        return cls(fractional @ cell, fractional, cell, pbc)

    def reach(self, cutoff: float) -> NDArray[np.float64]:
        """(3,) how far a sphere of that radius extends along each fractional coordinate, 0 where nothing repeats."""
        # The plane distance along axis i is 1/|a*_i|; a little more, so that rounding cannot lose an image.
        heights = np.linalg.norm(np.linalg.inv(self.cell), axis=0)
        extent: NDArray[np.float64] = np.where(self.pbc, cutoff * heights * (1 + 1e-12) + 1e-12, 0.0)
        return extent


def pairs_within(sites: Sites, cutoff: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Owner and length of every vector up to the cutoff from a site to another or to an image, owners ascending."""
    if len(sites.points) >= TREE_FROM:
        return _tree_pairs(sites, cutoff)
    if "numba" in sys.modules:
        # Something else has loaded it already; for this alone its import of 0.4 s would not pay.
        from xtalprint.geometry.compiled_pairs import compiled_pairs  # noqa: PLC0415 - imports Numba

        return compiled_pairs(
            sites.points, sites.fractional, sites.cell, sites.pbc, sites.reach(cutoff), cutoff * cutoff
        )
    return _table_pairs(sites, cutoff)


def nearest_k(sites: Sites, k: int, cutoff: float) -> NDArray[np.float64]:
    """(N, k) distances to the k nearest, ascending; infinite where fewer lie within the cutoff."""
    if len(sites.points) >= (TREE_FROM_FEW if k <= FEW else TREE_FROM):
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s that small cells do not pay

        tree = cKDTree(images_within(sites, cutoff)[0])
        # The nearest is the site itself: no other lies on it.
        found = tree.query(sites.points, k=k + 1, distance_upper_bound=cutoff * (1 + 1e-12))[0]
        return np.asarray(found, dtype=np.float64)[:, 1:]
    owner, distance = pairs_within(sites, cutoff)
    result = np.full((len(sites.points), k), np.inf)
    ends = np.searchsorted(owner, np.arange(len(result) + 1))
    for row, start, end in zip(result, ends[:-1], ends[1:], strict=True):
        nearest = np.sort(distance[start:end])[:k]
        row[: len(nearest)] = nearest
    return result


def _table_pairs(sites: Sites, cutoff: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    n = len(sites.points)
    targets = images_within(sites, cutoff)[0]
    owners, lengths = [], []
    step = max(1, TABLE // len(targets))
    for start in range(0, n, step):
        some = sites.points[start : start + step]
        # Differences, not |a|² + |b|² − 2ab: the latter loses half of the digits.
        delta = targets[None] - some[:, None]
        delta *= delta
        squared = delta[..., 0] + delta[..., 1] + delta[..., 2]
        squared[np.arange(len(some)), np.arange(start, start + len(some))] = np.inf
        owner, target = np.nonzero(squared <= cutoff * cutoff)
        owners.append(owner + start)
        lengths.append(np.sqrt(squared[owner, target]))
    return np.concatenate(owners), np.concatenate(lengths)


def images_within(sites: Sites, cutoff: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sites of the cell, then all images that may lie within the cutoff of one of them; and which site each is of."""
    reach = sites.reach(cutoff)
    low = sites.fractional.min(axis=0) - reach
    high = sites.fractional.max(axis=0) + reach
    owner = np.arange(len(sites.points))
    images = np.zeros((len(owner), 3))
    for axis in np.flatnonzero(sites.pbc).tolist():
        most = int(np.floor(reach[axis] + 1))
        n = np.array([0, *range(-most, 0), *range(1, most + 1)], dtype=np.float64)
        place = sites.fractional[owner, axis] + n[:, None]
        which, entry = np.nonzero((place >= low[axis]) & (place <= high[axis]))
        owner, images = owner[entry], images[entry]
        images[:, axis] = n[which]
    cell = sites.cell
    # Written out in this order, without BLAS, for the same bits as the compiled loop.
    shifts = images[:, :1] * cell[0] + images[:, 1:2] * cell[1] + images[:, 2:] * cell[2]
    return sites.points[owner] + shifts, owner


def _tree_pairs(sites: Sites, cutoff: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s that small cells do not pay

    images = images_within(sites, cutoff)[0]
    pairs = cKDTree(sites.points).sparse_distance_matrix(cKDTree(images), cutoff, output_type="ndarray")
    pairs = pairs[pairs["i"] != pairs["j"]]
    order = np.argsort(pairs["i"], kind="stable")
    return pairs["i"][order].astype(np.int64), pairs["v"][order]
