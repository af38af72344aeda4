"""The sites of many crystals in a few arrays, as the compiled loops want them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
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
#: Vectors are shortened only if that makes their squares smaller by more than this share.
SLACK = 1e-9
#: Steps of the reduction of a cell; a skewed one needs a few.
MOST_STEPS = 1000


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
        starts = np.zeros(len(crystals) + 1, dtype=np.int64)
        points, occupancies = [], []
        bases = np.empty((len(crystals), 3, 3))
        n_periodic = np.full(len(crystals), 3)
        for number, crystal in enumerate(crystals):
            own_points, own_occupancies = _sites(crystal)
            points.append(own_points)
            occupancies.append(own_occupancies)
            starts[number + 1] = starts[number] + len(own_points)
            if crystal.cell is not None and all(crystal.pbc):
                bases[number] = crystal.cell
            else:
                n_periodic[number] = sum(crystal.pbc)
                bases[number] = _partly_periodic(crystal)
        full = n_periodic == bases.shape[1]
        bases[full] = reduced_cells(bases[full])
        inverses: Floats = np.linalg.inv(bases)
        volumes: Floats = np.abs(np.linalg.det(bases))
        places = np.concatenate(points)
        owner = np.repeat(np.arange(len(crystals)), np.diff(starts))
        # Sums written out: a product of matrices may sum in another order for another number of crystals.
        whole = np.floor((places[:, :, None] * inverses[owner]).sum(axis=1))
        whole[np.arange(3) >= n_periodic[owner, None]] = 0
        places = places - (whole[:, :, None] * bases[owner]).sum(axis=1)
        for number in np.flatnonzero(~full).tolist():
            own = places[starts[number] : starts[number + 1]] @ bases[number, n_periodic[number] :].T
            volumes[number] *= np.maximum(np.ptp(own, axis=0), THICK).prod()
        filled = np.concatenate(occupancies)
        filled[np.abs(filled - 1) < OCCUPANCY_SLACK] = 1
        return cls(starts, places, filled, bases, inverses, n_periodic, volumes)

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
    """(3, 3) vectors that repeat, reduced, then unit vectors normal to them."""
    basis = np.eye(3)
    if crystal.cell is None or not any(crystal.pbc):
        return basis
    vectors = crystal.cell[list(crystal.pbc)]
    if len(vectors) > 1:
        # With a third vector that is normal to both and longer, only these two are shortened.
        normal = np.cross(*vectors)
        normal *= np.linalg.norm(vectors) / np.linalg.norm(normal)
        vectors = reduced_cells(np.array([[*vectors, normal]]))[0, :2]
        basis[2] = normal / np.linalg.norm(normal)
    else:
        first = np.cross(vectors[0], np.eye(3)[np.abs(vectors[0]).argmin()])
        second = np.cross(vectors[0], first)
        basis[1:] = first / np.linalg.norm(first), second / np.linalg.norm(second)
    basis[: len(vectors)] = vectors
    return basis


def reduced_cells(cells: Floats) -> Floats:
    """Shorten the vectors of many cells by each other until no sum or difference of them is shorter.

    Parameters
    ----------
    cells
        (m, 3, 3) rows in Å.

    Returns
    -------
    (m, 3, 3) of the same lattices, each as it comes out alone. A cell that is short already stays as it is.
    """
    cells = cells.copy()
    left = np.flatnonzero(~_is_reduced(cells))
    for _ in range(MOST_STEPS):
        if len(left) == 0:
            break
        some = cells[left]
        for i, j in permutations(range(3), 2):
            times = np.round((some[:, i] * some[:, j]).sum(axis=1) / (some[:, j] ** 2).sum(axis=1))
            _replace(some, i, some[:, i] - times[:, None] * some[:, j])
        for i in range(3):
            for p, q in product((-1, 1), repeat=2):
                _replace(some, i, some[:, i] + p * some[:, i - 1] + q * some[:, i - 2])
        cells[left] = some
        left = left[~_is_reduced(some)]
    return cells


def _replace(cells: Floats, i: int, vectors: Floats) -> None:
    shorter = (vectors**2).sum(axis=1) < (cells[:, i] ** 2).sum(axis=1) * (1 - SLACK)
    cells[shorter, i] = vectors[shorter]


def _is_reduced(cells: Floats) -> NDArray[np.bool_]:
    """Whether each vector is at most as long as with one or two of the others added or taken off."""
    squares = (cells**2).sum(axis=2)
    reduced = np.ones(len(cells), dtype=np.bool_)
    for p, q in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        other = cells + p * np.roll(cells, 1, axis=1) + q * np.roll(cells, 2, axis=1)
        reduced &= ((other**2).sum(axis=2) >= squares * (1 - SLACK)).all(axis=1)
    return reduced
