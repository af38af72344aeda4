"""The sum over atoms at points of the reciprocal lattice; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


def _powers(turns: float, cosine: Floats, sine: Floats, n: int) -> None:
    """Cosine and sine of 2π m ``turns`` for m = −n … n, by repeated multiplication; its rounding is m times 1e-16."""
    c, s = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
    cosine[n], sine[n] = 1.0, 0.0
    for m in range(1, n + 1):
        before_c, before_s = cosine[n + m - 1], sine[n + m - 1]
        cosine[n + m] = before_c * c - before_s * s
        sine[n + m] = before_s * c + before_c * s
        cosine[n - m] = cosine[n + m]
        sine[n - m] = -sine[n + m]


def squared_structure_factors(  # noqa: PLR0917 - compiled: no keywords
    fractional: Floats, weights: Floats, starts: Integers, factors: Floats, points: Integers, largest: Integers
) -> Floats:
    """|F|² at points of the reciprocal lattice.

    Parameters
    ----------
    fractional
        (N, 3) coordinates with respect to the vectors whose reciprocal lattice it is.
    weights
        (N,) occupancies.
    starts
        (G + 1,) atoms of one element stand together: first atom of each group, and N.
    factors
        (G, n) form factors.
    points
        (n, 3) Miller indices; those with the same h and k stand together, or it takes longer.
    largest
        (3,) largest magnitudes of h, k, l.

    Returns
    -------
    (n,).
    """
    n = len(points)
    real, imaginary = np.zeros(n), np.zeros(n)
    part_real, part_imaginary = np.empty(n), np.empty(n)
    nh, nk, nl = largest
    cos_h, sin_h = np.empty(2 * nh + 1), np.empty(2 * nh + 1)
    cos_k, sin_k = np.empty(2 * nk + 1), np.empty(2 * nk + 1)
    cos_l, sin_l = np.empty(2 * nl + 1), np.empty(2 * nl + 1)
    for group in range(len(starts) - 1):
        part_real[:] = 0.0
        part_imaginary[:] = 0.0
        for atom in range(starts[group], starts[group + 1]):
            _powers(fractional[atom, 0], cos_h, sin_h, nh)
            _powers(fractional[atom, 1], cos_k, sin_k, nk)
            _powers(fractional[atom, 2], cos_l, sin_l, nl)
            weight = weights[atom]
            last_h, last_k = nh + 1, nk + 1  # no point has these
            c, s = 0.0, 0.0
            for i in range(n):
                h, k, l = points[i, 0], points[i, 1], points[i, 2]  # noqa: E741 - Miller indices
                if h != last_h or k != last_k:
                    last_h, last_k = h, k
                    c = weight * (cos_h[nh + h] * cos_k[nk + k] - sin_h[nh + h] * sin_k[nk + k])
                    s = weight * (sin_h[nh + h] * cos_k[nk + k] + cos_h[nh + h] * sin_k[nk + k])
                part_real[i] += c * cos_l[nl + l] - s * sin_l[nl + l]
                part_imaginary[i] += s * cos_l[nl + l] + c * sin_l[nl + l]
        for i in range(n):
            real[i] += factors[group, i] * part_real[i]
            imaginary[i] += factors[group, i] * part_imaginary[i]
    return real * real + imaginary * imaginary


_powers = compiled(_powers)
squared_structure_factors = compiled(squared_structure_factors)
