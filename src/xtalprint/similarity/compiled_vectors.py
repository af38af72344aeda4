"""The compiled loops of `xtalprint.similarity.vectors`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def _squares(a: Floats, b: Floats, out: Floats) -> None:
    """Sums of squared differences of all rows, each summed alike, so that blocks do not matter."""
    for i in range(len(a)):
        for j in range(len(b)):
            total = 0.0
            for k in range(a.shape[1]):
                difference = a[i, k] - b[j, k]
                total += difference * difference
            out[i, j] = total


squares = compiled(_squares, fastmath=True)
