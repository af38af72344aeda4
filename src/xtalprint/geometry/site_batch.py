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
        sites = [_sites(crystal) for crystal in crystals]
        starts = np.cumsum([0, *(len(occupancies) for _, occupancies in sites)])
        places = np.concatenate([points for points, _ in sites])
        occupancies = np.concatenate([occupancies for _, occupancies in sites])
        occupancies[np.abs(occupancies - 1) < OCCUPANCY_SLACK] = 1
        n_periodic = np.array([crystal.pbc for crystal in crystals]).sum(axis=1)
        bases = np.array(
            [crystal.cell if crystal.pbc == (True, True, True) else _partly_periodic(crystal) for crystal in crystals]
        )
        full = n_periodic == bases.shape[1]
        bases[full] = reduced_cells(bases[full])
        inverses: Floats = np.linalg.inv(bases)
        volumes: Floats = np.abs(np.linalg.det(bases))
        owner = np.repeat(np.arange(len(sites)), np.diff(starts))
        # Sums written out: a product of matrices may sum in another order for another number of crystals.
        whole = np.floor((places[:, :, None] * inverses[owner]).sum(axis=1))
        whole[np.arange(3) >= n_periodic[owner, None]] = 0
        places = places - (whole[:, :, None] * bases[owner]).sum(axis=1)
        for number in np.flatnonzero(~full).tolist():
            own = places[starts[number] : starts[number + 1]] @ bases[number, n_periodic[number] :].T
            volumes[number] *= np.maximum(np.ptp(own, axis=0), THICK).prod()
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
        changed = np.zeros(len(left), dtype=np.bool_)
        for i, j in permutations(range(3), 2):
            times = np.round((some[:, i] * some[:, j]).sum(axis=1) / (some[:, j] ** 2).sum(axis=1))
            changed |= _replace(some, i, some[:, i] - times[:, None] * some[:, j])
        for i in range(3):
            for p, q in product((-1, 1), repeat=2):
                changed |= _replace(some, i, some[:, i] + p * some[:, i - 1] + q * some[:, i - 2])
        cells[left] = some
        left = left[changed]
    return cells


def _replace(cells: Floats, i: int, vectors: Floats) -> NDArray[np.bool_]:
    """Put vectors in the place of longer ones; returns which were longer."""
    shorter: NDArray[np.bool_] = (vectors**2).sum(axis=1) < (cells[:, i] ** 2).sum(axis=1) * (1 - SLACK)
    cells[shorter, i] = vectors[shorter]
    return shorter


def _is_reduced(cells: Floats) -> NDArray[np.bool_]:
    """Whether each vector is at most as long as with one or two of the others added or taken off."""
    a, b, c = cells[:, 0], cells[:, 1], cells[:, 2]
    squares = (cells * cells).sum(axis=2)
    bc, ac, ab = 2 * (b * c).sum(axis=1), 2 * (a * c).sum(axis=1), 2 * (a * b).sum(axis=1)
    # |u ± v|² ≥ |u|², |v|² for two of them, and |a ± b ± c|² ≥ the longest for all.
    two = np.minimum(np.stack([squares[:, 1], squares[:, 0], squares[:, 0]]), squares[:, [2, 2, 1]].T)
    reduced: NDArray[np.bool_] = (np.abs(np.stack([bc, ac, ab])) <= two * (1 + SLACK)).all(axis=0)
    three = squares.sum(axis=1) + np.stack([bc + ac + ab, bc - ac - ab, ac - bc - ab, ab - bc - ac])
    reduced &= (three >= squares.max(axis=1) * (1 - SLACK)).all(axis=0)
    return reduced
