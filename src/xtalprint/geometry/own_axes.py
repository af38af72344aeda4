"""The lattice of a piece from the atoms' own repeats: translations that map most atoms onto others; the mean cell.

A piece has no cell, its atoms are displaced, and some are missing. A lattice vector maps the share 1 − v of the atoms
that stay inside the piece onto others (v: vacancies), by the same vector but for noise; any other vector maps fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.pairs import Sites, images_within
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.supercells import central_block, supercell_to, to_cluster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Fewest sites of a periodic box, and most of any, that repeats are looked for in.
BOX, MOST = 64, 500
#: Shortest and longest translation that is looked for, in bond lengths.
SHORTEST, LONGEST = 0.6, 5.0
#: Grid of the density of vectors in bond lengths, and the least of its maxima beside the highest.
VOXEL, LOWEST = 0.1, 0.12
#: A vector counts as repeated within this share of a bond length at first, …
COARSE = 0.22
#: … then within so many measured standard deviations of the noise (in each component), between these limits.
SPREADS, FINE = 3.2, (0.02, 0.25)
#: Which of the sharpest translations tells the noise.
SHARPEST = 3
#: Fewest atoms whose image must lie within the hull of the piece for a candidate to be judged, share of the most that
#: makes it a measure for others, and how far outside still counts as inside.
FEWEST_INSIDE, SURE, EDGE = 12, 0.4, 0.05
#: A translation maps at least this share of what the best ones map, less so many standard errors.
SHARE, ERRORS = 0.75, 2.5
#: A translation maps at least this share of the atoms at all: no lattice is found with fewer.
LEAST = 0.3
#: The cell is made of three of so many of the shortest translations, not nearly in one plane (volume over that of a
#: box of their lengths), of which at least so many are whole steps, within so much.
SHORT, FLAT, MOST_FIT, WHOLE = 14, 0.2, 0.9, 0.15
#: A mean site is kept if it is filled this much of what the fullest are, and all kept ones must hold so many atoms.
FILLED, EXPLAINED = 0.4, 0.85
#: Steps of the least-squares fit of the cell.
FITS = 4
#: In bond lengths: no two places of a mean crystal are nearer.
NEAREST = 0.25
#: Numbers that differ from zero by less are taken for rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class OwnAxes:
    """A lattice that was found in a piece, with all atoms averaged into its cell.

    Parameters
    ----------
    crystal
        One site for each place of the primitive cell, the mean of its copies; complete, with the noise averaged out.
    scatter
        Å, standard deviation of the atoms from their mean places in each component.
    error
        Å, what is left of it in the mean places: the larger of the standard error of the least filled site and of a
        cell vector.
    explained
        Share of the atoms that stand on one of the places.
    """

    crystal: Crystal
    scatter: float
    error: float
    explained: float


def own_axes(crystal: Crystal) -> OwnAxes | None:
    """Find the lattice of a crystal without looking at its cell.

    Parameters
    ----------
    crystal
        A cluster, or a periodic crystal. All sites count as alike, whatever their elements.

    Returns
    -------
    None if no three translations map enough atoms onto others.
    """
    piece = _piece(crystal)
    if not any(piece.pbc) and piece.n_sites < FEWEST_INSIDE:
        return None
    length = bond_length(piece, method="robust")
    sites = Sites.of(piece)
    points = sites.points / length
    found = _translations(points, sites, length)
    if found is None:
        return None
    vectors, spread = found
    cell = _lattice(vectors)
    if cell is None:
        return None
    return _averaged(points, cell, spread, length, crystal)


def _piece(crystal: Crystal) -> Crystal:
    if crystal.n_sites > MOST:
        return central_block(crystal, n_atoms=round(MOST * len(crystal) / crystal.n_sites))
    if crystal.cell is not None and all(crystal.pbc):
        return supercell_to(crystal, min_atoms=BOX)
    return to_cluster(crystal)


def _translations(points: Floats, sites: Sites, length: float) -> tuple[Floats, float] | None:
    """Vectors that map most atoms onto others, by length, and the noise of an atom (each component)."""
    middle = points.mean(axis=0)
    longest = min(LONGEST, 1.2 * float(np.sqrt(((points - middle) ** 2).sum(axis=1).max())))
    periodic = bool(sites.pbc.all())
    if periodic:
        longest = LONGEST
    images, owner = images_within(sites, (longest + COARSE) * length)
    apart = images[None] / length - points[:, None]
    size = np.sqrt((apart**2).sum(axis=2))
    # Of a vector and its opposite one is enough, with some of the others so that no crowd is cut by the plane. A box
    # repeats itself, noise and all: an atom and its own image say nothing.
    keep = (size > SHORTEST - COARSE) & (size < longest + COARSE) & (apart[:, :, 2] > -COARSE)
    differences = apart[keep & (owner[None] != np.arange(len(points))[:, None])]
    faces = None if periodic else _faces(points)
    if len(differences) == 0 or (faces is None and not periodic):
        return None
    first = _judged(differences, _crowds(differences, longest), points, faces, COARSE)
    if first is None:
        return None
    reach = float(np.clip(SPREADS * first.noise, *FINE))
    judged = _judged(differences, first.vectors, points, faces, reach)
    if judged is None:
        return None
    vectors = judged.vectors[judged.good]
    order = np.argsort((vectors**2).sum(axis=1), kind="stable")
    return vectors[order], judged.noise / float(np.sqrt(2))


def _faces(points: Floats) -> Floats | None:
    """(F, 4) outward normals and offsets of the convex hull; None if all points lie in a plane."""
    from scipy.spatial import ConvexHull, QhullError  # noqa: PLC0415 - SciPy where it is needed

    try:
        faces: Floats = ConvexHull(points).equations
    except QhullError:
        return None
    return faces


def _crowds(differences: Floats, longest: float) -> Floats:
    """Where vectors crowd: the maxima of their smoothed density on a grid."""
    from scipy.ndimage import gaussian_filter, maximum_filter  # noqa: PLC0415 - SciPy where it is needed

    n = int(np.ceil((longest + COARSE) / VOXEL)) + 1
    low = np.array([-n, -n, -int(np.ceil(COARSE / VOXEL)) - 1])
    shape = np.array([2 * n + 1, 2 * n + 1, n - low[2] + 1])
    place = np.round(differences / VOXEL).astype(np.int64) - low
    flat = np.ravel_multi_index(tuple(place.T), tuple(shape))
    density = np.bincount(flat, minlength=int(shape.prod())).reshape(shape).astype(np.float32)
    density = gaussian_filter(density, 1.0, mode="constant", truncate=3)
    top = (density == maximum_filter(density, size=3)) & (density > LOWEST * density.max())
    centres = (np.argwhere(top) + low) * VOXEL
    x, y, z = np.round(centres / VOXEL).T
    size = np.sqrt((centres**2).sum(axis=1))
    upper = (z > 0) | ((z == 0) & ((y > 0) | ((y == 0) & (x > 0))))
    result: Floats = centres[upper & (size > SHORTEST) & (size < longest)]
    return result


@dataclass(frozen=True)
class _Judged:
    vectors: Floats
    spread: Floats
    good: NDArray[np.bool_]

    @property
    def noise(self) -> float:
        """Spread of the sharpest: what maps the atoms only nearly is wider than the noise."""
        return float(np.sort(self.spread[self.good])[:SHARPEST][-1])


def _judged(
    differences: Floats, centres: Floats, points: Floats, faces: Floats | None, reach: float
) -> _Judged | None:
    """Say of each vector how many of the atoms that it leaves inside the hull it maps onto others."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - SciPy where it is needed

    for _ in range(3):
        if len(centres) < 3:  # noqa: PLR2004 - dimensions
            return None
        nearest = np.asarray(cKDTree(centres).query(differences, distance_upper_bound=reach)[1])
        found = nearest < len(centres)
        members, nearest = differences[found], nearest[found]
        counts = np.bincount(nearest, minlength=len(centres))
        some = counts > 1
        sums = np.stack([np.bincount(nearest, members[:, i], len(centres)) for i in range(3)], axis=1)
        squares = np.bincount(nearest, (members**2).sum(axis=1), len(centres))
        means = sums[some] / counts[some, None]
        spread = np.sqrt(np.maximum(squares[some] / counts[some] - (means**2).sum(axis=1), 0) / 3)
        centres, counts = means, counts[some]
    inside = np.full(len(centres), len(points))
    if faces is not None:
        depth = (points @ faces[:, :3].T + faces[:, 3]).T
        shifts = centres @ faces[:, :3].T
        inside = np.array([((depth + shift[:, None]).max(axis=0) <= EDGE).sum() for shift in shifts])
    enough = inside >= FEWEST_INSIDE
    if np.count_nonzero(enough) < 3:  # noqa: PLR2004 - dimensions
        return None
    vectors, spread, share = centres[enough], spread[enough], counts[enough] / inside[enough]
    error = np.sqrt(np.clip(share * (1 - share), 0.02, None) / inside[enough])
    # Long vectors leave few atoms inside, and count some at the rim that are not.
    sure = inside[enough] >= SURE * inside.max()
    best = float(np.sort((share - error)[sure])[-SHARPEST:].mean())
    good = (share + ERRORS * error >= best) & (share >= SHARE * best)
    if best < LEAST or np.count_nonzero(good) < 3:  # noqa: PLR2004 - dimensions
        return None
    return _Judged(vectors, spread, good)


