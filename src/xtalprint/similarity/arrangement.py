"""What a matrix of distances looks like: as a tree, and as points of a plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Trees of more crystals are not turned so that alike leaves meet: that takes the third power of their number.
MOST_TURNED = 500


def average_linkage(matrix: Floats) -> Floats:
    """Tree of crystals: the two nearest groups are joined again and again; the mean of their distances counts.

    Parameters
    ----------
    matrix
        (n, n) symmetric distances of at least two crystals.

    Returns
    -------
    (n - 1, 4) joins as SciPy has them; up to `MOST_TURNED` leaves stand as near as can be to those they are like.

    Examples
    --------
    >>> average_linkage(np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 2.0], [4.0, 2.0, 0.0]]))[:, 2]
    array([1., 3.])
    """
    from scipy.cluster.hierarchy import linkage  # noqa: PLC0415 - for trees only
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    turned = len(matrix) <= MOST_TURNED
    tree: Floats = linkage(squareform(matrix, checks=False), "average", optimal_ordering=turned)
    return tree


@dataclass(frozen=True, eq=False)
class Plane:
    """Crystals as points of a plane.

    Parameters
    ----------
    points
        (n, 2) in the unit of the distances, the first axis the longest.
    share
        Of the spread of all points that the plane shows, from 0 to 1. The rest needs further axes.
    """

    points: Floats
    share: float


def classical_scaling(matrix: Floats) -> Plane:
    """Points of a plane whose distances are near those of a matrix (Torgerson's classical scaling).

    Parameters
    ----------
    matrix
        (n, n) symmetric distances; they need not be Euclidean.

    Returns
    -------
    The two longest principal axes; each is turned so that its farthest point lies on the positive side.

    Source
    ------
    W. S. Torgerson, Psychometrika 17, 401 (1952).

    Examples
    --------
    >>> line = np.abs(np.subtract.outer([0.0, 1.0, 5.0], [0.0, 1.0, 5.0]))
    >>> plane = classical_scaling(line)
    >>> plane.points[:, 0].round(6), round(plane.share, 6)
    (array([-2., -1.,  3.]), 1.0)
    """
    squares = np.square(matrix, dtype=np.float64)
    means = squares.mean(axis=1)
    values, axes = np.linalg.eigh(-0.5 * (squares - means[:, None] - means[None, :] + means.mean()))
    points = np.zeros((len(matrix), 2))
    for axis in range(min(2, len(matrix))):
        points[:, axis] = axes[:, -1 - axis] * np.sqrt(max(values[-1 - axis], 0.0))
        if points[np.abs(points[:, axis]).argmax(), axis] < 0:
            points[:, axis] *= -1
    spread = float(np.maximum(values, 0.0).sum())
    shown = float(np.maximum(values[-2:], 0.0).sum())
    return Plane(points, shown / spread if spread > 0 else 1.0)
