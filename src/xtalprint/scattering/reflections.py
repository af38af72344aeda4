"""All reflections of a crystal within a sphere, and what its sites scatter one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import niggli_cell
from xtalprint.scattering.form_factors import form_factors
from xtalprint.scattering.intensities import intensities, sphere_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.scattering.form_factors import FormFactorTable

    Floats = NDArray[np.float64]


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
    if not all(crystal.pbc):
        raise UnsupportedInputError(
            "only a crystal that repeats in three directions has reflections",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give the cell, with all three directions periodic",
        )
    reduced = niggli_cell(crystal)
    return reflections_of(reduced, np.asarray(reduced.cell), s_max, table=table)


def reflections_of(crystal: Crystal, vectors: Floats, s_max: float, *, table: FormFactorTable) -> Reflections:
    """As `reflections`, of the lattice that some vectors span, absent ones too.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    vectors
        (3, 3) rows in Å, lattice vectors of the crystal, which need not be those of its cell.
    s_max, table
        As of `reflections`.
    """
    reciprocal = np.asarray(np.linalg.inv(vectors).T, dtype=np.float64)
    points = sphere_points(reciprocal, s_max)
    squares = intensities(crystal, points, reciprocal, table=table, paired=True)
    half = slice(len(points) // 2 + 1, None)  # the origin is in the middle
    scattering: Floats = points[half].astype(np.float64) @ reciprocal
    lengths = np.sqrt((scattering**2).sum(axis=1))
    volume = abs(float(np.linalg.det(vectors)))
    self_part = sites_one_by_one(crystal, lengths, table) / (crystal.volume * volume)
    return Reflections(scattering, lengths, squares[half], self_part, volume)


def sites_one_by_one(crystal: Crystal, s: Floats, table: FormFactorTable) -> Floats:
    """Σ_sites (Σ o f(|s|))² at lengths of any shape in 1/Å: what the sites of a cell scatter one by one."""
    elements, column = np.unique(crystal.numbers, return_inverse=True)
    amounts = np.zeros((crystal.n_sites, len(elements)))
    np.add.at(amounts, (crystal.site_of_row, column), crystal.occupancies)
    kinds, counts = np.unique(amounts, axis=0, return_counts=True)
    per_site = np.tensordot(kinds, form_factors(elements, s, table=table), axes=1)
    result: Floats = np.tensordot(counts, per_site**2, axes=1)
    return result
