"""The sites of many crystals in a few arrays, as the compiled loops want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import OCCUPANCY_SLACK
from xtalprint.geometry.rows import first_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: Along directions that do not repeat sites are thought to fill so many Å: a flat molecule has a density too.
THICK = 2.0


@dataclass(frozen=True)
class SiteBatch:
    """Sites of m crystals, one after the other, brought into reduced cells.

    Parameters
    ----------
    starts
        (m + 1,) first site of each crystal, and the number of all.
    points
        (N, 3) Å.
    occupancies
        (N,) of all species on a site together.
    bases
        (m, 3, 3) rows in Å: short periodic vectors first, then unit vectors normal to them.
    inverses
        (m, 3, 3) inverse matrices.
    n_periodic
        (m,) how many rows of a basis repeat.
    volumes
        (m,) Å³, of the cell, or about what the sites fill.
    """

    starts: Integers
    points: Floats
    occupancies: Floats
    bases: Floats
    inverses: Floats
    n_periodic: Integers
    volumes: Floats

    @classmethod
    def of(cls, crystals: Sequence[Crystal]) -> SiteBatch:
        """Gather the sites of some crystals; rows of one site count once."""
        from xtalprint.geometry.compiled_cells import prepare  # noqa: PLC0415 - imports Numba

        sites = [_sites(crystal) for crystal in crystals]
        starts = np.cumsum([0, *(len(occupancies) for _, occupancies in sites)])
        places = np.concatenate([points for points, _ in sites])
        occupancies = np.concatenate([occupancies for _, occupancies in sites])
        occupancies[np.abs(occupancies - 1) < OCCUPANCY_SLACK] = 1
        n_periodic = np.array([crystal.pbc for crystal in crystals]).sum(axis=1)
        bases = np.array(
            [crystal.cell if crystal.pbc == (True, True, True) else _partly_periodic(crystal) for crystal in crystals]
        )
        inverses, volumes = np.empty_like(bases), np.empty(len(bases))
        prepare(starts, places, bases, inverses, n_periodic, volumes, THICK)
        return cls(starts, places, occupancies, bases, inverses, n_periodic, volumes)

    @property
    def lattices(self) -> tuple[Integers, Floats, Floats, Floats, Integers]:
        """Starts, points, bases, inverses and n_periodic, for a compiled loop."""
        return self.starts, self.points, self.bases, self.inverses, self.n_periodic


def _sites(crystal: Crystal) -> tuple[Floats, Floats]:
    """Positions and occupancies of the sites."""
    site_of_row = crystal.site_of_row
    # Sites are numbered as they appear: each row has its own if the last one has the largest number.
    if site_of_row[-1] == len(site_of_row) - 1:
        return crystal.positions, crystal.occupancies
    occupancies = np.bincount(site_of_row, weights=crystal.occupancies)
    return crystal.positions[first_rows(crystal)], np.asarray(occupancies, dtype=np.float64)


def _partly_periodic(crystal: Crystal) -> Floats:
    """(3, 3) vectors that repeat, then unit vectors normal to them."""
    basis = np.eye(3)
    if crystal.cell is None or not any(crystal.pbc):
        return basis
    vectors = crystal.cell[list(crystal.pbc)]
    if len(vectors) > 1:
        second = np.cross(*vectors)
    else:
        first = np.cross(vectors[0], np.eye(3)[np.abs(vectors[0]).argmin()])
        second = np.cross(vectors[0], first)
        basis[1] = first / np.linalg.norm(first)
    basis[2] = second / np.linalg.norm(second)
    basis[: len(vectors)] = vectors
    return basis
