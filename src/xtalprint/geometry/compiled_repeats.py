"""The compiled loops of `xtalprint.geometry.own_axes`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiled_nearest_within import NearestWithin
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


def differences_between(
    points: Floats, origins: Integers, images: Floats, owner: Integers, limits: tuple[float, float, float]
) -> Floats:
    """(m, 3) vectors from the points ``origins`` to images of other points.

    Parameters
    ----------
    points
        (N, 3).
    origins
        Which of them the vectors start from.
    images, owner
        (M, 3) and (M,) places, and which point each is an image of.
    limits
        Least and largest length, and least z, all exclusive.
    """
    found = np.empty((_differences(points, origins, images, owner, limits, np.empty((0, 3))), 3))
    _differences(points, origins, images, owner, limits, found)
    return found


@compiled
def _differences(  # noqa: PLR0917 - compiled: no keywords, one loop nest
    points: Floats,
    origins: Integers,
    images: Floats,
    owner: Integers,
    limits: tuple[float, float, float],
    found: Floats,
) -> int:
    """Count them, and write them where there is room."""
    shortest, longest, lowest = limits
    n = 0
    for i in origins:
        for j in range(len(images)):
            z = images[j, 2] - points[i, 2]
            if z <= lowest or owner[j] == i:
                continue
            x = images[j, 0] - points[i, 0]
            y = images[j, 1] - points[i, 1]
            squared = x * x + y * y + z * z
            if shortest * shortest < squared < longest * longest:
                if n < len(found):
                    found[n, 0] = x
                    found[n, 1] = y
                    found[n, 2] = z
                n += 1
    return n


def gathered(points: Floats, centres: Floats, reach: float) -> tuple[Integers, Floats, Floats]:
    """Gather each point at the nearest of the centres, if that is within ``reach``.

    Parameters
    ----------
    points, centres
        (m, 3) and (n, 3).

    Returns
    -------
    (n,) how many came to each centre, (n, 3) the mean of their offsets from it, and (n,) the sum of the squares of
    their distances from that mean.
    """
    counts, sums, squares = (
        np.zeros(len(centres), dtype=np.int64),
        np.zeros((len(centres), 3)),
        np.zeros(len(centres)),
    )
    _gather(points, centres, NearestWithin(centres, reach).of(points), counts, sums, squares)
    means: Floats = sums / np.maximum(counts, 1)[:, None]
    return counts, means, np.maximum(squares - counts * (means**2).sum(axis=1), 0.0)


@compiled
def _gather(  # noqa: PLR0917 - compiled: no keywords
    points: Floats, centres: Floats, nearest: Integers, counts: Integers, sums: Floats, squares: Floats
) -> None:
    for i in range(len(points)):
        k = nearest[i]
        if k >= 0:
            counts[k] += 1
            for axis in range(3):
                apart = points[i, axis] - centres[k, axis]
                sums[k, axis] += apart
                squares[k] += apart * apart


def sites_of(fractional: Floats, cell: Floats, reach: float) -> Integers:
    """(N,) number of the site of each atom: greedily, where most atoms fall onto each other in the cell.

    Parameters
    ----------
    fractional
        (N, 3) in units of the ``cell``, of which they may be anywhere.
    reach
        How far from the middle of its site an atom may be.
    """
    site = np.full(len(fractional), -1)
    _sites(fractional, cell, reach * reach, site)
    return site


@compiled
def _apart(a: Floats, b: Floats, cell: Floats, vector: Floats) -> float:
    """Write the vector from b to a, brought into the cell around zero, and return the square of its length."""
    vector[:] = 0.0
    for row in range(3):
        step = a[row] - b[row]
        step -= np.rint(step)
        for axis in range(3):
            vector[axis] += step * cell[row, axis]
    squared: float = vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]
    return squared


@compiled
def _sites(fractional: Floats, cell: Floats, squared_reach: float, site: Integers) -> None:
    n = len(fractional)
    near = np.zeros((n, n), dtype=np.bool_)
    vector = np.zeros(3)
    for i in range(n):
        for j in range(i + 1):
            near[i, j] = near[j, i] = _apart(fractional[i], fractional[j], cell, vector) < squared_reach
    crowd = np.zeros(n, dtype=np.int64)
    number = 0
    while (site < 0).any():
        for i in range(n):
            crowd[i] = (near[i] & (site < 0)).sum() if site[i] < 0 else -1
        middle = crowd.argmax()
        # Around the mean of the crowd rather than around one of its atoms.
        mean = np.zeros(3)
        for i in range(n):
            if near[middle, i] and site[i] < 0:
                _apart(fractional[i], fractional[middle], cell, vector)
                mean += vector / crowd[middle]
        for i in range(n):
            if site[i] < 0:
                _apart(fractional[i], fractional[middle], cell, vector)
                if i == middle or ((vector - mean) ** 2).sum() < squared_reach:
                    site[i] = number
        number += 1


def count_inside(points: Floats, shifts: Floats, faces: Floats, edge: float) -> Integers:
    """(n,) how many points are still inside all faces, but for ``edge``, when each shift is added to them.

    Parameters
    ----------
    points, shifts
        (N, 3), all of them inside, and (n, 3).
    faces
        (F, 4) outward normals and offsets.
    """
    depth = (points @ faces[:, :3].T + faces[:, 3]).T
    counts = np.zeros(len(shifts), dtype=np.int64)
    _count(np.ascontiguousarray(depth), shifts @ faces[:, :3].T, edge, counts)
    return counts


@compiled
def _count(depth: Floats, shifts: Floats, edge: float, counts: Integers) -> None:
    outside = np.empty(depth.shape[1], dtype=np.bool_)
    for i in range(len(shifts)):
        outside[:] = False
        for k in range(len(depth)):
            # Through a face that the shift does not point to no point leaves.
            if shifts[i, k] > 0:
                for j in range(depth.shape[1]):
                    outside[j] |= depth[k, j] + shifts[i, k] > edge
        counts[i] = len(outside) - outside.sum()


def shared_density(places: Floats, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Density on a grid of points at ``places`` (n, 3), in its steps and at least one from its rim.

    Each point is shared among the 27 grid points around it by quadratic B-splines, so the density is smooth.
    """
    density = np.zeros(shape, dtype=np.float32)
    _share(places, density)
    return density


