"""The compiled loops of `xtalprint.geometry.own_axes`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


#: Smaller boxes would all be empty.
LEAST_EDGE = 0.5


def nearest_centres(points: Floats, centres: Floats, reach: float) -> Integers:
    """(n,) number of the nearest of the centres within ``reach`` of each point; −1 where there is none."""
    # In boxes of twice the reach, all that is near a point in one half of it lies there or in the next on that side.
    edge = max(2 * reach, LEAST_EDGE)
    origin = centres.min(axis=0) - edge
    box = ((centres - origin) / edge).astype(np.int64)
    shape = box.max(axis=0) + 2
    flat = (box[:, 0] * shape[1] + box[:, 1]) * shape[2] + box[:, 2]
    order = np.argsort(flat, kind="stable")
    start = np.searchsorted(flat[order], np.arange(int(shape.prod()) + 1))
    result = np.full(len(points), -1)
    _nearest(points, centres[order], order, start, (origin, shape), (edge, reach), result)
    return result


@compiled
def _nearest(  # noqa: PLR0917 - compiled: no keywords, one loop nest
    points: Floats,
    centres: Floats,
    order: Integers,
    start: Integers,
    grid: tuple[Floats, Integers],
    lengths: tuple[float, float],
    result: Integers,
) -> None:
    origin, shape = grid
    edge, reach = lengths
    for i in range(len(points)):
        best = reach * reach
        x = (points[i, 0] - origin[0]) / edge - 0.5
        y = (points[i, 1] - origin[1]) / edge - 0.5
        z = (points[i, 2] - origin[2]) / edge - 0.5
        if not (-1 < x < shape[0] and -1 < y < shape[1] and -1 < z < shape[2]):
            continue
        a = int(np.floor(x))
        b = int(np.floor(y))
        c = int(np.floor(z))
        for u in range(max(a, 0), min(a + 2, shape[0])):
            for v in range(max(b, 0), min(b + 2, shape[1])):
                base = (u * shape[1] + v) * shape[2]
                for k in range(start[base + max(c, 0)], start[base + min(c + 2, shape[2])]):
                    dx = points[i, 0] - centres[k, 0]
                    dy = points[i, 1] - centres[k, 1]
                    dz = points[i, 2] - centres[k, 2]
                    squared = dx * dx + dy * dy + dz * dz
                    if squared < best:
                        best = squared
                        result[i] = order[k]


def count_inside(points: Floats, shifts: Floats, faces: Floats, edge: float) -> Integers:
    """(n,) how many points are still inside all faces, but for ``edge``, when each shift is added to them.

    Parameters
    ----------
    points, shifts
        (N, 3) and (n, 3).
    faces
        (F, 4) outward normals and offsets.
    """
    depth = points @ faces[:, :3].T + faces[:, 3]
    counts = np.zeros(len(shifts), dtype=np.int64)
    _count(depth, shifts @ faces[:, :3].T, edge, counts)
    return counts


@compiled
def _count(depth: Floats, shifts: Floats, edge: float, counts: Integers) -> None:
    for i in range(len(shifts)):
        # Most points that leave do so through the face that the shift points to.
        first = shifts[i].argmax()
        for j in range(len(depth)):
            inside = depth[j, first] + shifts[i, first] <= edge
            if not inside:
                continue
            for k in range(depth.shape[1]):
                if depth[j, k] + shifts[i, k] > edge:
                    inside = False
                    break
            counts[i] += inside


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
