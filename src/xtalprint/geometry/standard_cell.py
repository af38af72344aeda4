"""The standard cell: the axes in which the diffraction image is taken (methods of Ziletti et al. 2018)."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.symmetry import search
from xtalprint.sites import group_coincident

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Below this group number the search found no more than a centre: the axes of the cell as given are better than
#: any reduced ones, because whoever made a simulation box put the crystal's axes along it.
LOWEST_GROUP = 3
#: Reciprocal angles this close to 90° (as cosine) are right angles.
RIGHT_ANGLE = 1e-6
#: Sign choices of the three vectors that keep the handedness, the unchanged one first.
SIGNS = np.array([(1, 1, 1), (-1, -1, 1), (-1, 1, -1), (1, -1, -1)], dtype=float)


def standard_cell(crystal: Crystal, *, symprec: float = 0.1) -> Crystal:
    """Conventional standard cell, not idealised, with a along x and b in the xy plane.

    The symmetry search finds the cell; the atoms stay where they are, with all their displacements. A crystal in
    which no symmetry but a centre is found keeps its cell, as does one that repeats in fewer than three directions
    or has more than 20,000 sites; a cluster is returned as it is.

    Parameters
    ----------
    crystal
        Any.
    symprec
        Distance in Å by which atoms may be off their symmetrical places.

    Returns
    -------
    The same crystal in another cell and orientation; rows of one site stay together.

    Notes
    -----
    The orientation follows W. Setyawan and S. Curtarolo, Comput. Mater. Sci. 49, 299 (2010), for triclinic cells:
    signs such that the reciprocal angles are all acute or all obtuse. Lengths are not reordered.
    """
    if crystal.cell is None:
        return crystal
    found = search(crystal, symprec=symprec)
    if found is not None and found.number >= LOWEST_GROUP:
        crystal = _in_cell(crystal, np.array(found.std_linear), symprec)
    return _oriented(crystal)


def was_standardised(crystal: Crystal, *, symprec: float = 0.1) -> bool:
    """Whether `standard_cell` finds symmetry beyond a centre, so that its axes are the crystal's own."""
    found = search(crystal, symprec=symprec)
    return found is not None and found.number >= LOWEST_GROUP


def _in_cell(crystal: Crystal, linear: NDArray[np.float64], symprec: float) -> Crystal:
    """Describe the crystal in the cell (a, b, c)·P; unchanged if the atoms do not fit into it."""
    old = crystal.cell
    if old is None:
        return crystal
    cell = linear.T @ old
    if np.linalg.det(cell) < 0:
        cell = -cell
    inverse = np.linalg.inv(cell)
    corners = np.array(list(product((0, 1), repeat=3))) @ cell @ np.linalg.inv(old)
    low = np.floor(corners.min(axis=0) - 1e-6).astype(int) - 1
    high = np.ceil(corners.max(axis=0) + 1e-6).astype(int) + 1
    shifts = np.array(list(product(*(range(a, b) for a, b in zip(low, high, strict=True)))))
    # Shifts that differ by a vector of the new lattice give the same image.
    reduced = (shifts @ old @ inverse + 1e-6) % 1.0
    shifts = shifts[np.sort(np.unique(np.round(reduced, 4), axis=0, return_index=True)[1])]
    positions = (crystal.positions[None, :, :] + (shifts @ old)[:, None, :]).reshape(-1, 3)
    row = np.tile(np.arange(len(crystal)), len(shifts))
    ratio = abs(np.linalg.det(linear))
    keep = _one_of_each(positions, crystal, row, cell, symprec)
    if len(keep) != round(len(crystal) * ratio):
        return crystal
    fractional = positions[keep] @ inverse
    fractional -= np.floor(fractional + 1e-9)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        fractional @ cell,
        crystal.numbers[row[keep]],
        like=crystal,
        cell=cell,
        occupancies=crystal.occupancies[row[keep]],
    )


def _one_of_each(
    positions: NDArray[np.float64],
    crystal: Crystal,
    row: NDArray[np.int64],
    cell: NDArray[np.float64],
    symprec: float,
) -> NDArray[np.int64]:
    """Which rows to keep where the new cell is smaller than the old one and several atoms fall on one place."""
    place = group_coincident(positions, cell, (True, True, True), 2 * symprec)
    first = np.unique(place, return_index=True)[1]
    # All rows of the site that came first to each place: a disordered site stays whole.
    site = crystal.site_of_row[row] + (np.arange(len(row)) // len(crystal)) * crystal.n_sites
    return np.flatnonzero(np.isin(site, site[first]))


def _oriented(crystal: Crystal) -> Crystal:
    cell = crystal.cell
    if cell is None:
        return crystal
    if np.linalg.det(cell) < 0:
        # A left-handed cell describes the same lattice with all vectors reversed.
        cell = -cell
    signs = SIGNS[int(np.argmax([_uniform_reciprocal_angles(s[:, None] * cell) for s in SIGNS]))]
    cell = signs[:, None] * cell
    # rows = R·Q with R lower triangular and positive diagonal: a along x, b in the xy plane, c upwards
    q, r = np.linalg.qr(cell.T)
    flip = np.sign(np.diag(r))
    flip[flip == 0] = 1.0
    rotation = q * flip
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions @ rotation,
        crystal.numbers,
        like=crystal,
        cell=(flip[:, None] * r).T,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
    )


def _uniform_reciprocal_angles(cell: NDArray[np.float64]) -> bool:
    reciprocal = np.linalg.inv(cell).T
    unit = reciprocal / np.linalg.norm(reciprocal, axis=1)[:, None]
    cosines = np.array([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]])
    return bool((cosines > -RIGHT_ANGLE).all() or (cosines < RIGHT_ANGLE).all())
