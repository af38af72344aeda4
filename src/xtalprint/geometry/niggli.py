"""The Niggli-reduced cell: the one description of a lattice that does not depend on how its cell was chosen."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.rows import wrapped_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Tolerance of comparisons relative to the cube root of the volume (Grosse-Kunstleve et al. 2004).
TOLERANCE = 1e-5
#: Far more than any cell needs; skewed ones are reduced in a few steps because shears are taken whole.
MOST_STEPS = 1000


@takes_crystal
def niggli_cell(crystal: Crystal) -> Crystal:
    """Describe a crystal in its Niggli-reduced cell.

    The atoms and their number stay; the cell vectors are replaced by the shortest ones of the same lattice, in the
    order and with the angles that Niggli's conditions demand. Atoms are moved by lattice vectors into the new cell.
    A supercell is not made primitive. The orientation is kept.

    Parameters
    ----------
    crystal
        That repeats in three directions.

    Returns
    -------
    The same crystal; its cell is right-handed, a ≤ b ≤ c, angles all acute or none.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions.

    Notes
    -----
    Algorithm: I. Krivý and B. Gruber, Acta Cryst. A32, 297 (1976), with the tolerances of R. W. Grosse-Kunstleve,
    N. K. Sauter and P. D. Adams, Acta Cryst. A60, 1 (2004).

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> from xtalprint.crystal import cell_parameters
    >>> skewed = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.array([[1, 0, 0], [7, 1, 0], [-3, 5, 1]]))
    >>> [round(x, 6) for x in cell_parameters(niggli_cell(skewed).cell)]
    [3.35, 3.35, 3.35, 90.0, 90.0, 90.0]
    """
    if crystal.cell is None or not all(crystal.pbc):
        raise UnsupportedInputError(
            "only a crystal that repeats in three directions has a reduced cell",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give the cell, with all three directions periodic",
        )
    cell = niggli_matrix(crystal.cell) @ crystal.cell
    fractional = crystal.positions @ np.linalg.inv(cell)
    # The slack keeps 1 − 1e-12 from staying there.
    fractional = wrapped_rows(fractional, crystal, 1e-9)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        fractional @ cell,
        crystal.numbers,
        like=crystal,
        cell=cell,
        occupancies=crystal.occupancies,
        site_of_row=crystal.site_of_row,
    )


def niggli_matrix(cell: NDArray[np.float64]) -> NDArray[np.int64]:
    """Integer matrix M with determinant ±1 such that M @ cell is Niggli reduced and right-handed.

    Parameters
    ----------
    cell
        (3, 3) lattice vectors as rows in Å.
    """
    return _matrix(np.ascontiguousarray(cell, dtype=np.float64).tobytes()).copy()


@lru_cache(maxsize=64)
def _matrix(rows: bytes) -> NDArray[np.int64]:
    """What `niggli_matrix` returns, kept because one crystal's cell is asked for several times."""
    array = np.frombuffer(rows).reshape(3, 3)
    cell = array.tolist()
    # Compared are squared lengths, so the tolerance in Å is multiplied by a length twice.
    epsilon = 2 * TOLERANCE * float(abs(np.linalg.det(array))) ** (2 / 3)
    # Nine numbers: lists are faster than arrays of NumPy.
    matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    for _ in range(MOST_STEPS):
        matrix = _normalised(matrix, _metric(matrix, cell), epsilon)
        shorter = _sheared(matrix, _metric(matrix, cell), epsilon)
        if shorter is None:
            break
        matrix = shorter
    found = np.array(matrix, dtype=np.int64)
    return found if np.linalg.det(found @ array) > 0 else -found


def _metric(matrix: list[list[int]], cell: list[list[float]]) -> list[list[float]]:
    """Products of the vectors of ``matrix @ cell`` with each other."""
    columns = list(zip(*cell, strict=True))
    vectors = [[p * x + q * y + r * z for x, y, z in columns] for p, q, r in matrix]
    return [[x * u + y * v + z * w for u, v, w in vectors] for x, y, z in vectors]


def reduced_lengths(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) lengths in Å of the Niggli-reduced vectors of the lattice with these rows, ascending."""
    lengths: NDArray[np.float64] = np.linalg.norm(niggli_matrix(cell) @ cell, axis=1)
    return lengths


def _normalised(matrix: list[list[int]], g: list[list[float]], epsilon: float) -> list[list[int]]:
    """Steps 1 to 4: order the lengths; make the three products of different vectors all positive or none."""
    order = [0, 1, 2]
    for i, j in ((0, 1), (1, 2), (0, 1)):
        a, b, c = order[i], order[j], order[3 - i - j]
        longer = g[a][a] - g[b][b]
        # Of equally long vectors the one with the smaller product (by magnitude) to the third comes first.
        if longer > epsilon or (abs(longer) <= epsilon and abs(g[b][c]) - abs(g[a][c]) > epsilon):
            order[i], order[j] = b, a
    a, b, c = order
    signs = [0 if abs(x) <= epsilon / 2 else _sign(x) for x in (g[b][c], g[a][c], g[a][b])]
    # If the product of all three is positive, these signs make every one of them positive.
    flip = [1 if x > 0 else -1 for x in signs] if math.prod(signs) > 0 else _all_obtuse(signs)
    return [[sign * x for x in matrix[row]] for sign, row in zip(flip, order, strict=True)]


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _all_obtuse(signs: list[int]) -> list[int]:
    """Signs of the vectors that make every product of two negative or zero."""
    flip = [-1 if x > 0 else 1 for x in signs]
    if math.prod(flip) < 0 and 0 in signs:
        last = max(place for place, x in enumerate(signs) if x == 0)
        flip[last] = -flip[last]
    return flip


def _sheared(matrix: list[list[int]], g: list[list[float]], epsilon: float) -> list[list[int]] | None:
    """Steps 5 to 8: with the next vector that can be shorter, or None if the cell is reduced.

    With A, B, C the squared lengths and ξ, η, ζ twice the products b·c, a·c, a·b.
    """
    a2, b2 = g[0][0], g[1][1]
    xi, eta, zeta = 2 * g[1][2], 2 * g[0][2], 2 * g[0][1]
    # (vector, by which, squared length of the latter, product, tie-break that wants the opposite sign)
    for row, by, square, product, wrong in (
        (2, 1, b2, xi, (2 * eta < zeta - epsilon, zeta < -epsilon)),
        (2, 0, a2, eta, (2 * xi < zeta - epsilon, zeta < -epsilon)),
        (1, 0, a2, zeta, (2 * xi < eta - epsilon, eta < -epsilon)),
    ):
        too_long = abs(product) > square + epsilon
        tie = (abs(product - square) <= epsilon and wrong[0]) or (abs(product + square) <= epsilon and wrong[1])
        if too_long or tie:
            # The whole shear at once; Krivý and Gruber take it one vector at a time.
            times = round(product / (2 * square)) if abs(product) > 2 * square else _sign(product)
            shorter = [x - times * y for x, y in zip(matrix[row], matrix[by], strict=True)]
            return [*matrix[:row], shorter, *matrix[row + 1 :]]
    total = xi + eta + zeta + a2 + b2
    if total < -epsilon or (abs(total) <= epsilon and 2 * (a2 + eta) + zeta > epsilon):
        return [*matrix[:2], [sum(column) for column in zip(*matrix, strict=True)]]
    return None
