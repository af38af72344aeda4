"""The sum over atoms at points of the reciprocal lattice; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


def _powers(turns: float, table: Floats) -> None:
    """Cosine and sine of 2π m ``turns`` for m = −n … n, by repeated multiplication; its rounding is m times 1e-16."""
    n = table.shape[1] // 2
    turns -= np.floor(turns)
    c, s = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
    table[0, n], table[1, n] = 1.0, 0.0
    for m in range(n, 2 * n):
        table[0, m + 1] = table[0, m] * c - table[1, m] * s
        table[1, m + 1] = table[1, m] * c + table[0, m] * s
        table[0, 2 * n - m - 1] = table[0, m + 1]
        table[1, 2 * n - m - 1] = -table[1, m + 1]


def _add_atom(  # noqa: PLR0917 - compiled: no keywords
    position: Floats,
    weight: float,
    reciprocal: Floats,
    points: Integers,
    tables: tuple[Floats, Floats, Floats],
    real: Floats,
    imaginary: Floats,
) -> None:
    """Add the phase factors of one atom, times its occupancy, at all points."""
    along_h, along_k, along_l = tables
    nh, nk, nl = along_h.shape[1] // 2, along_k.shape[1] // 2, along_l.shape[1] // 2
    _powers(position[0] * reciprocal[0, 0] + position[1] * reciprocal[0, 1] + position[2] * reciprocal[0, 2], along_h)
    _powers(position[0] * reciprocal[1, 0] + position[1] * reciprocal[1, 1] + position[2] * reciprocal[1, 2], along_k)
    _powers(position[0] * reciprocal[2, 0] + position[1] * reciprocal[2, 1] + position[2] * reciprocal[2, 2], along_l)
    last_h, last_k = nh + 1, nk + 1  # no point has these
    c, s = 0.0, 0.0
    for i in range(len(points)):
        h, k, m = points[i, 0], points[i, 1], nl + points[i, 2]
        if h != last_h or k != last_k:
            last_h, last_k = h, k
            c = weight * (along_h[0, nh + h] * along_k[0, nk + k] - along_h[1, nh + h] * along_k[1, nk + k])
            s = weight * (along_h[1, nh + h] * along_k[0, nk + k] + along_h[0, nh + h] * along_k[1, nk + k])
        real[i] += c * along_l[0, m] - s * along_l[1, m]
        imaginary[i] += s * along_l[0, m] + c * along_l[1, m]


def _form_factors(  # noqa: PLR0917 - compiled: no keywords
    z: int, squares: Floats, amplitudes: Floats, exponents: Floats, mott_bethe: float, factors: Floats
) -> None:
    """Form factors of one element at q = (s/2)², see `xtalprint.scattering.form_factors.Gaussians`."""
    for i in range(len(squares)):
        total = 0.0
        for g in range(amplitudes.shape[1]):
            if amplitudes[z, g] != 0.0:
                total += amplitudes[z, g] * np.exp(-exponents[z, g] * squares[i])
        factors[i] = total if mott_bethe == 0.0 else z - mott_bethe * squares[i] * total


def _largest(points: Integers) -> Integers:
    """(3,) largest magnitudes of h, k, l."""
    largest = np.zeros(3, dtype=np.int64)
    for i in range(len(points)):
        for axis in range(3):
            largest[axis] = max(largest[axis], abs(points[i, axis]))
    return largest


def squared_structure_factors(  # noqa: PLR0917 - compiled: no keywords
    positions: Floats,
    numbers: Integers,
    weights: Floats,
    reciprocal: Floats,
    points: Integers,
    n_half: int,
    amplitudes: Floats,
    exponents: Floats,
    mott_bethe: float,
) -> Floats:
    """|F|² at points of a reciprocal lattice.

    Parameters
    ----------
    positions
        (N, 3) Å.
    numbers
        (N,) atomic numbers, all in the table.
    weights
        (N,) occupancies.
    reciprocal
        (3, 3) rows a*, b*, c* in 1/Å.
    points
        (n, 3) Miller indices; those with the same h and k stand together, or it takes longer.
    n_half
        How many of them to compute: n, or (n + 1)//2 if the i-th from the end is minus the i-th.
    amplitudes, exponents, mott_bethe
        Form factors, see `xtalprint.scattering.form_factors.Gaussians`.

    Returns
    -------
    (n,).
    """
    half = points[:n_half]
    nh, nk, nl = _largest(half)
    quarters = np.empty(n_half)  # (s/2)²
    for i in range(n_half):
        square = 0.0
        for x in range(3):
            s = half[i, 0] * reciprocal[0, x] + half[i, 1] * reciprocal[1, x] + half[i, 2] * reciprocal[2, x]
            square += s * s
        quarters[i] = 0.25 * square
    real, imaginary = np.zeros(n_half), np.zeros(n_half)
    part_real, part_imaginary, factors = np.empty(n_half), np.empty(n_half), np.empty(n_half)
    tables = (np.empty((2, 2 * nh + 1)), np.empty((2, 2 * nk + 1)), np.empty((2, 2 * nl + 1)))
    order = np.argsort(numbers, kind="mergesort")
    first = 0
    while first < len(order):  # element by element
        z = numbers[order[first]]
        part_real[:] = 0.0
        part_imaginary[:] = 0.0
        while first < len(order) and numbers[order[first]] == z:
            atom = order[first]
            _add_atom(positions[atom], weights[atom], reciprocal, half, tables, part_real, part_imaginary)
            first += 1
        _form_factors(z, quarters, amplitudes, exponents, mott_bethe, factors)
        for i in range(n_half):
            real[i] += factors[i] * part_real[i]
            imaginary[i] += factors[i] * part_imaginary[i]
    result = np.empty(len(points))
    for i in range(n_half):
        result[i] = real[i] * real[i] + imaginary[i] * imaginary[i]
    for i in range(n_half, len(points)):
        result[i] = result[len(points) - 1 - i]
    return result


_powers = compiled(_powers)
_add_atom = compiled(_add_atom)
_form_factors = compiled(_form_factors)
_largest = compiled(_largest)
squared_structure_factors = compiled(squared_structure_factors)
