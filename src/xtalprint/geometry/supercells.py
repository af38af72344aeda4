"""Replicas, clusters, pieces of large boxes; scaling and rotation."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry.inputs import check_whole, takes_crystal
from xtalprint.geometry.rows import first_rows, wrapped_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Sites whose distances from the middle differ by less (Å) lie in one layer.
SAME_LAYER = 1e-7
#: Rows of a supercell that are refused, before memory is asked for.
MOST_ROWS = 10_000_000


@takes_crystal
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

    Raises
    ------
    XtalprintError
        If there is no cell, it does not repeat along a vector, or a number is below 1.
    """
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster cannot be repeated", source=crystal.source, frame=crystal.frame)
    given = np.ravel(np.asarray(repeats, dtype=object)).tolist()
    check_whole("repeats", *given)
    if len(given) != 3:  # noqa: PLR2004 - dimensions
        raise XtalprintError("repeats must be three numbers, one along each axis", value=repeats)
    if int(np.prod(np.array(repeats, dtype=object))) * len(crystal) > MOST_ROWS:
        raise UnsupportedInputError(
            f"the supercell would have more than {MOST_ROWS:,} rows",
            source=crystal.source,
            frame=crystal.frame,
            value=repeats,
            remedy="take fewer replicas or a smaller cell",
        )
    if any(n > 1 and not periodic for n, periodic in zip(repeats, crystal.pbc, strict=True)):
        raise UnsupportedInputError(
            "a crystal cannot be repeated along a direction that is not periodic",
            source=crystal.source,
            frame=crystal.frame,
            value=f"repeats {repeats}, pbc {crystal.pbc}",
        )
    shifts = np.array(list(product(*map(range, repeats))), dtype=float) @ crystal.cell
    n = len(shifts)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        (shifts[:, None, :] + crystal.positions[None, :, :]).reshape(-1, 3),
        np.tile(crystal.numbers, n),
        like=crystal,
        cell=crystal.cell * np.array(repeats, dtype=float)[:, None],
        occupancies=np.tile(crystal.occupancies, n),
        pbc=crystal.pbc,
        site_of_row=np.arange(n * len(crystal)) if crystal.n_sites == len(crystal) else None,
    )


@takes_crystal
def supercell_to(crystal: Crystal, *, min_atoms: int = 256) -> Crystal:
    """Add replicas along the shortest extent until there are at least ``min_atoms`` sites.

    A cell that is large enough stays as it is; directions that do not repeat are left alone.

    Raises
    ------
    UnsupportedInputError
        If there is no cell.
    """
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster cannot be repeated", source=crystal.source, frame=crystal.frame)
    check_whole("min_atoms", min_atoms)
    lengths = [
        float(length) if periodic else np.inf
        for length, periodic in zip(np.linalg.norm(crystal.cell, axis=1), crystal.pbc, strict=True)
    ]
    repeats, n_sites = [1, 1, 1], crystal.n_sites
    while n_sites * repeats[0] * repeats[1] * repeats[2] < min_atoms and any(crystal.pbc):
        extents = [length * n for length, n in zip(lengths, repeats, strict=True)]
        # The first of equal extents, with a little slack so that rounding does not choose.
        shortest = min(extents) * (1 + 1e-6)
        repeats[next(axis for axis in range(3) if extents[axis] <= shortest)] += 1
        if n_sites * repeats[0] * repeats[1] * repeats[2] > MOST_ROWS:
            break  # refused below, by its number of rows
    return supercell(crystal, (repeats[0], repeats[1], repeats[2]))


@takes_crystal
def to_cluster(crystal: Crystal) -> Crystal:
    """Drop the cell: the atoms as they stand, no images."""
    # Rows of one site on both sides of a face are parted, so that the sites of a disordered crystal are found anew.
    same_sites = crystal.is_cluster or crystal.n_sites == len(crystal)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions,
        crystal.numbers,
        like=crystal,
        cell=None,
        occupancies=crystal.occupancies,
        site_of_row=crystal.site_of_row if same_sites else None,
    )


