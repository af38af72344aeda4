"""The input of a network with something taken away: which part of the diffraction an answer needs.

Y. Wang et al., Phys. Rev. Research 4, 023029 (2022), scale the intensities of each crystal at random, keep of them
only whether they are absent, or leave them out. What else is here is ours. The same is done to clouds of reflections
and to the reflections that our invariants are made of. Chance is drawn for each crystal once, and stays. None takes
the volume of the cell away: it is how dense the points are.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from xtalprint.descriptors.clouds import FLOOR, LOGARITHM_SCALE
from xtalprint.descriptors.momentum_cloud import MomentumCloud
from xtalprint.errors import WrongUsageError
from xtalprint.geometry.lattice_basis import lattice_basis
from xtalprint.models.genome_invariants import electron_density, invariants_of
from xtalprint.scattering.reflections import reflections_of
from xtalprint.scattering.shells import harmonics_on_shells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.genome_invariants import GenomeInvariants
    from xtalprint.scattering.reflections import Reflections

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

Ablation = Literal[
    "whole",
    "scaled",
    "absences and density",
    "absences alone",
    "lattice and density",
    "lattice alone",
    "shuffled",
    "jittered",
    "scattered",
    "density alone",
]
ABLATIONS: tuple[Ablation, ...] = get_args(Ablation)
#: What each does, for tables and pages.
MEANING: dict[Ablation, str] = {
    "whole": "nothing is taken away",
    "scaled": "all intensities of a crystal times one factor, from 0.1 to 10",
    "absences and density": "intensities are 1, those of absent reflections 0, but for the origin's, which is the "
    "squared electron density",
    "absences alone": "the same, and the origin's is 1 too: nothing is left of the electron density",
    "lattice and density": "all intensities but the origin's are 1",
    "lattice alone": "all intensities are 1: the points of the reciprocal lattice alone",
    "shuffled": "intensities exchanged at random among the points, but for the origin's",
    "jittered": "points moved at random by a tenth of the shortest vector, but for the origin",
    "scattered": "points anywhere in the sphere, intensities in random order, but for the origin",
    "density alone": "the origin's intensity, which is the squared electron density, and nothing else",
}
#: Those that the intensity at the origin is taken away with.
WITHOUT_DENSITY: frozenset[Ablation] = frozenset({"absences alone", "lattice alone"})
#: Factors of the intensity are drawn evenly between these powers of ten.
SCALES = (-1.0, 1.0)
#: A reflection is absent if it is weaker than this share of the intensity at the origin. From 1e-8 to 1e-10 the share
#: of such reflections hardly changes; at 1e-5 two in a hundred were even of triclinic crystals, which have none.
ABSENT = 1e-9
#: Standard deviation of moved points along each axis, in units of the shortest vector.
JITTER = 0.1


def ablated_invariants(crystal: Crystal, ablation: Ablation, descriptor: GenomeInvariants) -> Floats:
    """What `GenomeInvariants.compute` gives, of reflections of which something was taken away.

    The points are those of the primitive lattice, as far as a symmetry search finds it: without intensities the
    points themselves must not depend on the cell that is given.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    ablation
        See `MEANING`; of ``density alone`` only the last number is not zero.
    descriptor
        With the shells and one table of form factors.

    Returns
    -------
    (n,) as of `GenomeInvariants.compute`.

    Raises
    ------
    UnsupportedInputError
        As `GenomeInvariants.compute`.
    WrongUsageError
        If the descriptor has distances of neighbours.
    """
    if descriptor.n_neighbours:
        raise WrongUsageError(
            "distances of neighbours are no part of the diffraction",
            value=descriptor.n_neighbours,
            remedy="give n_neighbours=0",
        )
    density, shells = electron_density(crystal), descriptor.shells
    if ablation == "density alone":
        return np.concatenate([np.zeros(len(descriptor.names) - 1), [np.log(density)]])
    [table] = descriptor.tables
    basis = lattice_basis(crystal, kind="primitive", symprec=MomentumCloud.symprec)
    found = reflections_of(crystal, basis.vectors, float(shells[-1]) + 2 * descriptor.resolution, table=table)
    changed, factor = _changed(found, ablation, density**2, np.random.default_rng(_number_of(crystal)))
    harmonics = harmonics_on_shells(changed, shells, resolution=descriptor.resolution, scale="volume")
    return invariants_of(harmonics, 1.0 if ablation in WITHOUT_DENSITY else density * factor)


def ablated_clouds(clouds: Singles, ablation: Ablation, rng: np.random.Generator) -> Singles:
    """Clouds of which something was taken away.

    Parameters
    ----------
    clouds
        (n, points, 4) features of `MomentumCloud`, of a box of points with the origin in the middle.
    ablation
        See `MEANING`.
    rng
        Source of chance.

    Returns
    -------
    (n, points, 4) of which the i-th point from the end is opposite to the i-th; (n, 1, 4) for ``density alone``.
    """
    middle = clouds.shape[1] // 2
    if ablation == "whole":
        return clouds
    if ablation == "density alone":
        return clouds[:, middle : middle + 1].copy()
    changed = clouds.copy()
    if ablation == "scaled":
        factors = 10 ** rng.uniform(*SCALES, size=(len(clouds), 1))
        values = FLOOR * np.expm1(LOGARITHM_SCALE * clouds[..., 3].astype(np.float64))
        changed[..., 3] = np.log1p(factors * values / FLOOR) / LOGARITHM_SCALE
    elif ablation in {"absences alone", "absences and density"}:
        values = np.expm1(LOGARITHM_SCALE * clouds[..., 3].astype(np.float64))
        changed[..., 3] = values > ABSENT * values[:, middle, None]
    elif ablation in {"lattice alone", "lattice and density"}:
        changed[..., 3] = 1.0
    else:
        for cloud in changed:
            _change_half(cloud, middle, ablation, rng)
    if ablation in {"absences and density", "lattice and density"}:
        changed[:, middle] = clouds[:, middle]
    return changed


def _change_half(cloud: Singles, middle: int, ablation: Ablation, rng: np.random.Generator) -> None:
    """Shuffle, move or scatter the points before the origin, in place, and their opposites alike."""
    points, values = cloud[:middle, :3].copy(), cloud[:middle, 3].copy()
    lengths = np.linalg.norm(points, axis=1)
    if ablation == "jittered":
        points += (JITTER * lengths.min() * rng.normal(size=points.shape)).astype(np.float32)
    elif ablation == "scattered":
        points[:] = _in_sphere(middle, float(lengths.max()), rng)
    if ablation in {"shuffled", "scattered"}:
        values = rng.permutation(values)
    cloud[:middle, :3], cloud[:middle, 3] = points, values
    cloud[middle + 1 :] = cloud[:middle][::-1] * np.array([-1, -1, -1, 1], dtype=np.float32)


def _changed(
    found: Reflections, ablation: Ablation, origin: float, rng: np.random.Generator
) -> tuple[Reflections, float]:
    """Reflections of which something was taken away, and the factor of the amplitude; ``density alone`` is I(000)."""
    values, vectors = found.intensities, found.vectors
    if ablation == "scaled":
        factor = 10 ** rng.uniform(*SCALES)
        return replace(found, intensities=factor * values), float(np.sqrt(factor))
    if ablation in {"absences alone", "absences and density"}:
        values = (values > ABSENT * origin).astype(np.float64)
    elif ablation in {"lattice alone", "lattice and density"}:
        values = np.ones_like(values)
    elif ablation in {"shuffled", "scattered"}:
        values = rng.permutation(values)
    if ablation == "jittered":
        vectors = vectors + JITTER * found.lengths.min() * rng.normal(size=vectors.shape)
    elif ablation == "scattered":
        vectors = _in_sphere(len(vectors), float(found.lengths.max()), rng)
    return replace(found, vectors=vectors, lengths=np.linalg.norm(vectors, axis=1), intensities=values), 1.0


def _in_sphere(n: int, radius: float, rng: np.random.Generator) -> Floats:
    """(n, 3) points anywhere in a sphere, all places equally probable."""
    directions = rng.normal(size=(n, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    points: Floats = directions * radius * rng.random((n, 1)) ** (1 / 3)
    return points


def _number_of(crystal: Crystal) -> int:
    """A number that the crystal always has, to draw its chance from."""
    parts = (crystal.positions, crystal.cell, crystal.numbers)
    return zlib.crc32(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
