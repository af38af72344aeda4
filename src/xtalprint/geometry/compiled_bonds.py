"""The compiled twin of the sums in `xtalprint.geometry.bond_moments`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Search = tuple[Floats, NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64], NDArray[np.int64]]

DEGREE = 12
N_MONOMIALS = (DEGREE + 1) * (DEGREE + 2) // 2
#: Boxes have half the edge of the longest pair, so pairs reach two boxes away.
BOXES = 2
#: Any, because some versions of Numba have type information and others have none.
_njit: Any = numba.njit


def _add_pair(  # noqa: PLR0917 - compiled: no keywords
    x: float,
    y: float,
    z: float,
    lower: float,
    upper: float,
    powers: Floats,
    monomials: Floats,
    low_row: Floats,
    high_row: Floats,
) -> None:
    """Add the monomials of one unit vector to two rows of moments."""
    powers[0, 0] = powers[1, 0] = powers[2, DEGREE] = 1.0
    for exponent in range(1, DEGREE + 1):
        powers[0, exponent] = powers[0, exponent - 1] * x
        powers[1, exponent] = powers[1, exponent - 1] * y
        # Backwards, so that the loop over b below walks through both tables in the same direction.
        powers[2, DEGREE - exponent] = powers[2, DEGREE - exponent + 1] * z
    place = 0
    for a in range(DEGREE + 1):
        for b in range(DEGREE + 1 - a):
            monomials[place + b] = (powers[0, a] * powers[1, b]) * powers[2, a + b]
        place += DEGREE + 1 - a
    for k in range(N_MONOMIALS):
        low_row[k] += lower * monomials[k]
        high_row[k] += upper * monomials[k]


def _add_bonds(  # noqa: PLR0917 - compiled: no keywords, one loop nest
    sites: Floats, weights: Floats, search: Search, edge: float, step: float, counts: Floats, moments: Floats
) -> None:
    """Add all pairs to ``counts`` and ``moments``."""
    points, owner, start, origin, shape, rank = search
    last = len(counts) - 1
    reach_squared = (step * last) * (step * last)
    powers = np.empty((3, DEGREE + 1))
    monomials = np.empty(N_MONOMIALS)
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
                    upper = weight * (place - low)
                    lower = weight - upper
                    counts[low] += lower
                    counts[low + 1] += upper
                    add_pair(
                        x / length,
                        y / length,
                        z / length,
                        lower,
                        upper,
                        powers,
                        monomials,
                        moments[low],
                        moments[low + 1],
                    )


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    compiled: Callable[..., None]
    try:
        compiled = _njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written: compile in each process
        compiled = _njit(nogil=True)(function)
    return compiled


add_pair = _compiled(_add_pair)
add_bonds = _compiled(_add_bonds)
