"""Cells that are mostly empty: particles, wires and slabs that a program with periodic boundaries has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.rows import first_rows
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.supercells import heights, to_cluster

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A layer without atoms counts as a vacuum from so many bond lengths and so many Å on. The layers of a crystal are
#: not that far apart, be it calculated without the forces that hold them together: up to 8.6 Å among 830 elements of
#: the Materials Project. Who wants a vacuum leaves 10 Å and more.
BOND_LENGTHS, LEAST = 2.5, 9.0
#: Lattice planes that are looked at, in very large boxes those farthest apart; sites that are looked at first.
MOST_PLANES, SOME, GOLDEN = 50_000, 64, 0.6180339887498949
#: Spacings (Å) and lengths (as a share) that differ by less are equal.
EQUAL = 1e-6
#: A cluster is a flake or a wire if its least extent is less than this share of its largest.
FLAT = 0.4


class Vacuum(NamedTuple):
    """Where there is nothing.

    Parameters
    ----------
    gap
        (n,) Å, thickness of the vacuum in each of n independent directions, ascending.
    matter
        Å, the least thickness of what stands in it, from atom to atom.
    """

    gap: NDArray[np.float64]
    matter: float

    def __str__(self) -> str:
        """Thicknesses and number of directions, the same for every choice of the cell."""
        gaps = [f"{gap:.3g} Å" for gap in self.gap]
        directions = ("one direction", "two directions", "three directions")[len(gaps) - 1]
        return f"vacuum of {', '.join(gaps[:-1])}{' and ' * (len(gaps) > 1)}{gaps[-1]} in {directions}"


def without_vacuum(crystal: Crystal) -> tuple[Crystal, Vacuum | None]:
    """Take as finite what does not reach its own images.

    Empty layers are looked for along all lattice planes, so that the choice of the cell does not matter.

    Parameters
    ----------
    crystal
        Any.

    Returns
    -------
    The crystal, which no longer repeats along axes across a vacuum, with the vacuum outside its atoms; a cluster if
    no axis is left. Its cell is another one if the vacuum does not lie along faces of the given one. And the vacuum,
    if there is any.
    """
    if crystal.cell is None or not any(crystal.pbc):
        return crystal, None
    periodic = np.array(crystal.pbc)
    if np.linalg.norm(crystal.cell[periodic], axis=1).max() < LEAST:
        return crystal, None
    given = _with_upright(np.array(crystal.cell), periodic)
    change = niggli_matrix(given)
    reduced = change @ given
    sites = crystal.positions[first_rows(crystal)]
    found = _layers(crystal, sites, reduced, (change[:, ~periodic] == 0).all(axis=1))
    if found is None:
        return crystal, None
    # The planes as the given cell counts them; where they are its faces it is kept.
    faces = np.rint(np.linalg.inv(change) @ found.planes.T).astype(np.int64).T
    if (np.abs(faces).sum(axis=1) == 1).all():
        cell, kept, axes = given, np.array(crystal.cell), np.abs(faces).argmax(axis=1)
    else:
        cell, axes = found.vectors @ reduced, np.array(found.axes)
        kept, periodic = cell, ((found.vectors @ change)[:, ~periodic] == 0).all(axis=1)
    empty = np.isin(np.arange(3), axes)
    inverse = np.linalg.inv(cell)
    gap, start = np.zeros(3), np.zeros(3)
    for axis in axes:
        step, start[axis] = _widest((sites @ inverse)[:, axis])
        gap[axis] = step * heights(cell)[axis]
    # Half of the rounding of a file before the first atom, so that it is not brought to the other side.
    start = start - 1e-6
    fractional = crystal.positions @ inverse
    fractional = np.where(empty, (fractional - start) % 1.0 + start, fractional)
    repeats = periodic & ~empty
    pbc = tuple(repeats.tolist())
    inside = Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        fractional @ cell,
        crystal.numbers,
        like=crystal,
        cell=_with_short_repeats(kept, repeats),
        occupancies=crystal.occupancies,
        pbc=pbc,
        site_of_row=crystal.site_of_row,
    )
    matter = float((heights(cell) - gap)[empty].min())
    return (inside if any(pbc) else to_cluster(inside)), Vacuum(np.sort(gap[empty]), matter)


class _Layers(NamedTuple):
    """Lattice planes along which a layer is empty, (n, 3) in the reduced cell; and a cell with these as faces.

    ``vectors`` has the rows of that cell as whole sums of the reduced vectors, ``axes`` says which cross the layers.
    """

    planes: NDArray[np.int64]
    vectors: NDArray[np.int64]
    axes: list[int]


def _layers(
    crystal: Crystal, sites: NDArray[np.float64], reduced: NDArray[np.float64], periodic: NDArray[np.bool_]
) -> _Layers | None:
    """Of the planes with an empty layer those with the widest spacing, as many as are independent."""
    inverse = np.linalg.inv(reduced)
    planes = _wide_planes(reduced, periodic)
    spacings = 1.0 / np.linalg.norm(planes @ inverse.T, axis=1)
    fractional = sites @ inverse
    # A few sites, without a pattern, exclude most planes: the layers between all of them are thinner.
    some = fractional[(np.arange(SOME) * GOLDEN % 1.0 * len(sites)).astype(int)] if len(sites) > SOME else fractional
    possible = np.flatnonzero(_widest(some @ planes.T)[0] * spacings >= LEAST)
    possible = possible[np.argsort(-spacings[possible], kind="stable")]
    least, chosen = 0.0, []
    basis = _Basis(np.eye(3, dtype=np.int64), np.flatnonzero(periodic).tolist(), [])
    # Of planes with equal spacing those with the widest layer come first.
    for group in np.split(possible, np.flatnonzero(np.diff(spacings[possible]) < -EQUAL) + 1):
        independent = [i for i in group if basis.extended(planes[i]) is not None]
        gaps = {i: _widest(fractional @ planes[i])[0] * spacings[i] for i in independent}
        for i in sorted(gaps, key=lambda i: -gaps[i]):
            if gaps[i] < LEAST:
                break
            least = least or max(LEAST, BOND_LENGTHS * bond_length(crystal, method="robust"))
            extended = basis.extended(planes[i])
            if gaps[i] > least and extended is not None:
                basis = extended
                chosen.append(planes[i])
        if not basis.free:
            break
    return _Layers(np.array(chosen), basis.vectors.T, basis.axes) if chosen else None


class _Basis(NamedTuple):
    """Vectors of a lattice, as columns; each of ``axes`` crosses one of the planes chosen, the free lie in all."""

    vectors: NDArray[np.int64]
    free: list[int]
    axes: list[int]

    def extended(self, plane: NDArray[np.int64]) -> _Basis | None:
        """With one plane more; None if it depends on the others or no cell has all of them as faces."""
        vectors = self.vectors.copy()
        crossed = plane @ vectors
        while sum(crossed[self.free] != 0) > 1:
            pivot = min((j for j in self.free if crossed[j]), key=lambda j: abs(crossed[j]))
            for j in self.free:
                if j != pivot:
                    vectors[:, j] -= crossed[j] // crossed[pivot] * vectors[:, pivot]
            crossed = plane @ vectors
        pivots = [j for j in self.free if abs(crossed[j]) == 1]
        if not pivots:
            return None
        pivot = pivots[0]
        vectors[:, pivot] *= crossed[pivot]
        for j in self.axes:
            vectors[:, j] -= crossed[j] * vectors[:, pivot]
        return _Basis(vectors, [j for j in self.free if j != pivot], [*self.axes, pivot])


def _with_upright(cell: NDArray[np.float64], periodic: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Vectors that do not repeat stand upright on those that do: which ones a file gives means nothing."""
    repeats = cell[periodic]
    if periodic.all() or np.allclose(cell[~periodic] @ repeats.T, 0.0):
        return cell
    upright = cell.copy()
    length = np.linalg.norm(repeats, axis=1).mean()
    upright[~periodic] = np.linalg.svd(repeats)[2][len(repeats) :] * length
    return upright


