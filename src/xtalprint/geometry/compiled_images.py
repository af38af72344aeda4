"""The images of the sites of a crystal that may be near one of them, compiled; importing this file imports Numba."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: From so many images on it is asked which cells can be near.
MANY = 4_000_000
#: Rounding can lose no image by a reach this much longer.
SLACK = 1e-9


def _extent(values: Floats) -> tuple[float, float]:
    """Smallest and largest."""
    low = high = values[0]
    for value in values:
        low = min(low, value)
        high = max(high, value)
    return low, high


extent_of = compiled(_extent)


def _cells_away(  # noqa: PLR0917 - compiled: no keywords
    places: Floats, inverse: Floats, n_periodic: int, reach: float, ball: float, box: Floats
) -> Integers:
    """(3,) most cells along each vector that an image may be away: by the arguments of `_lattice_vectors`.

    Of long cells that lie askew a box holds far more images than are near a site. Where there would be `MANY`, those
    cells are left out that are nowhere within ``reach``.
    """
    most = np.zeros(3, dtype=np.int64)
    slopes = np.zeros(3)
    number = float(len(places))
    for axis in range(n_periodic):
        a, b, c = inverse[0, axis], inverse[1, axis], inverse[2, axis]
        slopes[axis] = math.sqrt(a * a + b * b + c * c)
        in_box = abs(a) * box[0] + abs(b) * box[1] + abs(c) * box[2]
        most[axis] = int(min(ball * slopes[axis], in_box) + SLACK)
        number *= 2 * most[axis] + 1
    if number > MANY:
        for axis in range(n_periodic):
            a, b, c = inverse[0, axis], inverse[1, axis], inverse[2, axis]
            low, high = extent_of(places[:, 0] * a + places[:, 1] * b + places[:, 2] * c)
            most[axis] = min(most[axis], int(high - low + reach * slopes[axis] + SLACK))
    return most


cells_away = compiled(_cells_away)


def _lattice_vectors(basis: Floats, most: Integers, ball: float, box: Floats) -> Floats:
    """(m, 3) vectors of the lattice up to a length, whose components are no longer than those of a box (3,)."""
    found = np.empty(((2 * most[0] + 1) * (2 * most[1] + 1) * (2 * most[2] + 1), 3))
    m = 0
    for u in range(-most[0], most[0] + 1):
        for v in range(-most[1], most[1] + 1):
            for w in range(-most[2], most[2] + 1):
                square = 0.0
                inside = True
                for axis in range(3):
                    found[m, axis] = u * basis[0, axis] + v * basis[1, axis] + w * basis[2, axis]
                    square += found[m, axis] ** 2
                    inside &= abs(found[m, axis]) <= box[axis]
                if inside and square <= ball * ball:
                    m += 1
    return found[:m]


lattice_vectors = compiled(_lattice_vectors)


def _images(places: Floats, basis: Floats, inverse: Floats, n_periodic: int, reach: float) -> tuple[Floats, Integers]:
    """(3, m) all images that may lie within ``reach`` of a site, those of the cell too, and which site each is of.

    Kept are those in a ball and in a box around all sites.
    """
    n = len(places)
    x, y, z = places[:, 0].copy(), places[:, 1].copy(), places[:, 2].copy()
    (x_low, x_high), (y_low, y_high), (z_low, z_high) = extent_of(x), extent_of(y), extent_of(z)
    cx, cy, cz = 0.5 * (x_low + x_high), 0.5 * (y_low + y_high), 0.5 * (z_low + z_high)
    radius = 0.0
    for i in range(n):
        radius = max(radius, (x[i] - cx) ** 2 + (y[i] - cy) ** 2 + (z[i] - cz) ** 2)
    radius = math.sqrt(radius)
    # A little longer, so that rounding can lose no image.
    longer = reach * (1 + SLACK) + SLACK
    box = np.array([x_high - x_low, y_high - y_low, z_high - z_low]) + (longer + SLACK)
    most = cells_away(places, inverse, n_periodic, longer, longer + 2 * radius, box)
    shifts = lattice_vectors(basis, most, longer + 2 * radius, box)
    x_low, x_high, y_low, y_high = x_low - longer, x_high + longer, y_low - longer, y_high + longer
    z_low, z_high, ball = z_low - longer, z_high + longer, (longer + radius) ** 2
    size = n * len(shifts)
    found, owner = np.empty((3, size)), np.empty(size, dtype=np.int64)
    one, none = np.uint64(1), np.uint64(0)
    m = none
    for number in range(len(shifts)):
        u, v, w = shifts[number, 0], shifts[number, 1], shifts[number, 2]
        for i in range(n):
            px, py, pz = x[i] + u, y[i] + v, z[i] + w
            found[0, m] = px
            found[1, m] = py
            found[2, m] = pz
            owner[m] = i
            inside = (px - cx) ** 2 + (py - cy) ** 2 + (pz - cz) ** 2 <= ball
            inside &= (px >= x_low) & (px <= x_high) & (py >= y_low) & (py <= y_high)
            inside &= (pz >= z_low) & (pz <= z_high)
            m += one if inside else none
    return found[:, :m], owner[:m]


images_within = compiled(_images)
