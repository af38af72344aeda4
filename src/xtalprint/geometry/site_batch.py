"""The sites of many crystals in a few arrays, as the compiled loops want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.rows import first_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal


@dataclass(frozen=True)
class SiteBatch:
    """Sites of m crystals, one after the other.

    Parameters
    ----------
    starts
        (m + 1,) first site of each crystal, and the number of all.
    points
        (N, 3) Å.
    occupancies
        (N,) of all species on a site together.
    cells
        (m, 3, 3) rows in Å; the unit matrix without a cell.
    pbc
        (m, 3) where images count.
    """

    starts: NDArray[np.int64]
    points: NDArray[np.float64]
    occupancies: NDArray[np.float64]
    cells: NDArray[np.float64]
    pbc: NDArray[np.bool_]

    @classmethod
    def of(cls, crystals: Sequence[Crystal]) -> SiteBatch:
        """Gather the sites of some crystals; rows of one site count once."""
        starts = np.zeros(len(crystals) + 1, dtype=np.int64)
        points, occupancies = [], []
        cells = np.empty((len(crystals), 3, 3))
        pbc = np.empty((len(crystals), 3), dtype=np.bool_)
        for number, crystal in enumerate(crystals):
            site_of_row = crystal.site_of_row
            own_points, own_occupancies = crystal.positions, crystal.occupancies
            # Sites are numbered as they appear: each row has its own if the last one has the largest number.
            if site_of_row[-1] != len(site_of_row) - 1:
                own_points = own_points[first_rows(crystal)]
                own_occupancies = np.bincount(site_of_row, weights=own_occupancies)
            points.append(own_points)
            occupancies.append(own_occupancies)
            starts[number + 1] = starts[number] + len(own_points)
            cells[number] = np.eye(3) if crystal.cell is None else crystal.cell
            pbc[number] = crystal.pbc
        return cls(starts, np.concatenate(points), np.concatenate(occupancies), cells, pbc)

    @property
    def arrays(
        self,
    ) -> tuple[
        NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]
    ]:
        """All of it as one argument of a compiled loop."""
        return self.starts, self.points, self.occupancies, self.cells, self.pbc
