"""Cells of films, wires and molecules as ASE writes them: a vector along which nothing repeats may be zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def completed_cell(
    cell: NDArray[np.float64] | None, pbc: tuple[bool, bool, bool], positions: NDArray[np.float64]
) -> tuple[NDArray[np.float64] | None, tuple[bool, bool, bool]]:
    """Complete the missing (zero) vectors of directions that do not repeat.

    They are given at right angles to the others, as long as the sample, and at least 1 Å.

    Parameters
    ----------
    cell
        (3, 3) in Å, or None. A cell of zeros is none at all.
    pbc
        Along which vectors the crystal repeats.
    positions
        (N, 3) in Å.

    Returns
    -------
    The cell and the directions; in a cell of zeros nothing repeats, whatever was said.

    Examples
    --------
    >>> film = np.array([[2.5, 0, 0], [0, 2.5, 0], [0, 0, 0]])
    >>> completed_cell(film, (True, True, False), np.array([[0, 0, 0], [0, 0, 3.0]]))[0][2].tolist()
    [0.0, 0.0, 3.0]
    """
    if cell is None:
        return None, pbc
    if not cell.any():
        return None, (False, False, False)
    missing = [axis for axis in range(3) if not cell[axis].any() and not pbc[axis]]
    if not missing or not np.isfinite(cell).all():
        return cell, pbc
    cell = cell.copy()
    given = cell[[axis for axis in range(3) if axis not in missing]]
    # The last right singular vectors are at right angles to all given ones.
    normals = np.linalg.svd(given)[2][len(given) :]
    finite = positions[np.isfinite(positions).all(axis=1)]
    for axis, normal in zip(missing, normals, strict=False):
        along = finite @ normal
        cell[axis] = normal * max(1.0, float(np.ptp(along)) if len(along) else 0.0)
    if np.linalg.det(cell) < 0:
        cell[missing[-1]] *= -1
    return cell, pbc
