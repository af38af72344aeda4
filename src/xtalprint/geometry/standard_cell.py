"""The standard cell: the axes in which the diffraction image is taken (methods of Ziletti et al. 2018)."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.rows import first_rows, wrapped_rows
from xtalprint.geometry.setting import choose_setting, face_margins, rotations_of_axes
from xtalprint.geometry.symmetry import Symmetry, averaged, find_symmetry

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Below this group number the search found no more than a centre: the axes of the cell as given are better than
#: any reduced ones, because whoever made a simulation box put the crystal's axes along it.
LOWEST_GROUP = 3
#: Reciprocal angles this close to 90° (as cosine) are right angles.
RIGHT_ANGLE = 1e-6
#: Of fractional coordinates.
ROUNDING = 1e-6
#: Sign choices of the three vectors that keep the handedness, the unchanged one first.
SIGNS = np.array([(1, 1, 1), (-1, -1, 1), (-1, 1, -1), (1, -1, -1)], dtype=float)
#: Shifts among which those that fill a centred cell are.
CENTRING = np.array(list(product(range(-3, 4), repeat=3)), dtype=float)


@takes_crystal
def standard_cell(crystal: Crystal, *, symprec: float = 0.1) -> Crystal:
    """Conventional standard cell, not idealised, with a along x and b in the xy plane.

    The symmetry search finds the cell. Atoms that are copies of each other by a translation are averaged; nothing is
    moved onto its symmetrical place. Of the axes and origins that symmetry makes equivalent, the one is taken that
    brings the atoms closest to the corner of the cell, so that the same crystal gives the same cell and the same
    finite piece of it, however it was given. A crystal in which no symmetry but a centre is found keeps its cell, as
    does one that repeats in fewer than three directions or has more than 20,000 sites, with atoms outside the cell
    brought into it; a cluster is returned as it is.

    Parameters
    ----------
    crystal
        Any.
    symprec
        Distance in Å by which atoms may be off their symmetrical places.

    Returns
    -------
    The same crystal in another cell and orientation, right-handed; rows of one site stay together.

    Notes
    -----
    Cell: the standard setting of the space group (`International Tables for Crystallography` A, first setting,
    hexagonal axes). Orientation of a cell that is kept: W. Setyawan and S. Curtarolo, Comput. Mater. Sci. 49, 299
    (2010), for triclinic cells: signs such that the reciprocal angles are all acute or all obtuse. Lengths are not
    reordered.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> primitive = Crystal([[0, 0, 0]], ["Cu"], cell=1.805 * (np.ones((3, 3)) - np.eye(3)))
    >>> standard_cell(primitive)
    Crystal(Cu4, a=3.610 b=3.610 c=3.610 Å, α=90.0 β=90.0 γ=90.0°)
    """
    if crystal.cell is None:
        return crystal
    found = find_symmetry(crystal, symprec=symprec)
    if found is not None and found.number >= LOWEST_GROUP:
        return _in_standard_setting(found)
    cell = crystal.cell if np.linalg.det(crystal.cell) > 0 else -crystal.cell
    signs = SIGNS[int(np.argmax([_uniform_reciprocal_angles(s[:, None] * cell) for s in SIGNS]))]
    return _placed(crystal, signs[:, None] * cell, np.zeros(3))


@takes_crystal
def was_standardised(crystal: Crystal, *, symprec: float = 0.1) -> bool:
    """Whether `standard_cell` finds symmetry beyond a centre, so that its axes are the crystal's own."""
    found = find_symmetry(crystal, symprec=symprec)
    return found is not None and found.number >= LOWEST_GROUP


def _in_standard_setting(found: Symmetry) -> Crystal:
    data, searched = found.dataset, found.crystal
    old = searched.cell if searched.cell is not None else np.eye(3)  # a symmetry search had a cell
    old = old if np.linalg.det(old) > 0 else -old
    primitive = np.array(data.prim_std_linear).T @ old
    cell = np.array(data.std_linear).T @ old
    # moyopy numbers the primitive sites in its own order; ours are in order of first appearance.
    _, first, mapping = np.unique(data.mapping_std_prim, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    reduced = averaged(searched, primitive, rank[mapping].astype(np.int64))
    orbit = np.array(data.orbits)[np.sort(first)]
    filled = _centred(reduced, cell)
    rows = first_rows(reduced)
    content = _content(filled)
    origins: NDArray[np.float64] = reduced.positions[rows[_smallest_orbit(orbit, reduced)]] @ np.linalg.inv(cell)
    rotation, origin = choose_setting(
        filled.frac[first_rows(filled)], content, origins, rotations_of_axes(found.number), _lengths(cell)
    )
    return _placed(filled, rotation @ cell, origin @ cell)


def _smallest_orbit(orbit: NDArray[np.int64], crystal: Crystal) -> NDArray[np.int64]:
    """Sites of the orbits with the fewest sites; of equally small ones those with the lightest content."""
    _, which, sizes = np.unique(orbit, return_inverse=True, return_counts=True)
    content = _content(crystal)
    smallest = sizes[which] == sizes.min()
    return np.flatnonzero(smallest & (content <= content[smallest].min() + ROUNDING))


def _centred(crystal: Crystal, cell: NDArray[np.float64]) -> Crystal:
    """Fill a cell that is one, two, three or four times as large as the primitive one."""
    if crystal.cell is None:
        return crystal
    fractional = CENTRING @ crystal.cell @ np.linalg.inv(cell)
    inside = (np.floor(fractional + ROUNDING) == 0).all(axis=1)
    shifts = CENTRING[inside] @ crystal.cell
    n = len(shifts)
    # Copies of different sites are different sites.
    sites = crystal.site_of_row[None] + crystal.n_sites * np.arange(n)[:, None]
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        (shifts[:, None] + crystal.positions[None]).reshape(-1, 3),
        np.tile(crystal.numbers, n),
        like=crystal,
        cell=cell,
        occupancies=np.tile(crystal.occupancies, n),
        site_of_row=sites.ravel(),
    )


def _placed(crystal: Crystal, cell: NDArray[np.float64], origin: NDArray[np.float64]) -> Crystal:
    """Move the origin, bring whole sites into a right-handed cell of the same lattice, turn a to x and b to xy."""
    fractional = (crystal.positions - origin) @ np.linalg.inv(cell)
    fractional = wrapped_rows(fractional, crystal, face_margins(_lengths(cell)))
    # rows = R·Q with R lower triangular and positive diagonal: a along x, b in the xy plane, c upwards
    upper: NDArray[np.float64] = np.linalg.qr(cell.T).R
    oriented = upper.T * np.where(np.diag(upper) < 0, -1.0, 1.0)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        fractional @ oriented,
        crystal.numbers,
        like=crystal,
        cell=oriented,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
        site_of_row=crystal.site_of_row,
    )


def _content(crystal: Crystal) -> NDArray[np.float64]:
    """(n_sites,) mean atomic number of each site."""
    weights: NDArray[np.float64] = crystal.numbers * crystal.occupancies
    return np.bincount(crystal.site_of_row, weights=weights).astype(np.float64)


def _lengths(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(cell, axis=1)
    return lengths


def _uniform_reciprocal_angles(cell: NDArray[np.float64]) -> bool:
    reciprocal = np.linalg.inv(cell).T
    unit = reciprocal / np.linalg.norm(reciprocal, axis=1)[:, None]
    cosines = np.array([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]])
    return bool((cosines > -RIGHT_ANGLE).all() or (cosines < RIGHT_ANGLE).all())
