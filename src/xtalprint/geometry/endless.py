"""Where a symmetry search would not end: a tolerance so wide that the lattice fits on itself in contradictory ways.

moyopy multiplies the operations that hold within the tolerance until no new ones come. Those of two different
ideal lattices that both lie within it generate an infinite group, and the search takes 0.1 GB a second until all
memory is gone. No crystal has such a symmetry, so there is nothing to be found, and it is not asked.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.pairs import Sites, pairs_within
from xtalprint.geometry.rows import first_rows, site_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]

#: Most operations of a finite group of a lattice: those of a cube.
MOST_OPERATIONS = 48
#: The edge of a cube with the volume per site is so many tolerances long: not looked at any closer.
ROOMY = 30.0
#: With the nearest atoms so many tolerances apart no lattice contradicts itself (1 of 50,000 random ones did).
FAR = 9.0
#: Nearer than this, and with translations that contradict each other, atoms cannot be told from their neighbours.
NEAR = 3.0
#: Where translations contradict each other moyopy widens the tolerance, up to twice.
WIDER = (1.0, 2**0.5, 2.0)
#: moyopy does not search a lattice with a vector shorter than so many tolerances.
LEAST_VECTOR = 4.0
#: Vectors that the vectors of a reduced cell can become.
STEPS = np.array(list(product((-1, 0, 1), repeat=3)))


def is_endless(crystal: Crystal, symprec: float) -> bool:
    """Whether the search would multiply operations without end.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    symprec
        Å.
    """
    if crystal.cell is None or crystal.volume > crystal.n_sites * (ROOMY * symprec) ** 3:
        return False
    _, near = pairs_within(Sites.of(crystal), FAR * symprec)
    if not len(near):
        return False
    nearest = float(near.min())
    cell = niggli_matrix(crystal.cell) @ crystal.cell
    if crystal.n_sites == 1:
        return _contradicts_itself(cell, symprec)
    primitive, is_settled = _primitive(crystal, cell, symprec)
    if is_settled:
        return any(_contradicts_itself(lattice, symprec) for lattice in (primitive, cell))
    if nearest < NEAR * symprec:
        return True
    wider = [factor * symprec for factor in WIDER]
    return any(
        _contradicts_itself(cell, one) or _contradicts_itself(_primitive(crystal, cell, one)[0], one) for one in wider
    )


def _primitive(crystal: Crystal, cell: Floats, tolerance: float) -> tuple[Floats, bool]:
    """Reduced lattice that moyopy makes of the translations that hold, and whether it takes it for settled."""
    from xtalprint.geometry.translations import single_translations  # noqa: PLC0415 - Numba for noise only

    sites = crystal.positions[first_rows(crystal)]
    found = single_translations(sites, site_labels(crystal), cell, tolerance=tolerance)
    size = len(found) + 1
    steps = np.round(size * found @ np.linalg.inv(cell)).astype(np.int64)
    basis = _spanned(np.concatenate([size * np.eye(3, dtype=np.int64), steps]))
    is_settled = round(abs(np.linalg.det(basis))) == size**2 and len(sites) % size == 0
    primitive = basis / size @ cell
    return niggli_matrix(primitive) @ primitive, is_settled


def _spanned(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(3, 3) basis, a triangle, of what integer vectors span."""
    for column in range(3):
        while np.count_nonzero(rows[column:, column]) > 1:
            left = rows[column:]
            sizes = np.abs(left[:, column])
            pivot = int(np.argmin(np.where(sizes == 0, sizes.max() + 1, sizes)))
            factors = left[:, column] // left[pivot, column]
            factors[pivot] = 0
            left -= factors[:, None] * left[pivot]
        pivot = column + int(np.flatnonzero(rows[column:, column])[0])
        rows[[column, pivot]] = rows[[pivot, column]]
    return rows[:3]


def _contradicts_itself(cell: Floats, tolerance: float) -> bool:
    """Whether what brings a reduced lattice onto itself within a tolerance is no part of a finite group."""
    operations = _operations(cell, tolerance)
    known = {operation.tobytes() for operation in operations} | {np.eye(3, dtype=np.int64).tobytes()}
    new = operations
    while len(new) and len(known) <= MOST_OPERATIONS:
        products = {p.tobytes(): p for p in (new[:, None] @ operations).reshape(-1, 3, 3)}
        new = np.array([p for key, p in products.items() if key not in known], dtype=np.int64)
        known |= products.keys()
    return len(known) > MOST_OPERATIONS


def _operations(cell: Floats, tolerance: float) -> NDArray[np.int64]:
    """(n, 3, 3) integer matrices that keep the lengths of a reduced cell within a tolerance, and its angles.

    An angle is kept if the sine of its change times the mean length of its sides is within the tolerance.
    Source: A. Togo and I. Tanaka, arXiv:1808.01590, equation 7.
    """
    length = np.sqrt((cell**2).sum(axis=1))
    vectors = STEPS @ cell
    size = np.sqrt((vectors**2).sum(axis=1))
    if length.min() < LEAST_VECTOR * tolerance:
        return np.zeros((0, 3, 3), dtype=np.int64)
    like = [np.flatnonzero(np.abs(size - one) < tolerance) for one in length]

    def pairs(i: int, j: int) -> NDArray[np.bool_]:
        new = vectors[like[i]] @ vectors[like[j]].T / np.outer(size[like[i]], size[like[j]])
        change = np.arccos(np.clip(new, -1, 1)) - np.arccos(
            np.clip(cell[i] @ cell[j] / (length[i] * length[j]), -1, 1)
        )
        sides = np.outer(length[i] + size[like[i]], length[j] + size[like[j]]) / 4
        kept: NDArray[np.bool_] = np.sin(change) ** 2 * sides < tolerance**2
        return kept

    first, second = np.nonzero(pairs(0, 1))
    row, third = np.nonzero(pairs(1, 2)[second] & pairs(2, 0).T[first])
    chosen = (like[0][first[row]], like[1][second[row]], like[2][third])
    matrices = np.stack([STEPS[one] for one in chosen], axis=1)
    result: NDArray[np.int64] = matrices[np.abs(np.round(np.linalg.det(matrices))) == 1]
    return result
