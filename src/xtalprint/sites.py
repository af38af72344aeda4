"""Rows of a crystal that stand on one site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Up to this many rows all pairs are looked at (no SciPy import, and faster).
SMALL = 200
#: With so many rows in one cube whose diagonal is the tolerance, it is likely no crystal but a wrong unit, or a heap
#: of duplicates. All their pairs might not fit into the memory: the rows in one cube are linked to its first, and the
#: first ones of all cubes to each other.
CROWDED = 8


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
    if n > SMALL:
        return _components(n, pairs)
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
    if cell is not None and any(pbc):
        fractional = _times(positions, np.linalg.inv(cell))
        positions = positions - _times(np.where(pbc, np.floor(fractional), 0.0), cell)
    crowd, _ = _links_in_cubes(positions, tolerance / 3**0.5)
    if _largest(crowd) < CROWDED:
        return _close_pairs_tree(positions, cell, pbc, tolerance)
    links, distinct = _links_in_cubes(positions, SAME * tolerance)
    crowd, first = _links_in_cubes(positions[distinct], tolerance / 3**0.5)
    if _largest(crowd) < CROWDED:
        near = _close_pairs_tree(positions[distinct], cell, pbc, tolerance)
    else:
        near = np.concatenate([crowd, first[_close_pairs_tree(positions[distinct[first]], cell, pbc, tolerance)]])
    return np.concatenate([links, distinct[near]])


def _close_pairs_tree(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64] | None,
    pbc: tuple[bool, bool, bool],
    tolerance: float,
) -> NDArray[np.int64]:
    """All close pairs of positions in the cell."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s that small cells do not pay

    points, owner = positions, np.arange(len(positions))
    if cell is not None and any(pbc):
        inverse = np.linalg.inv(cell)
        fractional = _times(positions, inverse)
        # Fractional width of a slab of thickness `tolerance` below each face, generously.
        margin = 2 * tolerance * np.linalg.norm(inverse, axis=0)
        for axis in range(3):
            if pbc[axis]:
                image = np.flatnonzero(fractional[:, axis] < margin[axis])
                points = np.concatenate([points, points[image] + cell[axis]])
                shift = np.zeros(3)
                shift[axis] = 1.0
                fractional = np.concatenate([fractional, fractional[image] + shift])
                owner = np.concatenate([owner, owner[image]])
    # For one search a quickly built tree is better than a balanced one.
    tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
    pairs = owner[tree.query_pairs(tolerance, output_type="ndarray")]
    between_rows: NDArray[np.int64] = pairs[pairs[:, 0] != pairs[:, 1]]
    return between_rows


def _times(rows: NDArray[np.float64], matrix: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Product of many rows with a 3×3 matrix, on one thread: a linear algebra library would start several."""
    product: NDArray[np.float64] = rows[:, :1] * matrix[0] + rows[:, 1:2] * matrix[1] + rows[:, 2:] * matrix[2]
    return product


#: In a crowd, positions closer than this fraction of the tolerance are taken together first.
SAME = 1e-4
#: Three large odd numbers.
_HASH = np.array([0x1F83D9ABFB41BD6B, 0x27D4EB2F165667C5, 0x5851F42D4C957F2D], dtype=np.int64)


def _links_in_cubes(points: NDArray[np.float64], edge: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Link each point to the first one in its cube of a grid; also the first points of all cubes."""
    step = np.floor((points - points.min(axis=0)) / edge).astype(np.int64)
    # Sorted by a hash, for speed; the steps themselves are compared, so that a clash of hashes links nothing.
    order = np.argsort(step @ _HASH, kind="stable")
    new = np.ones(len(points), dtype=bool)
    new[1:] = (np.diff(step[order], axis=0) != 0).any(axis=1)
    first = order[new]
    group = np.cumsum(new) - 1
    return np.column_stack([order[~new], first[group[~new]]]), first


def _largest(links: NDArray[np.int64]) -> int:
    """Most points that are linked to one."""
    return int(np.bincount(links[:, 1]).max()) if len(links) else 0


def _components(n: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the sites of many rows, in order of first appearance, however long the chains of pairs."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - with SciPy's trees
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - likewise

    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    _, first, which = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[which]
