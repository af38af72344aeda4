"""Kinematic intensities of a crystal at points of its reciprocal lattice.

    F(hkl) = Σ_j o_j f_j(|s|) exp(2πi (h x_j + k y_j + l z_j)),    I = |F|²/V²

with s = h a* + k b* + l c* in 1/Å (no 2π). Divided by the volume, the intensity is the same for every cell of the
crystal that holds whole repeats, a supercell included.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.scattering.form_factors import Gaussians, check_elements, gaussians

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.scattering.form_factors import FormFactorTable

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: No more points than this, and no more terms of the sum over atoms at all points: gigabytes, or a minute and more.
MOST_POINTS, MOST_TERMS = 1_000_000, 2e10
#: A sphere is looked for in a box of its hkl with at most so many times the points.
WIDER = 4
#: Points outside the sphere by less than this share of its radius are inside, however the crystal is turned.
SURFACE = 1e-9


@lru_cache(maxsize=16)
def box_points(n: int) -> Integers:
    """((2n + 1)³, 3) all hkl with |h|, |k|, |l| ≤ n, ascending; the i-th from the end is minus the i-th.

    Examples
    --------
    >>> box_points(1)[[0, 13, -1]].tolist()
    [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]
    """
    axis = np.arange(-n, n + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    points.setflags(write=False)
    return points


def sphere_points(reciprocal: Floats, s_max: float) -> Integers:
    """(n, 3) all hkl with |s| ≤ s_max, ascending; the i-th from the end is minus the i-th.

    Parameters
    ----------
    reciprocal
        (3, 3) rows a*, b*, c* in 1/Å.
    s_max
        1/Å.

    Raises
    ------
    UnsupportedInputError
        If there are more than a million.
    """
    lengths = np.linalg.norm(np.linalg.inv(reciprocal), axis=0)  # of a, b, c
    about = 4 / 3 * np.pi * s_max**3 / abs(np.linalg.det(reciprocal))
    largest = np.floor(s_max * lengths * (1 + SURFACE))
    if about > MOST_POINTS:
        raise UnsupportedInputError(
            f"about {about:.3g} points of the reciprocal lattice lie within {s_max:g} 1/Å",
            remedy=f"give a smaller s_max, or a smaller cell; {MOST_POINTS} is the most",
        )
    if np.prod(2 * largest + 1) > WIDER * MOST_POINTS:
        raise UnsupportedInputError(
            f"the cell is too skewed to find the points of its reciprocal lattice within {s_max:g} 1/Å",
            remedy="give its Niggli-reduced cell, or a smaller s_max",
        )
    axes = (np.arange(-n, n + 1) for n in largest.astype(np.int64))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.linalg.norm(points @ reciprocal, axis=1) <= s_max * (1 + SURFACE)
    # The surface is symmetric to the last bit, because −h and h give the same products with another sign.
    within: Integers = points[inside]
    return within


def intensities(
    crystal: Crystal,
    points: Integers,
    reciprocal: Floats,
    *,
    table: FormFactorTable | Gaussians = "it92",
    paired: bool = False,
) -> Floats:
    """Intensities I = |F|²/V² of a crystal at points of its reciprocal lattice, in double precision.

    Parameters
    ----------
    crystal
        With a cell; occupancies weigh the form factors.
    points
        (n, 3) Miller indices with respect to ``reciprocal``.
    reciprocal
        (3, 3) rows a*, b*, c* in 1/Å, of any lattice vectors of the crystal, which need not be those of its cell.
    table
        Of form factors, by name or as numbers.
    paired
        Whether the i-th point from the end is minus the i-th, so that half of them need be computed: form factors are
        real, hence I(−h−k−l) = I(hkl).

    Returns
    -------
    (n,) squares of the form factor's unit per Å⁶, such as electrons²/Å⁶.

    Raises
    ------
    UnsupportedInputError
        If an element has no form factor, or the sum would take minutes.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> [origin] = intensities(polonium, np.zeros((1, 3), dtype=int), np.eye(3) / 3.35, table="pymatgen")
    >>> round(float(origin), 6), round((84 / 3.35**3) ** 2, 6)
    (4.992174, 4.992174)
    """
    from xtalprint.scattering.compiled_structure_factors import squared_structure_factors  # noqa: PLC0415 - Numba

    if not isinstance(table, Gaussians):
        check_elements(crystal.numbers, table=table)
        table = gaussians(table)
    n_half = (len(points) + 1) // 2 if paired else len(points)
    if float(n_half) * len(crystal) > MOST_TERMS:
        raise UnsupportedInputError(
            f"{len(crystal)} atoms and {len(points)} points are too many for a sum over both",
            remedy="ask for fewer points, or give a smaller cell",
        )
    squares = squared_structure_factors(
        crystal.positions, crystal.numbers, crystal.occupancies, reciprocal, points, n_half, *table
    )
    squares /= crystal.volume**2
    return squares
