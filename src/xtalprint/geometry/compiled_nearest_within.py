"""The nearest of many centres within a short reach of each point; importing this file imports Numba."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    #: Centres by box and their numbers, where each box begins, the corner and the number of boxes, their edge, reach.
    Boxes = tuple[Floats, Integers, Integers, Floats, Integers, float, float]


class NearestWithin:
    """Centres in boxes, to be asked for the nearest of them.

    Parameters
    ----------
    centres
        (n, 3), at least one.
    reach
        No centre further away counts.
    """

    def __init__(self, centres: Floats, reach: float) -> None:
        extent = np.ptp(centres, axis=0)
        # About one centre in each box; a flat or straight crowd of them does not make more boxes than it fills.
        room = np.maximum(extent, max(extent.max() / len(centres), reach, np.finfo(float).tiny))
        # In boxes of twice the reach, all that is near a point in one half is there or in the next on that side.
        edge = max(2 * reach, float(np.cbrt(room[0] / len(centres)) * np.cbrt(room[1]) * np.cbrt(room[2])))
        origin = centres.min(axis=0) - edge
        box = ((centres - origin) / edge).astype(np.int64)
        shape = box.max(axis=0) + 2
        flat = (box[:, 0] * shape[1] + box[:, 1]) * shape[2] + box[:, 2]
        order = np.argsort(flat, kind="stable")
        start = np.searchsorted(flat[order], np.arange(int(shape.prod()) + 1))
        #: What `nearest_to` takes.
        self.boxes: Boxes = (centres[order], order, start, origin, shape, edge, reach)

    def of(self, points: Floats) -> Integers:
        """(m,) number of the nearest of the centres, nearer than the reach, to each of (m, 3) points; −1 if none."""
        result = np.empty(len(points), dtype=np.int64)
        _nearest(points, self.boxes, result)
        return result


@partial(compiled, inline=True)
def nearest_to(x: float, y: float, z: float, boxes: Boxes) -> int:
    """Number of the nearest of the centres, nearer than the reach, to a point; −1 if there is none."""
    centres, order, start, origin, shape, edge, reach = boxes
    a = int(np.floor((x - origin[0]) / edge - 0.5))
    b = int(np.floor((y - origin[1]) / edge - 0.5))
    c = int(np.floor((z - origin[2]) / edge - 0.5))
    # No box of all these: the next two statements must not see a number that wraps around.
    if not (-2 < a < shape[0] and -2 < b < shape[1] and -2 < c < shape[2]):  # noqa: PLR2004 - two boxes along each axis
        return -1
    best = reach * reach
    nearest = -1
    for u in range(max(a, 0), min(a + 2, shape[0])):
        for v in range(max(b, 0), min(b + 2, shape[1])):
            base = (u * shape[1] + v) * shape[2]
            for k in range(start[base + max(c, 0)], start[base + min(c + 2, shape[2])]):
                dx = x - centres[k, 0]
                dy = y - centres[k, 1]
                dz = z - centres[k, 2]
                squared = dx * dx + dy * dy + dz * dz
                if squared < best:
                    best = squared
                    nearest = order[k]
    return nearest


@compiled
def _nearest(points: Floats, boxes: Boxes, result: Integers) -> None:
    for i in range(len(points)):
        result[i] = nearest_to(points[i, 0], points[i, 1], points[i, 2], boxes)
