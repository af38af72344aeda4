"""Compiled sums over the neighbours of each site; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.bond_moments import DEGREE
from xtalprint.geometry.compiled_bonds import BOXES
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Integers = NDArray[np.int64]
    Search = tuple[Floats, Integers, Integers, Floats, Integers]

#: Most neighbours of a site that are counted; only atoms on a heap have more.
MOST = 512


def _neighbours(  # noqa: PLR0917 - compiled: no keywords
    place: Floats, own: int, search: Search, edge: float, reach: float, found: Floats, owners: Integers
) -> int:
    """Vectors (found, (3, m)) and owners of the first m points within ``reach`` of a place but one.

    Returns the number of all of them, which may be larger than m.
    """
    points, owner, start, origin, shape = search
    box = np.empty(3, dtype=np.int64)
    for axis in range(3):
        box[axis] = int((place[axis] - origin[axis]) / edge)
    n = 0
    for u in range(max(box[0] - BOXES, 0), min(box[0] + BOXES + 1, shape[0])):
        for v in range(max(box[1] - BOXES, 0), min(box[1] + BOXES + 1, shape[1])):
            base = (u * shape[1] + v) * shape[2]
            first = start[base + max(box[2] - BOXES, 0)]
            for k in range(first, start[base + min(box[2] + BOXES + 1, shape[2])]):
                x = points[k, 0] - place[0]
                y = points[k, 1] - place[1]
                z = points[k, 2] - place[2]
                if x * x + y * y + z * z >= reach * reach or k == own:
                    continue
                if n < found.shape[1]:
                    found[0, n] = x
                    found[1, n] = y
                    found[2, n] = z
                    owners[n] = owner[k]
                n += 1
    return n


_find = compiled(_neighbours)


def _add_moments(  # noqa: PLR0917 - compiled: no keywords
    places: Floats,
    ranks: Integers,
    weights: Floats,
    search: Search,
    edge: float,
    grid: tuple[float, float],
    exponents: Integers,
    moments: Floats,
) -> int:
    """Add the monomials of all neighbours to ``moments`` (n, shells, 91), shared linearly between two shells.

    Returns the largest number of neighbours; where it is above `MOST`, the others were left out.
    """
    most = 0
    first, step = grid
    n_shells = moments.shape[1]
    found = np.empty((3, MOST))
    owners = np.empty(MOST, dtype=np.int64)
    powers = np.ones((3, DEGREE + 1))
    for i in range(len(places)):
        n = _find(places[i], ranks[i], search, edge, first + step * n_shells, found, owners)
        most = max(most, n)
        for k in range(min(n, MOST)):
            length = np.sqrt(found[0, k] ** 2 + found[1, k] ** 2 + found[2, k] ** 2)
            for axis in range(3):
                component = found[axis, k] / length
                for exponent in range(1, DEGREE + 1):
                    powers[axis, exponent] = powers[axis, exponent - 1] * component
            place = max((length - first) / step, 0.0)
            low = min(int(place), n_shells - 1)
            upper = weights[owners[k]] * (place - low)
            lower = weights[owners[k]] - upper
            high = low + 1 if low + 1 < n_shells else low
            if high == low:
                upper = 0.0
            for m in range(len(exponents)):
                value = powers[0, exponents[m, 0]] * powers[1, exponents[m, 1]] * powers[2, exponents[m, 2]]
                moments[i, low, m] += lower * value
                moments[i, high, m] += upper * value
    return most


def _add_neighbours(  # noqa: PLR0917 - compiled: no keywords
    places: Floats,
    ranks: Integers,
    numbers: Integers,
    search: Search,
    edge: float,
    fade: tuple[float, float],
    order: Singles,
    mean: Singles,
) -> None:
    """Add ``order`` (N, k) of a site and of its neighbours to ``mean`` (n, k), with a weight that fades to zero."""
    inner, outer = fade
    found = np.empty((3, MOST))
    owners = np.empty(MOST, dtype=np.int64)
    for i in range(len(places)):
        mean[i] = order[numbers[i]]
        n = _find(places[i], ranks[i], search, edge, outer, found, owners)
        for k in range(min(n, MOST)):
            length = np.sqrt(found[0, k] ** 2 + found[1, k] ** 2 + found[2, k] ** 2)
            x = min(max((outer - length) / (outer - inner), 0.0), 1.0)
            weight = np.float32(x * x * (3 - 2 * x))
            row = order[owners[k]]
            for m in range(order.shape[1]):
                mean[i, m] += weight * row[m]


def _add_spectra(order: Singles, degrees: Integers, spectra: Singles) -> None:
    """Products of the shells' q_l, two by two: (n, shells, 91) → (n, pairs of shells, degrees)."""
    n_shells = order.shape[1]
    for i in range(len(order)):
        pair = 0
        for a in range(n_shells):
            for b in range(a, n_shells):
                first = 0
                for number in range(len(degrees)):
                    last = first + 2 * degrees[number] + 1
                    total = np.float32(0.0)
                    for m in range(first, last):
                        total += order[i, a, m] * order[i, b, m]
                    spectra[i, pair, number] = total
                    first = last
                pair += 1


add_moments = compiled(_add_moments)
add_neighbours = compiled(_add_neighbours)
add_spectra = compiled(_add_spectra)
