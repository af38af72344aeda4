"""Rows of a crystal that stand on one site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Up to this many rows all pairs are looked at (no SciPy import, and faster).
SMALL = 200


def group_coincident(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64] | None,
    pbc: tuple[bool, bool, bool],
    tolerance: float,
) -> NDArray[np.int64]:
    """Number the sites: rows within ``tolerance`` of each other (periodic images too) get the same number.

    Parameters
    ----------
    positions
        (N, 3) in Å.
    cell
        (3, 3) rows in Å, or None.
    pbc
        Along which lattice vectors images count.
    tolerance
        Å.

    Returns
    -------
    (N,) site index of each row, numbered in order of first appearance.
    """
    n = len(positions)
    pairs = _close_pairs_small(positions, cell, pbc, tolerance) if n <= SMALL else None
    if pairs is None:
        pairs = _close_pairs_large(positions, cell, pbc, tolerance)
    site = np.arange(n)
    if len(pairs) == 0:
        return site
    changed = True
    while changed:
        low = np.minimum(site[pairs[:, 0]], site[pairs[:, 1]])
        new = site.copy()
        np.minimum.at(new, pairs[:, 0], low)
        np.minimum.at(new, pairs[:, 1], low)
        changed = not np.array_equal(new, site)
        site = new
    return np.unique(site, return_inverse=True)[1].astype(np.int64)


def _close_pairs_small(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64] | None,
    pbc: tuple[bool, bool, bool],
    tolerance: float,
) -> NDArray[np.int64]:
    delta = positions[:, None, :] - positions[None, :, :]
    if cell is not None:
        # An image within the tolerance differs by a fraction close to a whole number along every axis, so the
        # rounded difference is that image whatever the skew of the cell.
        fractional = delta @ np.linalg.inv(cell)
        shift = np.where(pbc, np.round(fractional), 0.0)
        delta = (fractional - shift) @ cell
    close = np.einsum("ijk,ijk->ij", delta, delta) < tolerance**2
    return np.argwhere(np.triu(close, 1))


def _close_pairs_large(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64] | None,
    pbc: tuple[bool, bool, bool],
    tolerance: float,
) -> NDArray[np.int64]:
    from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s that small cells do not pay

    points, owner = positions, np.arange(len(positions))
    if cell is not None and any(pbc):
        inverse = np.linalg.inv(cell)
        fractional = positions @ inverse
        fractional -= np.where(pbc, np.floor(fractional), 0.0)
        # Fractional width of a slab of thickness `tolerance` below each face, generously.
        margin = 2 * tolerance * np.linalg.norm(inverse, axis=0)
        for axis in range(3):
            if pbc[axis]:
                image = fractional[:, axis] < margin[axis]
                shifted = fractional[image].copy()
                shifted[:, axis] += 1.0
                fractional = np.concatenate([fractional, shifted])
                owner = np.concatenate([owner, owner[image]])
        points = fractional @ cell
    pairs = owner[cKDTree(points).query_pairs(tolerance, output_type="ndarray")]
    return pairs[pairs[:, 0] != pairs[:, 1]]
