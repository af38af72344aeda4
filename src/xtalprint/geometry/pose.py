"""A crystal in a pose of its own: the same axes, origin, cell and order of sites, however it was given.

What depends on the axes or the order a little, such as a search on a grid or one that takes the first of many, gives
the same answer for a crystal in any orientation, setting and supercell if it is asked in this pose. The pose is told
by what is irregular: by displacements, missing atoms, surfaces. Where nothing irregular tells the axes, as in a
perfect crystal, or which way they point, as where each atom has another opposite to it, they depend on those given.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.neighbours import sorted_distances
from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.pairs import Sites, images_within
from xtalprint.geometry.primitive import cell_of_exact_copies
from xtalprint.geometry.rows import first_rows
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.supercells import SAME_LAYER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Neighbours whose distances tell one site from another; those within so many bond lengths tell the axes.
NEIGHBOURS, REACH = 12, 2.5
#: Sums of distances of exact copies in a supercell are so alike, in bond lengths.
ALIKE = 0.003
#: Lattice vectors whose lengths differ by this share are equally long.
EQUAL = 1e-6
#: The radius of a round piece grows by this factor until it holds enough sites.
GROWTH = 1.3
#: Where the site with the largest number stands, in cell vectors: on no face, so that rounding brings it to no other.
OFF = np.array([0.0173, 0.0131, 0.0119])


@dataclass(frozen=True)
class Pose:
    """A crystal in its own pose, and the way back.

    Parameters
    ----------
    crystal
        One row for each site, all of one element; in a primitive cell if it is periodic and has exact copies.
    axes
        (3, 3) rows: its axes in those that were given; a rotation.
    origin
        (3,) Å, where its origin is in the axes given.
    """

    crystal: Crystal
    axes: Floats
    origin: Floats

    def as_given(self, crystal: Crystal) -> Crystal:
        """Bring a crystal, such as one made of atoms of this one, back into the axes that were given."""
        return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
            crystal.positions @ self.axes + self.origin,
            crystal.numbers,
            like=crystal,
            cell=None if crystal.cell is None else crystal.cell @ self.axes,
            occupancies=crystal.occupancies,
            pbc=crystal.pbc,
            site_of_row=crystal.site_of_row,
        )


def posed(crystal: Crystal, length: float, *, most: int) -> Pose:
    """Bring a crystal into its own pose; of more than ``most`` sites those in the middle are left, without a cell.

    Parameters
    ----------
    crystal
        One that repeats in three directions, or a cluster; others count as clusters. All sites count as alike.
    length
        Its bond length in Å.
    most
        Sites.
    """
    sites, keys = _told_apart(_alike(crystal), length)
    shift = np.zeros(3)
    if sites.n_sites > most:
        sites, keys, shift = _middle(sites, keys, most)
    order = np.argsort(keys, kind="stable")
    whole = Sites.of(sites)
    images, _ = images_within(whole, REACH * length)
    axes = _axes(*_moments(whole.points, keys, images, REACH * length))
    origin = sites.positions[order[-1]]
    points = (sites.positions[order] - origin) @ axes.T
    origin = origin + shift
    cell = None
    if sites.cell is not None:
        cell = _basis(sites.cell @ axes.T)
        points = _nearest(points, cell) + OFF @ cell
        origin = origin - OFF @ cell @ axes
    return Pose(_made(points, sites, cell), axes, origin)


def round_piece(crystal: Crystal, *, n_sites: int) -> Crystal:
    """The sites around the one with the nearest neighbours, as a cluster: the same for every cell, origin and order.

    Parameters
    ----------
    crystal
        That repeats in one, two or three directions, such as a slab in a vacuum.
    n_sites
        How many, and those that are as far as the last.
    """
    sites = Sites.of(crystal)
    middle = sites.points[_keys(crystal).argmin()]
    reach = float(bond_length(crystal, method="robust"))
    images, owner = sites.points, np.arange(len(sites.points))
    apart = np.linalg.norm(images - middle, axis=1)
    while (apart <= reach).sum() < n_sites:
        reach *= GROWTH
        images, owner = images_within(sites, reach)
        apart = np.linalg.norm(images - middle, axis=1)
    inside = np.flatnonzero(apart <= np.partition(apart, n_sites - 1)[n_sites - 1] + SAME_LAYER)
    taken = [np.flatnonzero(crystal.site_of_row == site) for site in owner[inside]]
    site_of_row, rows = np.repeat(np.arange(len(inside)), [len(rows) for rows in taken]), np.concatenate(taken)
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        images[inside][site_of_row],
        crystal.numbers[rows],
        like=crystal,
        cell=None,
        occupancies=crystal.occupancies[rows],
        site_of_row=site_of_row,
    )


def _alike(crystal: Crystal) -> Crystal:
    """Its sites, all of one element; periodic in three directions or without a cell."""
    periodic = crystal.cell is not None and all(crystal.pbc)
    return _made(crystal.positions[first_rows(crystal)], crystal, crystal.cell if periodic else None)


def _made(points: Floats, like: Crystal, cell: Floats | None) -> Crystal:
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        points, np.ones(len(points), dtype=np.int64), like=like, cell=cell, site_of_row=np.arange(len(points))
    )


def _told_apart(sites: Crystal, length: float) -> tuple[Crystal, Floats]:
    """The sites, without exact copies, and a number for each that is the same in every pose."""
    keys = _keys(sites)
    if sites.cell is not None and _have_twins(keys, ALIKE * length):
        smaller = cell_of_exact_copies(sites, length)
        if smaller is not None:
            return smaller, _keys(smaller)
    return sites, keys


def _have_twins(keys: Floats, tolerance: float) -> bool:
    """Whether each number has another within the tolerance, as in a supercell."""
    apart = np.diff(np.sort(keys), prepend=-np.inf, append=np.inf)
    return bool((np.minimum(apart[:-1], apart[1:]) < tolerance).all())


def _keys(sites: Crystal) -> Floats:
    """(N,) sum of the distances of the nearest neighbours of each site, however far they are."""
    number = NEIGHBOURS if sites.cell is not None else min(NEIGHBOURS, sites.n_sites - 1)
    keys: Floats = sorted_distances(sites, k=number).sum(axis=1)
    return keys


def _middle(sites: Crystal, keys: Floats, most: int) -> tuple[Crystal, Floats, Floats]:
    """The sites around the one with the largest number, or around the middle of a cluster, and where that is."""
    middle = sites.positions.mean(axis=0) if sites.cell is None else sites.positions[keys.argmax()]
    points = sites.positions - middle
    if sites.cell is not None:
        points = _nearest(points, niggli_matrix(sites.cell) @ sites.cell)
    kept = np.argsort((points**2).sum(axis=1), kind="stable")[:most]
    return _made(points[kept], sites, None), keys[kept], middle


def _nearest(points: Floats, cell: Floats) -> Floats:
    """The image of each point that is nearest to the origin; the cell is reduced."""
    steps = points @ np.linalg.inv(cell)
    points = (steps - np.round(steps)) @ cell
    images = points[:, None] + _steps(1) @ cell
    found: Floats = images[np.arange(len(points)), (images**2).sum(axis=2).argmin(axis=1)]
    return found


def _steps(most: int) -> Floats:
    """(n, 3) all whole steps of at most so many cell vectors along each."""
    return np.array(list(product(range(-most, most + 1), repeat=3)), dtype=np.float64)


def _moments(points: Floats, keys: Floats, images: Floats, reach: float) -> tuple[Floats, Floats]:
    """Sums of products of the vectors between neighbours, of two and of three; regular crystals have none."""
    from xtalprint.geometry.compiled_pose import weighted_moments  # noqa: PLC0415 - imports Numba

    return weighted_moments(points, keys - keys.mean(), images, reach)


def _axes(second: Floats, third: Floats) -> Floats:
    """(3, 3) a rotation: rows along the axes of the second moments, on the side where the third are positive.

    The one with the smallest third is left to the hand: across a mirror plane it is zero, and its sign rounding.
    """
    rows = np.linalg.eigh(second)[1].T
    cubes = np.einsum("abc,ra,rb,rc->r", third, rows, rows, rows)
    rows[cubes < 0] *= -1
    rows[np.argmin(np.abs(cubes))] *= np.sign(np.linalg.det(rows))
    return rows


def _basis(cell: Floats) -> Floats:
    """The shortest three vectors of a lattice that span it, in an order that depends on the lattice and axes only."""
    reduced = niggli_matrix(cell) @ cell
    vectors = _steps(2) @ reduced
    size = np.linalg.norm(vectors, axis=1)
    x, y, z = np.where(np.abs(vectors) > EQUAL * size[:, None], vectors, 0.0).T
    ahead = (x > 0) | ((x == 0) & ((y > 0) | ((y == 0) & (z > 0))))
    vectors, size = vectors[ahead], size[ahead]
    shells = np.zeros(len(size), dtype=np.int64)
    order = np.argsort(size, kind="stable")
    shells[order[1:]] = np.cumsum(np.diff(size[order]) > EQUAL * size[order[0]])
    vectors = vectors[np.lexsort((*(-vectors.T[::-1]), shells))]
    volume = abs(float(np.linalg.det(reduced)))
    first = vectors[0]
    beside = np.linalg.norm(np.cross(vectors, first), axis=1)
    second = vectors[int(np.argmax(beside > EQUAL * np.linalg.norm(first) * size.min()))]
    heights = np.abs(vectors @ np.cross(first, second))
    third = vectors[int(np.argmax(np.abs(heights - volume) < EQUAL * volume))]
    return np.array([first, second, third])
