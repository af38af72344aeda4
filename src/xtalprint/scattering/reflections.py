"""Structure factors of a crystal: on a box of hkl, and of all reflections within a sphere.

    F(hkl) = Σ_j o_j f_j(|s|) exp(2πi (h x_j + k y_j + l z_j)),   s = h a* + k b* + l c* in 1/Å (no 2π)

A box is a regular grid, so the sum over atoms is a product of matrices (see `structure_factor_box`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import niggli_cell
from xtalprint.scattering.form_factors import form_factors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.scattering.form_factors import FormFactorTable

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]

#: Atoms times points of the box; beyond, the sum takes a minute or more.
MOST_TERMS = 2e10
#: Atoms times points of two axes that are in memory at once.
BLOCK = 2_000_000


@dataclass(frozen=True)
class Reflections:
    """One reflection of each Friedel pair (s and −s have the same intensity) within a sphere, without the origin.

    Parameters
    ----------
    vectors
        (M, 3) scattering vectors in 1/Å, in the axes of the crystal.
    lengths
        (M,) their lengths.
    intensities
        (M,) |F|²/V², in squares of the form factor's unit per Å⁶: the same for a supercell, whose additional
        reflections are absent.
    self_part
        (M,) Σ_sites (Σ o f(|s|))²/V², what the sites would scatter one by one: the mean intensity at large |s|.
    volume
        Of the cell in Å³.
    """

    vectors: Floats
    lengths: Floats
    intensities: Floats
    self_part: Floats
    volume: float


def structure_factor_box(
    crystal: Crystal,
    limits: tuple[int, int, int],
    factor: Callable[[int, Floats], Floats],
) -> tuple[Complexes, Floats]:
    """Structure factors on the box 0 ≤ h ≤ H, |k| ≤ K, |l| ≤ L of the cell of a crystal, without its volume.

    Parameters
    ----------
    crystal
        With a cell.
    limits
        H, K, L.
    factor
        From an atomic number and |s| to the scattering of one atom there.

    Returns
    -------
    amplitudes
        (H + 1, 2K + 1, 2L + 1) F; the points with negative h are conjugates of these.
    lengths
        |s| in 1/Å, of the same shape.
    """
    axes = [np.arange(limits[0] + 1), *(np.arange(-n, n + 1) for n in limits[1:])]
    shape = tuple(len(axis) for axis in axes)
    if len(crystal) * float(np.prod(shape)) > MOST_TERMS:
        raise UnsupportedInputError(
            f"{len(crystal)} atoms and {np.prod(shape):.2g} reflections are too many for a sum over both",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give the primitive cell, or ask for a smaller range of |s|",
        )
    reciprocal = np.linalg.inv(np.asarray(crystal.cell)).T
    s = sum(axis.reshape([-1 if i == j else 1 for j in range(4)]) * reciprocal[i] for i, axis in enumerate(axes))
    lengths: Floats = np.sqrt((np.asarray(s) ** 2).sum(axis=-1))
    fractional = crystal.frac
    fractional = fractional - np.floor(fractional)
    total = np.zeros(shape, dtype=np.complex128)
    for number in np.unique(crystal.numbers).tolist():
        rows = crystal.numbers == number
        e_h, e_k, e_l = (np.exp(2j * np.pi * np.outer(fractional[rows, i], axes[i])) for i in range(3))
        e_h *= crystal.occupancies[rows, None]
        step = max(1, BLOCK // e_k.size)
        for first in range(0, shape[0], step):
            part = slice(first, min(first + step, shape[0]))
            left = (e_h[:, part, None] * e_k[:, None, :]).reshape(len(e_h), -1)
            sums = (left.T @ e_l).reshape(-1, *shape[1:])
            total[part] += factor(number, lengths[part]) * sums
    return total, lengths


def reflections(crystal: Crystal, s_max: float, *, table: FormFactorTable = "it92") -> Reflections:
    """All reflections with 0 < |s| ≤ s_max, one of each Friedel pair.

    Parameters
    ----------
    crystal
        That repeats in three directions; the cell it is given in does not matter.
    s_max
        1/Å.
    table
        Of form factors.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions, is too large, or has an element without form factor.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> found = reflections(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), 0.43)
    >>> np.sort(found.lengths).round(3)
    array([0.299, 0.299, 0.299, 0.422, 0.422, 0.422, 0.422, 0.422, 0.422])
    """
    reduced = niggli_cell(crystal)
    cell, volume = np.asarray(reduced.cell), reduced.volume
    # h = s·a, so |h| ≤ |s| |a|.
    last = np.floor(s_max * np.linalg.norm(cell, axis=1) + 1e-9).astype(int)
    amplitudes, lengths = structure_factor_box(
        reduced, tuple(last.tolist()), lambda number, s: form_factors(number, s, table=table)
    )
    wanted = lengths <= s_max
    # Of h = 0 one half plane, of h = k = 0 one half line.
    wanted[0, : last[1]] = False
    wanted[0, last[1], : last[2] + 1] = False
    indices = np.argwhere(wanted) - [0, *last[1:]]
    found = lengths[wanted]
    return Reflections(
        indices @ np.linalg.inv(cell).T,
        found,
        np.abs(amplitudes[wanted]) ** 2 / volume**2,
        sites_one_by_one(reduced, found, table) / volume**2,
        volume,
    )


def sites_one_by_one(crystal: Crystal, s: Floats, table: FormFactorTable) -> Floats:
    """Σ_sites (Σ o f(|s|))² at lengths of any shape in 1/Å: what the sites of a cell scatter one by one."""
    elements, column = np.unique(crystal.numbers, return_inverse=True)
    amounts = np.zeros((crystal.n_sites, len(elements)))
    np.add.at(amounts, (crystal.site_of_row, column), crystal.occupancies)
    kinds, counts = np.unique(amounts, axis=0, return_counts=True)
    per_site = np.tensordot(kinds, form_factors(elements, s, table=table), axes=1)
    result: Floats = np.tensordot(counts, per_site**2, axes=1)
    return result
