"""The six orientations of a cluster, by their distinct coordinates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Which of the rows of ``across`` is x, which is y, which of ``along`` is z: turned by + and − about x, y, z.
PATTERNS = np.array([(0, 2, 0), (0, 3, 1), (4, 1, 2), (5, 1, 3), (6, 7, 4), (8, 9, 4)], dtype=np.int64)


def turned_coordinates(
    positions: NDArray[np.float64], angle: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Coordinates of a cluster turned by plus and minus ``angle`` about the three axes.

    Parameters
    ----------
    positions
        (N, 3) Å.
    angle
        Degrees. At 45° the pattern of −45° about the beam is that of +45° turned by 90°, and is left out.

    Returns
    -------
    across
        (8 or 10, N) Å, distinct coordinates along x and y.
    along
        (5, N) Å, distinct coordinates along the beam.
    patterns
        (5 or 6, 3) the rows of these that are x, y, z in each orientation.
    """
    x, y, z = positions.T
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    xc, xs, yc, ys, zc, zs = x * c, x * s, y * c, y * s, z * c, z * s
    across = [x, y, yc - zs, yc + zs, xc + zs, xc - zs, xc - ys, yc + xs]
    if not is_quarter(angle):
        across += [xc + ys, yc - xs]
    along = [zc + ys, zc - ys, zc - xs, zc + xs, z]
    return np.array(across), np.array(along), PATTERNS[:5] if is_quarter(angle) else PATTERNS


def is_quarter(angle: float) -> bool:
    """Whether the two turns about the beam differ by 90°."""
    return angle == 45.0  # noqa: PLR2004 - degrees
