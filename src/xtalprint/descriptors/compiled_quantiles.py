"""The compiled loop of the earth mover's distance without bins; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def _transport(a: Floats, a_shares: Floats, b: Floats, b_shares: Floats, result: Floats) -> None:
    """Fill (groups,) with the area between the quantile functions of the rows of a and b, both ascending."""
    for k in range(len(result)):
        i = j = 0
        left_a, left_b = a_shares[k, 0], b_shares[k, 0]
        total = 0.0
        while True:
            # Move what both have left at their places; rounding at the end moves less than 1e-15.
            moved = min(left_a, left_b)
            total += moved * abs(a[k, i] - b[k, j])
            left_a -= moved
            left_b -= moved
            if left_a <= left_b:
                i += 1
                if i == a.shape[1]:
                    break
                left_a = a_shares[k, i]
            else:
                j += 1
                if j == b.shape[1]:
                    break
                left_b = b_shares[k, j]
        result[k] = total


transport = compiled(_transport)
