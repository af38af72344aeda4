"""Vectors that span the lattice of a crystal, as it lies: primitive or conventional ones by a symmetry search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.symmetry import find_symmetry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal


class LatticeBasis(NamedTuple):
    """Vectors of a lattice.

    Parameters
    ----------
    vectors
        (3, 3) rows in Å, right-handed, in the axes of the crystal.
    primitive
        (3, 3) rows in Å, vectors of a primitive cell; those of a conventional one are whole sums of them.
    found
        Whether a symmetry search found them.
    """

    vectors: NDArray[np.float64]
    primitive: NDArray[np.float64]
    found: bool

    @property
    def reciprocal(self) -> NDArray[np.float64]:
        """(3, 3) rows a*, b*, c* in 1/Å, without 2π."""
        return np.asarray(np.linalg.inv(self.vectors).T, dtype=np.float64)

    def absent(self, hkl: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) whether a point (n, 3) of the lattice reciprocal to ``vectors`` is none of that to ``primitive``.

        Examples
        --------
        >>> cube = 2 * np.eye(3)
        >>> centred = LatticeBasis(cube, np.array([[2, 0, 0], [0, 2, 0], [1, 1, 1]]), found=True)
        >>> centred.absent(np.array([[1, 0, 0], [1, 1, 0]])).tolist()
        [True, False]
        """
        # s·p for the primitive vectors p is whole, or off by a half, a third or a quarter.
        turns = hkl @ (self.primitive @ np.linalg.inv(self.vectors)).T
        off = np.abs(turns - np.round(turns)).max(axis=1, initial=0.0)
        return np.asarray(off > 0.1, dtype=np.bool_)  # noqa: PLR2004 - see above


def lattice_basis(
    crystal: Crystal, *, kind: Literal["primitive", "conventional"], symprec: float = 0.1
) -> LatticeBasis:
    """Find vectors of the lattice of a crystal; nothing is turned, moved or idealised.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    kind
        ``"primitive"`` or ``"conventional"``: of the standard cell of the space group (International Tables for
        Crystallography A, hexagonal axes for rhombohedral lattices). Without symmetry beyond a centre both are the
        reduced cell; where the search finds nothing at all they are the Niggli-reduced vectors of the cell given.
    symprec
        Distance in Å by which atoms may be off their symmetrical places.

    Raises
    ------
    UnsupportedInputError
        If it does not repeat in three directions.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> copper = Crystal([[0, 0, 0]], ["Cu"], cell=1.805 * (np.ones((3, 3)) - np.eye(3)))
    >>> cube = lattice_basis(copper, kind="conventional").vectors
    >>> np.linalg.norm(cube, axis=1).round(3).tolist()
    [3.61, 3.61, 3.61]
    """
    given = given_basis(crystal).vectors
    found = find_symmetry(crystal, symprec=symprec)
    if found is None or found.crystal.cell is None:
        reduced: NDArray[np.float64] = niggli_matrix(given) @ given
        return LatticeBasis(reduced, reduced, found=False)
    cell = found.crystal.cell
    cell = cell if np.linalg.det(cell) > 0 else -cell  # the hand in which it was searched
    primitive: NDArray[np.float64] = np.array(found.dataset.prim_std_linear).T @ cell
    if kind == "primitive":
        return LatticeBasis(primitive, primitive, found=True)
    conventional: NDArray[np.float64] = np.array(found.dataset.std_linear).T @ cell
    return LatticeBasis(conventional, primitive, found=True)


def given_basis(crystal: Crystal) -> LatticeBasis:
    """Vectors of the cell of a crystal as it is.

    Raises
    ------
    UnsupportedInputError
        If it does not repeat in three directions.
    """
    if crystal.cell is None or not all(crystal.pbc):
        raise UnsupportedInputError(
            "a reciprocal lattice needs a crystal that repeats in three directions",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give the cell, with all three directions periodic",
        )
    return LatticeBasis(crystal.cell, crystal.cell, found=True)