def _lattice(vectors: Floats) -> Floats | None:
    """Reduced cell of the lattice of translations (shortest first), fitted to all that fit on it."""
    found: tuple[float, float, Floats] | None = None
    for rows in combinations(range(min(SHORT, len(vectors))), 3):
        cell = vectors[list(rows)]
        volume = abs(float(np.linalg.det(cell)))
        if volume < FLAT * np.sqrt((cell**2).sum(axis=1)).prod():
            continue
        steps = vectors @ np.linalg.inv(cell)
        share = float((np.abs(steps - np.round(steps)) < WHOLE).all(axis=1).mean())
        # The coarsest lattice that holds nearly all of the translations; else the one that holds most.
        score = (min(share, MOST_FIT), volume)
        if found is None or score > found[:2]:
            found = (*score, cell)
    if found is None:
        return None
    cell = found[2]
    for _ in range(2):
        steps = vectors @ np.linalg.inv(cell)
        whole = np.round(steps)
        fits = (np.abs(steps - whole) < WHOLE).all(axis=1)
        if np.linalg.matrix_rank(whole[fits]) < 3:  # noqa: PLR2004 - dimensions
            return None
        cell = np.asarray(np.linalg.lstsq(whole[fits], vectors[fits])[0], dtype=np.float64)
        if not _is_cell(cell):
            return None
    reduced: Floats = niggli_matrix(cell) @ cell
    return reduced if _is_cell(reduced) and np.sqrt((reduced**2).sum(axis=1)).min() > SHORTEST - COARSE else None


