"""The ways in which a crystal may come to a classifier: any cell, size, orientation, shape, and with defects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.defects import SUBSTITUTES, displace_gaussian, substitute, vacancies
from xtalprint.geometry import heights, nearest_distances, random_rotation, standard_cell, supercell_to, to_cluster
from xtalprint.models.defective import random_packing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Share of presentations that repeat periodically; the others are finite pieces.
PERIODIC = 0.4
#: Shares that are displaced, and that lose atoms.
DISPLACED, THINNED = 0.65, 0.5
#: Largest standard deviation of displacements in bond lengths, and largest share of missing atoms.
LARGEST_DISPLACEMENT, MOST_VACANCIES = 0.13, 0.7
#: Most different elements among the foreign atoms of an alloy.
MOST_FOREIGN = 4
#: Sites of periodic boxes: pristine ones, and those with defects, which would be another crystal in a small cell.
PERIODIC_SITES, DEFECTIVE_SITES = (1, 400), (48, 400)
#: Sites of finite pieces, and fewest of a piece before and after atoms are removed.
PIECE_SITES, FEWEST, FEWEST_LEFT = (56, 700), 50, 34
#: A piece is an ellipsoid in six of ten cases, else a block; |ln| of its axes beside the mean.
ELLIPSOIDS, LARGEST_ASPECT = 0.6, 0.25
#: Share of disordered matter that is a random packing (the rest is shaken apart), share that loses atoms; how many.
PACKED, THINNED_DISORDER, MOST_LOST = 0.5, 0.3, 0.4
#: Disordered matter: sites; cores of random packings in bond lengths; displacements beyond which nothing is left.
DISORDERED_SITES, CORES, MOLTEN = (60, 400), (0.6, 0.97), (0.24, 0.5)


#: Small boxes, as databases and users give them: shares of pristine ones, slightly displaced ones, with one to three
#: atoms missing; the rest are displaced and often thinned.
BOX_SHARES = (0.35, 0.25, 0.2)
#: Share of those with few atoms missing that are multiples of the standard cell.
OF_STANDARD_CELL = 0.5
#: Their sites; with few atoms missing; with strong defects.
BOX_SITES, FEW_MISSING_SITES, STRONG_SITES = (1, 300), (12, 300), (48, 300)
#: Displacements in bond lengths: slight (drawn by logarithm) and strong; shares of vacancies of half the latter.
SLIGHT, STRONG, STRONG_VACANCIES = (3e-4, 0.05), (0.01, 0.13), (0.01, 0.5)
THINNED_STRONG = 0.5


@dataclass(frozen=True)
class Presentation:
    """A crystal as it is brought, and what was done to it.

    Parameters
    ----------
    crystal
        What a classifier sees.
    displacement
        Standard deviation of the displacements in units of the bond length.
    vacancies
        Share of atoms that were removed.
    """

    crystal: Crystal
    displacement: float
    vacancies: float


def present(crystal: Crystal, rng: np.random.Generator, *, substituted: float = 0.0) -> Presentation:
    """Bring a pristine crystal in a random way.

    Parameters
    ----------
    crystal
        With a cell.
    rng
        The only source of chance.
    substituted
        Share of the presentations of elements in which others stand on some of the sites, at random.
    """
    periodic = rng.random() < PERIODIC
    displacement = rng.uniform(0, LARGEST_DISPLACEMENT) if rng.random() < DISPLACED else 0.0
    missing = rng.uniform(0, MOST_VACANCIES) if rng.random() < THINNED else 0.0
    alloyed = bool(substituted) and len(np.unique(crystal.numbers)) == 1 and rng.random() < substituted
    if periodic:
        sites = DEFECTIVE_SITES if displacement or missing or alloyed else PERIODIC_SITES
        sample = supercell_to(crystal, min_atoms=_log_uniform(sites, rng))
    else:
        sample = random_piece(crystal, _log_uniform(PIECE_SITES, rng), rng)
    missing = max(0.0, min(missing, 1 - FEWEST_LEFT / sample.n_sites))
    if missing:
        sample = vacancies(sample, missing, rng)
    if displacement:
        length = float(nearest_distances(crystal).mean())
        sample = displace_gaussian(sample, displacement * length, rng)
    if alloyed:
        elements = rng.choice(SUBSTITUTES, size=int(rng.integers(1, MOST_FOREIGN + 1)))
        sample = substitute(sample, rng.random(), rng, elements=elements.tolist())
    return Presentation(sample, displacement, missing)


def present_box(crystal: Crystal, rng: np.random.Generator) -> Presentation:
    """Bring a pristine crystal as a periodic box, mostly with few defects or none, so that symmetry may be found.

    Parameters and result are those of `present`.
    """
    chance = rng.random() - np.cumsum(BOX_SHARES)
    length = float(nearest_distances(crystal).mean())
    displacement = missing = 0.0
    if chance[1] < 0:  # pristine or slightly displaced
        sample = supercell_to(crystal, min_atoms=_log_uniform(BOX_SITES, rng))
        displacement = 0.0 if chance[0] < 0 else float(np.exp(rng.uniform(*np.log(SLIGHT))))
    elif chance[2] < 0:
        # As people make them: with one atom missing the symmetry is high, and misleads.
        whole = standard_cell(crystal) if rng.random() < OF_STANDARD_CELL else crystal
        sample = supercell_to(whole, min_atoms=_log_uniform(FEW_MISSING_SITES, rng))
        missing = float(rng.integers(1, 4) / sample.n_sites)
    else:
        sample = supercell_to(crystal, min_atoms=_log_uniform(STRONG_SITES, rng))
        displacement = rng.uniform(*STRONG)
        missing = rng.uniform(*STRONG_VACANCIES) if rng.random() < THINNED_STRONG else 0.0
    if missing:
        sample = vacancies(sample, missing, rng)
    if displacement:
        sample = displace_gaussian(sample, displacement * length, rng)
    return Presentation(sample, displacement, missing)


def random_piece(crystal: Crystal, n_sites: int, rng: np.random.Generator) -> Crystal:
    """Cut an ellipsoid or a block of about ``n_sites``, turned and placed at random; at least `FEWEST` sites."""
    if crystal.cell is None:
        raise ValueError("a piece is cut out of a crystal, not out of a cluster")
    volume = crystal.volume / crystal.n_sites
    while True:
        axes = np.exp(rng.uniform(-LARGEST_ASPECT, LARGEST_ASPECT, size=3))
        axes /= np.cbrt(axes.prod())
        turn = random_rotation(rng)
        middle = rng.random(3) @ crystal.cell
        if rng.random() < ELLIPSOIDS:
            half = axes * np.cbrt(3 * n_sites * volume / (4 * np.pi))
            points, rows = points_around(crystal, middle, float(half.max()))
            inside = (((points @ turn) / half) ** 2).sum(axis=1) <= 1
        else:
            half = 0.5 * axes * np.cbrt(n_sites * volume)
            points, rows = points_around(crystal, middle, float(np.linalg.norm(half)))
            inside = (np.abs(points @ turn) <= half).all(axis=1)
        if np.count_nonzero(inside) >= FEWEST:
            return Crystal((points @ turn)[inside], crystal.numbers[rows[inside]], source=crystal.source)
        n_sites += max(1, n_sites // 10)


def disordered(crystals: Sequence[Crystal], rng: np.random.Generator) -> Crystal:
    """Make a liquid or a glass of the density of one of the crystals: a random packing, or a crystal shaken apart."""
    crystal = crystals[int(rng.integers(len(crystals)))]
    box = supercell_to(crystal, min_atoms=_log_uniform(DISORDERED_SITES, rng))
    if rng.random() < PACKED:
        packing = random_packing(box, rng.uniform(*CORES), rng)
        matter = _with_cube(packing, np.cbrt(box.volume)) if rng.random() < PERIODIC else _ball(packing)
    else:
        shaken = displace_gaussian(box, rng.uniform(*MOLTEN), rng, unit="d_nn")
        matter = shaken if rng.random() < PERIODIC else to_cluster(shaken)
    if rng.random() < THINNED_DISORDER:
        matter = vacancies(matter, rng.uniform(0, MOST_LOST), rng)
    return matter


def points_around(
    crystal: Crystal, middle: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Positions relative to ``middle`` of all images that may lie within the radius, and their rows."""
    cell = np.array(crystal.cell)
    place = middle @ np.linalg.inv(cell)
    reach = radius / heights(cell)
    low, high = np.floor(place - reach - 1).astype(int), np.ceil(place + reach).astype(int)
    images = np.stack(np.meshgrid(*map(np.arange, low, high + 1), indexing="ij"), axis=-1).reshape(-1, 3)
    points = (images @ cell)[:, None] + crystal.positions[None] - middle
    return points.reshape(-1, 3), np.tile(np.arange(len(crystal)), len(images))


def _with_cube(packing: Crystal, edge: float) -> Crystal:
    return Crystal(packing.positions, packing.numbers, cell=edge * np.eye(3), source=packing.source)


def _ball(packing: Crystal) -> Crystal:
    """The inner half of a cube, or as many as a piece has at least."""
    distance = np.linalg.norm(packing.positions - packing.positions.mean(axis=0), axis=1)
    keep = np.argsort(distance)[: max(FEWEST, len(packing) // 2)]
    return Crystal(packing.positions[keep], packing.numbers[keep], source=packing.source)


def _log_uniform(limits: tuple[int, int], rng: np.random.Generator) -> int:
    return round(float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1])))))
