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


@compiled
def holds_for_all(shift: Floats, sites: Sites, places: Places, boxes: Boxes, tolerance: float) -> tuple[bool, int]:
    """Whether a shift brings the sites onto others of their kind, each onto another, by nearly the same vector.

    Parameters
    ----------
    shift
        (3,) fractional.
    sites, places, boxes
        As of `hold`.
    tolerance
        Å by which what it is off may differ from the mean of all.

    Returns
    -------
    The answer, and how many sites were looked at for it.
    """
    fractional, labels, cell = sites
    where, owner = places
    n = len(labels)
    off = np.empty((n, 3))
    taken = np.zeros(n, dtype=np.bool_)
    target = np.empty(3)
    step = np.empty(3)
    mean = np.zeros(3)
    low = np.full(3, np.inf)
    high = np.full(3, -np.inf)
    for site in range(n):
        for axis in range(3):
            step[axis] = fractional[site, axis] + shift[axis]
            step[axis] -= np.floor(step[axis])
        for axis in range(3):
            target[axis] = step[0] * cell[0, axis] + step[1] * cell[1, axis] + step[2] * cell[2, axis]
        k = nearest_to(target[0], target[1], target[2], boxes)
        if k < 0 or labels[owner[k]] != labels[site] or taken[owner[k]]:
            return False, site + 1
        taken[owner[k]] = True
        for axis in range(3):
            off[site, axis] = where[k, axis] - target[axis]
            mean[axis] += off[site, axis] / n
            low[axis] = min(low[axis], off[site, axis])
            high[axis] = max(high[axis], off[site, axis])
        # Two that differ by more cannot both be near the mean: most translations that fail do after few sites.
        if (high - low).max() > 2 * tolerance:
            return False, site + 1
    for site in range(n):
        squared = 0.0
        for axis in range(3):
            squared += (off[site, axis] - mean[axis]) ** 2
        if squared > tolerance * tolerance:
            return False, n
    return True, n
