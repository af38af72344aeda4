"""The compiled sums of `xtalprint.geometry.bond_moments`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.bond_moments import DEGREE
from xtalprint.geometry.compiled_sums import sums_of
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Search = tuple[Floats, NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64], NDArray[np.int64]]

#: Pairs of one grid interval that are gathered before their monomials are added up: five rows of 64 for each of a
#: hundred intervals stay in the second-level cache, and loops of 64 fill the vector units.
BLOCK = 64
X, Y, Z, WEIGHT, SHARE = range(5)
#: Boxes have half the edge of the longest pair, so pairs reach two boxes away.
BOXES = 2


sums_of_16, sums_of_32, sums_of_64 = sums_of(16), sums_of(32), sums_of(BLOCK)


def _add_block(block: Floats, n: int, powers: Floats, lower: Floats, upper: Floats) -> None:
    """Add the monomials of n gathered pairs (5, 64) to the moments of both ends of their interval.

    The others of the 64 must be finite; they get the weight 0.
    """
    width = 16 if n <= 16 else 32 if n <= 32 else BLOCK  # noqa: PLR2004 - the three sums
    for k in range(width):
        powers[0, 0, k] = 1.0
        powers[1, 0, k] = 1.0
        powers[2, 0, k] = block[WEIGHT, k] if k < n else 0.0
    for exponent in range(1, DEGREE + 1):
        for axis in range(3):
            for k in range(width):
                powers[axis, exponent, k] = powers[axis, exponent - 1, k] * block[axis, k]
    place = 0
    for a in range(DEGREE + 1):
        for b in range(DEGREE + 1 - a):
            x, y, z = powers[0, a], powers[1, b], powers[2, DEGREE - a - b]
            if width == BLOCK:
                total, shared = sums_of_64(x, y, z, block[SHARE])
            elif width == 32:  # noqa: PLR2004 - as above
                total, shared = sums_of_32(x, y, z, block[SHARE])
            else:
                total, shared = sums_of_16(x, y, z, block[SHARE])
            lower[place] += total - shared
            upper[place] += shared
            place += 1


add_block = compiled(_add_block)


def _add_bonds(  # noqa: PLR0917, C901 - compiled: no keywords, one loop nest
    sites: Floats, weights: Floats, search: Search, edge: float, step: float, counts: Floats, moments: Floats
) -> None:
    """Add all pairs to ``counts`` and ``moments``."""
    points, owner, start, origin, shape, rank = search
    last = len(counts) - 1
    reach_squared = (step * last) * (step * last)
    blocks = np.zeros((last, 5, BLOCK))
    filled = np.zeros(last, dtype=np.int64)
    powers = np.empty((3, DEGREE + 1, BLOCK))
    box = np.empty(3, dtype=np.int64)
    for i in range(len(sites)):
        for axis in range(3):
            box[axis] = int((sites[i, axis] - origin[axis]) / edge)
        for u in range(max(box[0] - BOXES, 0), min(box[0] + BOXES + 1, shape[0])):
            for v in range(max(box[1] - BOXES, 0), min(box[1] + BOXES + 1, shape[1])):
                base = (u * shape[1] + v) * shape[2]
                first = start[base + max(box[2] - BOXES, 0)]
                end = start[base + min(box[2] + BOXES + 1, shape[2])]
                for k in range(first, end):
                    j = owner[k]
                    if j < i or k == rank[i]:
                        continue
                    x = points[k, 0] - sites[i, 0]
                    y = points[k, 1] - sites[i, 1]
                    z = points[k, 2] - sites[i, 2]
                    squared = x * x + y * y + z * z
                    if squared >= reach_squared:
                        continue
                    length = np.sqrt(squared)
                    place = length / step
                    low = min(int(place), last - 1)
                    weight = weights[i] * weights[j] * (0.5 if j == i else 1.0)
                    counts[low] += weight * (1.0 - (place - low))
                    counts[low + 1] += weight * (place - low)
                    block = blocks[low]
                    n = filled[low]
                    block[X, n] = x / length
                    block[Y, n] = y / length
                    block[Z, n] = z / length
                    block[WEIGHT, n] = weight
                    block[SHARE, n] = place - low
                    filled[low] = n + 1
                    if n + 1 == BLOCK:
                        add_block(block, BLOCK, powers, moments[low], moments[low + 1])
                        filled[low] = 0
    for low in range(last):
        if filled[low]:
            add_block(blocks[low], filled[low], powers, moments[low], moments[low + 1])


add_bonds = compiled(_add_bonds)