def _is_cell(cell: Floats) -> bool:
    """Whether three vectors are finite and span a volume."""
    size = np.sqrt((cell**2).sum(axis=1))
    return bool(np.isfinite(size).all()) and abs(float(np.linalg.det(cell))) > FLAT / 10 * float(size.prod()) > 0


def _are_apart(places: Floats, cell: Floats) -> bool:
    """Whether no place comes nearer than `NEAREST` to another or an image of it; the cell is reduced."""
    steps = np.stack(np.meshgrid(*3 * [np.arange(-1, 2)], indexing="ij"), axis=-1).reshape(-1, 3)
    apart = (places[:, None] - places) @ np.linalg.inv(cell)
    apart = ((apart - np.round(apart))[:, :, None] + steps) @ cell
    size = (apart**2).sum(axis=3)
    size[np.arange(len(places)), np.arange(len(places)), len(steps) // 2] = np.inf
    return bool(np.isfinite(places).all()) and float(size.min()) > NEAREST**2


def _averaged(points: Floats, cell: Floats, spread: float, length: float, crystal: Crystal) -> OwnAxes | None:
    """All atoms brought into one cell, clustered into sites, and cell and sites fitted to them."""
    reach = float(np.clip(2 * SPREADS * spread, 0.08, 0.35))
    site = _sites(points, cell, reach)
    counts = np.bincount(site[site >= 0])
    kept = np.flatnonzero(counts >= FILLED * np.sort(counts)[-max(1, len(counts) // 4) :].mean())
    site = np.where(np.isin(site, kept), np.searchsorted(kept, site), -1)
    explained = float((site >= 0).mean())
    if explained < EXPLAINED:
        return None
    points, site = points[site >= 0], site[site >= 0]
    first = np.unique(site, return_index=True)[1]
    places = points[first]
    design = np.zeros((len(points), 3 + len(first)))
    design[np.arange(len(points)), 3 + site] = 1
    for _ in range(FITS):
        design[:, :3] = np.round((points - places[site]) @ np.linalg.inv(cell))
        solution = np.asarray(np.linalg.lstsq(design, points)[0], dtype=np.float64)
        cell, places = solution[:3], solution[3:]
        if not _is_cell(cell):
            return None
    if not _are_apart(places, cell):
        return None
    left = points - design @ solution
    scatter = float(np.sqrt((left**2).sum() / (3 * max(1, len(points) - len(solution)))))
    errors = scatter * np.sqrt(np.maximum(np.diag(np.linalg.pinv(design.T @ design)), 0.0))
    # The error of a place on its own: that of its mean, not that of its distance from the origin.
    counts = np.bincount(site)
    worst = max(float(errors[:3].max()), scatter / float(np.sqrt(counts.min())))
    mean = Crystal(
        places * length,
        np.full(len(places), crystal.numbers[0]),
        cell=cell * length,
        source=crystal.source,
        frame=crystal.frame,
    )
    return OwnAxes(mean, scatter * length, worst * length, explained)


def _sites(points: Floats, cell: Floats, reach: float) -> NDArray[np.int64]:
    """(N,) number of the site of each atom: greedily, where most atoms fall onto each other in the cell; else −1."""
    fractional = points @ np.linalg.inv(cell)
    apart = fractional[None] - fractional[:, None]
    near = (((apart - np.round(apart)) @ cell) ** 2).sum(axis=2) < reach**2
    site = np.full(len(points), -1)
    left = np.ones(len(points), dtype=bool)
    number = 0
    while left.any():
        crowd = (near & left[None]).sum(axis=1) * left
        middle = int(crowd.argmax())
        shift = fractional - fractional[middle]
        shift = (shift - np.round(shift)) @ cell
        # Around the mean of the crowd rather than around one of its atoms.
        mean = shift[near[middle] & left].mean(axis=0)
        members = (((shift - mean) ** 2).sum(axis=1) < reach**2) & left
        members[middle] = True
        site[members] = number
        left &= ~members
        number += 1
    return site
