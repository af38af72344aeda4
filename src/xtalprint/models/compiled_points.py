"""The compiled loop of `xtalprint.models.stiffness_fit`; importing this file imports Numba."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]


def _distances(columns: Singles, point: Singles, out: Singles) -> None:
    """Fill ``out`` (n,) with the distances of n points from one; ``columns`` (dimensions, n) are their coordinates.

    The order of each sum is that of the dimensions, whatever the number of points, threads or processes.
    """
    for i in range(len(out)):
        out[i] = 0
    for k in range(len(point)):
        for i in range(len(out)):
            difference = columns[k, i] - point[k]
            out[i] += difference * difference
    for i in range(len(out)):
        out[i] = math.sqrt(out[i])


distances = compiled(_distances)
