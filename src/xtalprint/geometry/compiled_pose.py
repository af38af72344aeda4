"""The compiled loop of `xtalprint.geometry.pose`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def weighted_moments(points: Floats, weights: Floats, images: Floats, reach: float) -> tuple[Floats, Floats]:
    """Sums over all vectors r of at most ``reach`` from points to images: of r ⊗ r and of r ⊗ r ⊗ r.

    Each is multiplied by the weight of its point and by (1 − r²/reach²)², so that none enters or leaves suddenly.

    Parameters
    ----------
    points, weights
        (N, 3) and (N,).
    images
        (M, 3).

    Returns
    -------
    (3, 3) and (3, 3, 3).
    """
    second, third = np.zeros((3, 3)), np.zeros((3, 3, 3))
    _sum(points, weights, images, reach * reach, second, third)
    return second, third


@compiled
def _sum(  # noqa: PLR0917 - compiled: no keywords
    points: Floats, weights: Floats, images: Floats, squared_reach: float, second: Floats, third: Floats
) -> None:
    vector = np.empty(3)
    for i in range(len(points)):
        for j in range(len(images)):
            squared = 0.0
            for axis in range(3):
                vector[axis] = images[j, axis] - points[i, axis]
                squared += vector[axis] * vector[axis]
            if squared >= squared_reach:
                continue
            share = 1.0 - squared / squared_reach
            weight = weights[i] * share * share
            for a in range(3):
                for b in range(3):
                    second[a, b] += weight * vector[a] * vector[b]
                    for c in range(3):
                        third[a, b, c] += weight * vector[a] * vector[b] * vector[c]
