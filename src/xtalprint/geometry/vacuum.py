"""Cells that are mostly empty: particles, wires and slabs that a program with periodic boundaries has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.rows import first_rows
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.supercells import heights, to_cluster

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A layer without atoms counts as a vacuum from so many bond lengths and so many Å on. The layers of a crystal are
#: not that far apart, be it calculated without the forces that hold them together: up to 8.6 Å among 830 elements of
#: the Materials Project. Who wants a vacuum leaves 10 Å and more.
BOND_LENGTHS, LEAST = 2.5, 9.0
#: A cluster is a flake or a wire if its least extent is less than this share of its largest.
FLAT = 0.4


class Vacuum(NamedTuple):
    """Where there is nothing.

    Parameters
    ----------
    gap
        (3,) Å, thickness of the vacuum along each axis; 0 where there is none.
    matter
        Å, the least thickness of what stands in it, from atom to atom.
    """

    gap: NDArray[np.float64]
    matter: float


def without_vacuum(crystal: Crystal) -> tuple[Crystal, Vacuum | None]:
    """Take as finite what does not reach its own images.

    Parameters
    ----------
    crystal
        Any.

    Returns
    -------
    The crystal, which no longer repeats along axes across a vacuum, with the vacuum outside its atoms; a cluster if
    no axis is left. And the vacuum, if there is any.
    """
    if crystal.cell is None or not any(crystal.pbc):
        return crystal, None
    cell = np.array(crystal.cell)
    fractional = crystal.positions @ np.linalg.inv(cell)
    sites = fractional[first_rows(crystal)]
    gap, start = np.zeros(3), np.zeros(3)
    for axis in np.flatnonzero(crystal.pbc):
        places = np.sort(sites[:, axis] % 1.0)
        steps = np.diff(places, append=places[0] + 1.0)
        widest = int(steps.argmax())
        gap[axis], start[axis] = steps[widest], places[(widest + 1) % len(places)]
    gap = gap * heights(cell)
    if gap.max() < LEAST:
        return crystal, None
    empty = gap > max(LEAST, BOND_LENGTHS * bond_length(crystal, method="robust"))
    if not empty.any():
        return crystal, None
    # Half of the rounding of a file before the first atom, so that it is not brought to the other side.
    start = start - 1e-6
    fractional = np.where(empty, (fractional - start) % 1.0 + start, fractional)
    pbc = tuple((np.array(crystal.pbc) & ~empty).tolist())
    found = Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        fractional @ cell,
        crystal.numbers,
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies,
        pbc=pbc,
        site_of_row=crystal.site_of_row,
    )
    matter = float((heights(cell) - gap)[empty].min())
    return (found if any(pbc) else to_cluster(found)), Vacuum(np.where(empty, gap, 0.0), matter)


def thickness(crystal: Crystal) -> float:
    """Least extent in Å, from atom to atom, of what does not repeat in three directions; infinite if it does.

    Of a cluster it counts only if that is less than `FLAT` of its largest extent: a small ball is no sheet.
    """
    points = crystal.positions[first_rows(crystal)]
    repeats = np.zeros((0, 3)) if crystal.cell is None else crystal.cell[list(crystal.pbc)]
    if len(repeats) == 3:  # noqa: PLR2004 - dimensions
        return np.inf
    # What is across the directions that repeat, and along which of these directions it is thinnest.
    across = np.linalg.svd(repeats.reshape(-1, 3))[2][len(repeats) :]
    places = (points - points.mean(axis=0)) @ across.T
    extents = np.ptp(places @ np.linalg.svd(places, full_matrices=False)[2].T, axis=0)
    least = float(extents.min()) if len(points) > len(across) else 0.0
    return least if len(repeats) or least < FLAT * float(extents.max()) else np.inf