@compiled
def _share(places: Floats, density: NDArray[np.float32]) -> None:
    weights = np.empty((3, 3), dtype=np.float32)
    low = np.empty(3, dtype=np.int64)
    for i in range(len(places)):
        for axis in range(3):
            nearest = np.floor(places[i, axis] + 0.5)
            off = places[i, axis] - nearest
            low[axis] = int(nearest) - 1
            weights[axis, 0] = 0.5 * (0.5 - off) ** 2
            weights[axis, 1] = 0.75 - off * off
            weights[axis, 2] = 0.5 * (0.5 + off) ** 2
        for u in range(3):
            for v in range(3):
                weight = weights[0, u] * weights[1, v]
                for w in range(3):
                    density[low[0] + u, low[1] + v, low[2] + w] += weight * weights[2, w]


def maxima(density: NDArray[np.float32], least: float) -> Integers:
    """(n, 3) places of a grid, not at its rim, that are above ``least`` and not below any of their 26 neighbours."""
    found = np.empty((density.size, 3), dtype=np.int64)
    return found[: _maxima(density, np.float32(least), found)].copy()


@compiled
def _maxima(density: NDArray[np.float32], least: np.float32, found: Integers) -> int:
    n = 0
    for x in range(1, density.shape[0] - 1):
        for y in range(1, density.shape[1] - 1):
            for z in range(1, density.shape[2] - 1):
                value = density[x, y, z]
                if value <= least:
                    continue
                highest = True
                for u in range(x - 1, x + 2):
                    for v in range(y - 1, y + 2):
                        for w in range(z - 1, z + 2):
                            highest = highest and density[u, v, w] <= value
                if highest:
                    found[n, 0] = x
                    found[n, 1] = y
                    found[n, 2] = z
                    n += 1
    return n
