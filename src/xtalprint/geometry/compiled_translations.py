"""The compiled loop of `xtalprint.geometry.translations`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiled_nearest_within import nearest_to
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.geometry.compiled_nearest_within import Boxes

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Sites = tuple[Floats, Integers, Floats]
    Places = tuple[Floats, Integers]


@compiled
def hold(  # noqa: PLR0917 - compiled: no keywords, one loop nest
    shifts: Floats,
    tried: Integers,
    sites: Sites,
    places: Places,
    boxes: Boxes,
    apart: float,
    result: NDArray[np.bool_],
) -> None:
    """Say of each shift whether it brings all sites that are tried onto others of their kind.

    Parameters
    ----------
    shifts
        (n, 3) fractional.
    tried
        Numbers of the sites.
    sites
        All of them: (N, 3) fractional in the cell, what stands on each, and the cell.
    places, boxes
        The sites and their images next to the faces: (M, 3) where they are, the site of each; and in boxes.
    apart
        Å by which no component of what a shift is off may differ between two sites.
    """
    fractional, labels, cell = sites
    where, owner = places
    target = np.empty(3)
    step = np.empty(3)
    low = np.empty(3)
    high = np.empty(3)
    for i in range(len(shifts)):
        low[:] = np.inf
        high[:] = -np.inf
        result[i] = True
        for site in tried:
            for axis in range(3):
                step[axis] = fractional[site, axis] + shifts[i, axis]
                step[axis] -= np.floor(step[axis])
            for axis in range(3):
                target[axis] = step[0] * cell[0, axis] + step[1] * cell[1, axis] + step[2] * cell[2, axis]
            k = nearest_to(target[0], target[1], target[2], boxes)
            if k < 0 or labels[owner[k]] != labels[site]:
                result[i] = False
                break
            for axis in range(3):
                off = where[k, axis] - target[axis]
                low[axis] = min(low[axis], off)
                high[axis] = max(high[axis], off)
            if (high - low).max() > apart:
                result[i] = False
                break
