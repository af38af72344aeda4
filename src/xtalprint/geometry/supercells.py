"""Replicas, clusters, pieces of large boxes; scaling and rotation."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError, XtalprintError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def supercell(crystal: Crystal, repeats: tuple[int, int, int]) -> Crystal:
    """Repeat the cell along its three vectors.

    Parameters
    ----------
    crystal
        With a cell.
    repeats
        How many times along a, b, c; at least 1.

    Returns
    -------
    Rows of the first cell first, then those of the next; the last vector runs fastest.
    """
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster cannot be repeated", source=crystal.source, frame=crystal.frame)
    if min(repeats) < 1:
        raise XtalprintError("repeats must be at least 1 along each axis", value=repeats)
    shifts = np.array(list(product(*map(range, repeats))), dtype=float) @ crystal.cell
    n = len(shifts)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        (shifts[:, None, :] + crystal.positions[None, :, :]).reshape(-1, 3),
        np.tile(crystal.numbers, n),
        like=crystal,
        cell=crystal.cell * np.array(repeats, dtype=float)[:, None],
        occupancies=np.tile(crystal.occupancies, n),
        pbc=crystal.pbc,
    )


def supercell_to(crystal: Crystal, *, min_atoms: int = 256) -> Crystal:
    """Add replicas along the shortest extent until there are at least ``min_atoms`` sites.

    A cell that is large enough stays as it is; directions that do not repeat are left alone.
    """
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster cannot be repeated", source=crystal.source, frame=crystal.frame)
    lengths = np.where(crystal.pbc, np.linalg.norm(crystal.cell, axis=1), np.inf)
    repeats = np.ones(3, dtype=int)
    while crystal.n_sites * int(repeats.prod()) < min_atoms and np.isfinite(lengths).any():
        # The first of equal extents, with a little slack so that rounding does not choose.
        extents = lengths * repeats
        repeats[int(np.flatnonzero(extents <= extents.min() * (1 + 1e-6))[0])] += 1
    a, b, c = repeats.tolist()
    return supercell(crystal, (a, b, c))


def to_cluster(crystal: Crystal) -> Crystal:
    """Drop the cell: the atoms as they stand, no images."""
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions, crystal.numbers, like=crystal, cell=None, occupancies=crystal.occupancies
    )


def central_block(crystal: Crystal, *, n_atoms: int) -> Crystal:
    """Cut the compact piece of about ``n_atoms`` rows out of the middle of a large box or cluster; no cell.

    The piece has the shape of the cell, shrunk about its middle, or of the box around a cluster. It is the smallest
    such piece that holds ``n_atoms`` rows, ties by row number, so the answer does not depend on rounding.
    """
    if n_atoms < 1:
        raise XtalprintError("the piece must have at least one atom", value=n_atoms)
    if n_atoms >= len(crystal):
        return to_cluster(crystal)
    if crystal.cell is None or not all(crystal.pbc):
        middle = 0.5 * (crystal.positions.min(axis=0) + crystal.positions.max(axis=0))
        offset = crystal.positions - middle
        positions = crystal.positions
        # A cube that is as large in each direction as the cluster allows.
        radius = np.abs(offset).max(axis=1)
    else:
        fractional = crystal.frac
        fractional = fractional - np.floor(fractional)
        positions = fractional @ crystal.cell
        heights = 1.0 / np.linalg.norm(np.linalg.inv(crystal.cell), axis=0)
        # Distance from the middle in units of the shortest height, so that a long box gives a compact piece.
        radius = (np.abs(fractional - 0.5) * heights).max(axis=1)
    keep = np.sort(np.argsort(radius, kind="stable")[:n_atoms])
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        positions[keep],
        crystal.numbers[keep],
        like=crystal,
        cell=None,
        occupancies=crystal.occupancies[keep],
    )


def scaled(crystal: Crystal, factor: float) -> Crystal:
    """Multiply all lengths by ``factor``."""
    if not (np.isfinite(factor) and factor > 0):
        raise XtalprintError("the factor must be a positive number", value=factor)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions * factor,
        crystal.numbers,
        like=crystal,
        cell=None if crystal.cell is None else crystal.cell * factor,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
    )


def rotated(crystal: Crystal, rotation: NDArray[np.float64]) -> Crystal:
    """Turn positions and cell: each row vector v becomes ``rotation @ v``.

    Parameters
    ----------
    crystal
        Any.
    rotation
        (3, 3) orthogonal matrix.
    """
    matrix = np.asarray(rotation, dtype=np.float64)
    if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-8):
        raise XtalprintError("the rotation must be an orthogonal 3×3 matrix", value=matrix.tolist())
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions @ matrix.T,
        crystal.numbers,
        like=crystal,
        cell=None if crystal.cell is None else crystal.cell @ matrix.T,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
    )


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """(3, 3) proper rotation, uniform on SO(3), from a normalised random quaternion (Shoemake 1992)."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
