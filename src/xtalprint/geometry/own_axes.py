"""The lattice of a piece from the atoms' own repeats: translations that map most atoms onto others; the mean cell.

A piece has no cell, its atoms are displaced, and some are missing. A lattice vector maps the share 1 − v of the atoms
that stay inside the piece onto others (v: vacancies), by the same vector but for noise; any other vector maps fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.niggli import niggli_matrix
from xtalprint.geometry.pairs import Sites, images_within
from xtalprint.geometry.pose import posed, round_piece
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.supercells import supercell_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Sites that repeats are looked for in: fewest of a periodic box, most of any, those of a piece of a slab or wire.
BOX, MOST, ROUND = 64, 500, 300
#: Sites of a periodic box that vectors are taken from, chosen at random: all see the same surroundings but for noise.
ORIGINS = 64
#: Shortest and longest translation that is looked for, in bond lengths.
SHORTEST, LONGEST = 0.6, 5.0
#: Grid of the density of vectors in bond lengths, and the least of its maxima beside the highest.
VOXEL, LOWEST = 0.15, 0.12
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
    in_pose
        The same crystal in axes and with an origin that do not depend on those given where something irregular tells
        them, see `xtalprint.geometry.pose`.
    """

    crystal: Crystal
    scatter: float
    error: float
    explained: float
    in_pose: Crystal


def own_axes(crystal: Crystal, *, length: float | None = None) -> OwnAxes | None:
    """Find the lattice of a crystal without looking at its cell.

    Parameters
    ----------
    crystal
        A cluster, or a periodic crystal. All sites count as alike, whatever their elements.
    length
        Å, its bond length (robust), if it is known.

    Returns
    -------
    None if no three translations map enough atoms onto others.
    """
    if any(crystal.pbc) and not all(crystal.pbc):
        crystal = round_piece(crystal, n_sites=ROUND)
    if crystal.is_cluster and crystal.n_sites < FEWEST_INSIDE:
        return None
    length = bond_length(crystal, method="robust") if length is None else length
    # On a grid and with the first of many, what is found depends on axes, origin and order a little.
    pose = posed(crystal, length, most=MOST)
    piece = pose.crystal if pose.crystal.is_cluster else supercell_to(pose.crystal, min_atoms=BOX)
    sites = Sites.of(piece)
    points = sites.points / length
    found = _translations(points, sites, length)
    if found is None:
        return None
    vectors, spread = found
    cell = _lattice(vectors)
    if cell is None:
        return None
    mean = _averaged(points, cell, spread)
    if mean is None:
        return None
    in_pose = Crystal(
        mean.places * length,
        np.full(len(mean.places), crystal.numbers[0]),
        cell=mean.cell * length,
        source=crystal.source,
        frame=crystal.frame,
    )
    return OwnAxes(
        crystal=pose.as_given(in_pose),
        scatter=mean.scatter * length,
        error=mean.error * length,
        explained=mean.explained,
        in_pose=in_pose,
    )


def _translations(points: Floats, sites: Sites, length: float) -> tuple[Floats, float] | None:
    """Vectors that map most atoms onto others, by length, and the noise of an atom (each component)."""
    from xtalprint.geometry.compiled_repeats import differences_between  # noqa: PLC0415 - imports Numba

    middle = points.mean(axis=0)
    longest = min(LONGEST, 1.2 * float(np.sqrt(((points - middle) ** 2).sum(axis=1).max())))
    periodic = bool(sites.pbc.all())
    if periodic:
        longest = LONGEST
    faces = None if periodic else _faces(points)
    origins = np.arange(len(points))
    if periodic and len(points) > ORIGINS:
        origins = np.sort(np.random.default_rng(0).choice(len(points), ORIGINS, replace=False))
    images, owner = images_within(sites, (longest + COARSE) * length)
    # Of a vector and its opposite one is enough, with some of the others so that no crowd is cut by the plane. A box
    # repeats itself, noise and all: an atom and its own image say nothing.
    differences = differences_between(
        points, origins, images / length, owner, (SHORTEST - COARSE, longest + COARSE, -COARSE)
    )
    points = points[origins]
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
    from xtalprint.geometry.compiled_repeats import maxima, shared_density  # noqa: PLC0415 - imports Numba

    n = int(np.ceil((longest + COARSE) / VOXEL)) + 2
    low = np.array([-n, -n, -int(np.ceil(COARSE / VOXEL)) - 2])
    density = shared_density(differences / VOXEL - low, (2 * n + 1, 2 * n + 1, n - int(low[2]) + 1))
    x, y, z = places = (maxima(density, LOWEST * density.max()) + low).T
    centres = places.T * VOXEL
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
    from xtalprint.geometry.compiled_repeats import count_inside, gathered  # noqa: PLC0415 - imports Numba

    for _ in range(2):
        if len(centres) < 3:  # noqa: PLR2004 - dimensions
            return None
        counts, means, squares = gathered(differences, centres, reach)
        some = counts > 1
        counts, spread = counts[some], np.sqrt(squares[some] / (3 * counts[some]))
        centres = centres[some] + means[some]
    inside = np.full(len(centres), len(points))
    if faces is not None:
        inside = count_inside(points, centres, faces, EDGE)
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
    cells = vectors[np.array(list(combinations(range(min(SHORT, len(vectors))), 3)))]
    volumes = np.abs(np.linalg.det(cells))
    full = volumes >= FLAT * np.sqrt((cells**2).sum(axis=2)).prod(axis=1)
    if not full.any():
        return None
    cells, volumes = cells[full], volumes[full]
    steps = vectors @ np.linalg.inv(cells)
    shares = (np.abs(steps - np.round(steps)) < WHOLE).all(axis=2).mean(axis=1)
    # The coarsest lattice that holds nearly all of the translations; else the one that holds most.
    cell = cells[np.lexsort((-volumes, -np.minimum(shares, MOST_FIT)))[0]]
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


class _Mean(NamedTuple):
    """Places of a mean crystal and its cell, as in `OwnAxes`, but in bond lengths."""

    places: Floats
    cell: Floats
    scatter: float
    error: float
    explained: float


def _averaged(points: Floats, cell: Floats, spread: float) -> _Mean | None:
    """All atoms brought into one cell, clustered into sites, and cell and sites fitted to them."""
    from xtalprint.geometry.compiled_repeats import sites_of  # noqa: PLC0415 - imports Numba

    reach = float(np.clip(2 * SPREADS * spread, 0.08, 0.35))
    site = sites_of(points @ np.linalg.inv(cell), cell, reach)
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
    return _Mean(places, cell, scatter, worst, explained)