def _with_short_repeats(cell: NDArray[np.float64], repeats: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of a slab the shortest two vectors, unless it has vectors as short: a piece of it is cut along them."""
    if repeats.sum() != 2:  # noqa: PLR2004 - a slab
        return cell
    change = niggli_matrix(_with_upright(cell, repeats))
    shortest = change[(change[:, ~repeats] == 0).all(axis=1)] @ np.where(repeats[:, None], cell, 0.0)
    if np.linalg.norm(shortest, axis=1).sum() > np.linalg.norm(cell[repeats], axis=1).sum() * (1 - EQUAL):
        return cell
    short = cell.copy()
    short[repeats] = shortest
    return short


def _wide_planes(reduced: NDArray[np.float64], periodic: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n, 3) lattice planes at least `LEAST` apart, one of each two opposite ones."""
    spacing = LEAST
    while True:
        most = np.where(periodic, np.linalg.norm(reduced, axis=1) / spacing, 0.0).astype(int)
        if np.prod(2 * most + 1) <= MOST_PLANES:
            break
        spacing *= 1.1
    every = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in most), indexing="ij"), axis=-1).reshape(-1, 3)
    half = every[len(every) // 2 + 1 :]
    half = half[np.gcd.reduce(half, axis=1) == 1]
    wide: NDArray[np.int64] = half[np.linalg.norm(half @ np.linalg.inv(reduced).T, axis=1) <= 1.0 / spacing]
    return wide


def _widest(fractional: NDArray[np.float64]) -> tuple[Any, Any]:
    """Width of the largest gap along the first axis between places that repeat with period 1, and where it ends."""
    places = np.sort(fractional % 1.0, axis=0)
    steps = np.diff(places, axis=0, append=places[:1] + 1.0)
    widest = steps.argmax(axis=0)
    ends = np.take_along_axis(places, np.expand_dims((widest + 1) % len(places), 0), axis=0)[0]
    return steps.max(axis=0), ends


def thickness(crystal: Crystal) -> float:
    """Least extent in Å, from atom to atom, of what does not repeat in three directions; infinite if it does.

    Of a cluster it counts only if that is less than `FLAT` of its largest extent: a small ball is no sheet.
    """
    points = crystal.positions[first_rows(crystal)]
    repeats = np.zeros((0, 3)) if crystal.cell is None else crystal.cell[list(crystal.pbc)]
    if len(repeats) == 3:  # noqa: PLR2004 - dimensions
        return np.inf
    # What is across the directions that repeat, and along which of these directions it is thinnest.
    across = np.linalg.svd(repeats.reshape(-1, 3))[2][len(repeats) :]
    places = (points - points.mean(axis=0)) @ across.T
    extents = np.ptp(places @ np.linalg.svd(places, full_matrices=False)[2].T, axis=0)
    least = float(extents.min()) if len(points) > len(across) else 0.0
    return least if len(repeats) or least < FLAT * float(extents.max()) else np.inf
