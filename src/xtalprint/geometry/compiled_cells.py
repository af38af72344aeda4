"""Cells made short and sites brought into them, compiled; importing this file imports Numba."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: Vectors are shortened only if that makes their squares smaller by more than this share.
SLACK = 1e-9
#: Steps of the reduction of a cell; a skewed one needs a few.
MOST_STEPS = 1000


def _shorten(  # noqa: PLR0917 - compiled: no keywords
    basis: Floats, i: int, j: int, times: float, k: int, more: float
) -> bool:
    """Add multiples of the rows j and k to row i if that makes it shorter; returns whether it did."""
    old, new = 0.0, 0.0
    for axis in range(3):
        old += basis[i, axis] ** 2
        new += (basis[i, axis] + times * basis[j, axis] + more * basis[k, axis]) ** 2
    if not new < old * (1 - SLACK):
        return False
    for axis in range(3):
        basis[i, axis] += times * basis[j, axis] + more * basis[k, axis]
    return True


shorten = compiled(_shorten)


def _reduce(basis: Floats, n: int) -> None:
    """Shorten the first n rows by each other until no sum or difference of them is shorter."""
    changed = n > 1
    steps = 0
    while changed and steps < MOST_STEPS:
        changed = False
        steps += 1
        for i in range(n):
            for j in range(n):
                if j == i:
                    continue
                product, square = 0.0, 0.0
                for axis in range(3):
                    product += basis[i, axis] * basis[j, axis]
                    square += basis[j, axis] ** 2
                times = math.floor(product / square + 0.5)
                if times != 0 and shorten(basis, i, j, -float(times), j, 0.0):
                    changed = True
            if n == 3:  # noqa: PLR2004 - dimensions
                for signs in range(4):
                    p, q = 2.0 * (signs // 2) - 1, 2.0 * (signs % 2) - 1
                    if shorten(basis, i, (i + 1) % 3, p, (i + 2) % 3, q):
                        changed = True


reduce_cell = compiled(_reduce)


def _invert(basis: Floats, inverse: Floats) -> float:
    """Fill the inverse of three rows, cross products of two over the volume; returns the volume."""
    volume = 0.0
    for axis in range(3):
        p, q = (axis + 1) % 3, (axis + 2) % 3
        for u in range(3):
            v, w = (u + 1) % 3, (u + 2) % 3
            inverse[u, axis] = basis[p, v] * basis[q, w] - basis[p, w] * basis[q, v]
            if axis == 0:
                volume += basis[0, u] * inverse[u, 0]
    for axis in range(3):
        for u in range(3):
            inverse[u, axis] /= volume
    return abs(volume)


invert = compiled(_invert)


def _prepare(  # noqa: PLR0917 - compiled: no keywords
    starts: Integers,
    points: Floats,
    bases: Floats,
    inverses: Floats,
    n_periodic: Integers,
    volumes: Floats,
    thick: float,
) -> None:
    """Reduce ``bases`` and bring ``points`` into them in place; fill ``inverses`` and ``volumes``.

    A row of a basis that does not repeat is a unit vector. The volume counts the extent along it, at least ``thick``.
    """
    whole = np.empty(3)
    for crystal in range(len(bases)):
        basis, inverse, n = bases[crystal], inverses[crystal], n_periodic[crystal]
        reduce_cell(basis, n)
        volumes[crystal] = invert(basis, inverse)
        first, end = starts[crystal], starts[crystal + 1]
        for i in range(first, end):
            for axis in range(n):
                place = 0.0
                for u in range(3):
                    place += points[i, u] * inverse[u, axis]
                whole[axis] = math.floor(place)
            for axis in range(n):
                for u in range(3):
                    points[i, u] -= whole[axis] * basis[axis, u]
        for axis in range(n, 3):
            low, high = np.inf, -np.inf
            for i in range(first, end):
                place = 0.0
                for u in range(3):
                    place += points[i, u] * basis[axis, u]
                low = min(low, place)
                high = max(high, place)
            volumes[crystal] *= max(high - low, thick)


prepare = compiled(_prepare)
