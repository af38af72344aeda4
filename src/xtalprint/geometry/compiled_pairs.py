"""The compiled twin of the table in `xtalprint.geometry.pairs`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _pairs(  # noqa: PLR0917, C901 - compiled: no keywords, one loop nest
    points: NDArray[np.float64],
    fractional: NDArray[np.float64],
    cell: NDArray[np.float64],
    pbc: NDArray[np.bool_],
    reach: NDArray[np.float64],
    cutoff_squared: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Owner and length of every vector of at most the cutoff, owners ascending; the same bits as without Numba.

    For each pair only those images are looked at whose fractional difference lies within ``reach``.
    """
    n = len(points)
    size = 64 * n
    owner = np.empty(size, dtype=np.int64)
    length = np.empty(size, dtype=np.float64)
    low = np.zeros(3, dtype=np.int64)
    high = np.zeros(3, dtype=np.int64)
    m = 0
    for i in range(n):
        for j in range(n):
            for axis in range(3):
                if pbc[axis]:
                    difference = fractional[j, axis] - fractional[i, axis]
                    low[axis] = int(np.ceil(-reach[axis] - difference))
                    high[axis] = int(np.floor(reach[axis] - difference))
            for u in range(low[0], high[0] + 1):
                for v in range(low[1], high[1] + 1):
                    for w in range(low[2], high[2] + 1):
                        if i == j and u == 0 and v == 0 and w == 0:
                            continue
                        x = points[j, 0] + (u * cell[0, 0] + v * cell[1, 0] + w * cell[2, 0]) - points[i, 0]
                        y = points[j, 1] + (u * cell[0, 1] + v * cell[1, 1] + w * cell[2, 1]) - points[i, 1]
                        z = points[j, 2] + (u * cell[0, 2] + v * cell[1, 2] + w * cell[2, 2]) - points[i, 2]
                        squared = x * x + y * y + z * z
                        if squared <= cutoff_squared:
                            if m == size:
                                size *= 2
                                longer_owner = np.empty(size, dtype=np.int64)
                                longer_owner[:m] = owner
                                owner = longer_owner
                                longer = np.empty(size, dtype=np.float64)
                                longer[:m] = length
                                length = longer
                            owner[m] = i
                            length[m] = np.sqrt(squared)
                            m += 1
    return owner[:m], length[:m]


compiled_pairs = compiled(_pairs)