@takes_crystal
def central_block(crystal: Crystal, *, n_atoms: int) -> Crystal:
    """Cut the compact piece of about ``n_atoms`` rows out of the middle of a large box or cluster; no cell.

    Parameters
    ----------
    crystal
        Any; atoms outside a cell are brought into it.
    n_atoms
        Where atoms lie on one face of the piece, all of them are taken or none, whichever comes closer to this
        number; so neither rounding nor the order of the rows decides. Rows of one site stay together.

    Returns
    -------
    A parallelepiped with equal heights and faces parallel to those of the cell; for a cluster or a slab a cube along
    x, y and z. The crystal itself without its cell if it has no more rows than ``n_atoms``.
    """
    if n_atoms < 1:
        raise XtalprintError("the piece must have at least one atom", value=n_atoms)
    if n_atoms >= len(crystal):
        return to_cluster(crystal)
    sites = crystal.site_of_row
    first = first_rows(crystal)
    if crystal.cell is None or not all(crystal.pbc):
        middle = 0.5 * (crystal.positions.min(axis=0) + crystal.positions.max(axis=0))
        positions = crystal.positions
        radius = np.abs(positions[first] - middle).max(axis=1)
    else:
        fractional = wrapped_rows(crystal.frac, crystal, 0.0)
        positions = fractional @ crystal.cell
        # Distance in Å from the middle along each height, so that a long box gives a compact piece.
        radius = (np.abs(fractional[first] - 0.5) * heights(crystal.cell)).max(axis=1)
    keep = (radius < _size_of_piece(radius, np.bincount(sites), n_atoms))[sites]
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        positions[keep],
        crystal.numbers[keep],
        like=crystal,
        cell=None,
        occupancies=crystal.occupancies[keep],
        site_of_row=np.unique(sites[keep], return_inverse=True)[1],
    )


@takes_crystal
def compact_piece(crystal: Crystal, *, n_atoms: int) -> Crystal:
    """Cut a piece of equal heights out of a box of any shape, which is repeated as far as that takes; no cell.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    n_atoms
        About as many sites the piece has, see `central_block`.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions.
    """
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster cannot be repeated", source=crystal.source, frame=crystal.frame)
    edge = np.cbrt(crystal.volume * n_atoms / crystal.n_sites)
    repeats = np.ceil(edge / heights(crystal.cell)).astype(int).tolist()
    box = supercell(crystal, (repeats[0], repeats[1], repeats[2]))
    return central_block(box, n_atoms=round(n_atoms * len(crystal) / crystal.n_sites))


def heights(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) distances in Å between opposite faces of a cell."""
    distances: NDArray[np.float64] = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    return distances


def _size_of_piece(radius: NDArray[np.float64], rows: NDArray[np.int64], n_atoms: int) -> float:
    """Radius up to which there are about ``n_atoms`` rows, between two layers of sites."""
    order = np.argsort(radius, kind="stable")
    sorted_radius = radius[order]
    # Before which site a new layer begins, and how many rows lie inside.
    begins = np.flatnonzero(np.diff(sorted_radius) > SAME_LAYER) + 1
    inside = np.cumsum(rows[order])[begins - 1]
    if len(begins) == 0:
        return np.inf
    start = begins[int(np.argmin(np.abs(inside - n_atoms)))]
    return float(0.5 * (sorted_radius[start - 1] + sorted_radius[start]))


@takes_crystal
def scaled(crystal: Crystal, factor: float) -> Crystal:
    """Multiply all lengths by ``factor``; an `XtalprintError` if it is not positive."""
    if not (np.isfinite(factor) and factor > 0):
        raise XtalprintError("the factor must be a positive number", value=factor)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions * factor,
        crystal.numbers,
        like=crystal,
        cell=None if crystal.cell is None else crystal.cell * factor,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
        site_of_row=crystal.site_of_row,
    )


@takes_crystal
def rotated(crystal: Crystal, rotation: NDArray[np.float64]) -> Crystal:
    """Turn positions and cell: each row vector v becomes ``rotation @ v``.

    Parameters
    ----------
    crystal
        Any.
    rotation
        (3, 3) orthogonal matrix.

    Raises
    ------
    XtalprintError
        If it is none.
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
        site_of_row=crystal.site_of_row,
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
