"""The pair distribution from distances and from reflections, and the intensity from both: two sides of one transform.

The density ρ(x) = Σ_j w_j δ(x − x_j) of a crystal has the autocorrelation

    P(r) = 1/V Σ_jk w_j w_k δ(r − r_jk) = Σ_s |F(s)|²/V² exp(2πi s·r),   F(s) = Σ_j w_j exp(2πi s·x_j)

with j in one cell, k everywhere, itself included, and s on the reciprocal lattice, 0 included. Averaged over all
directions, with the pairs smeared by a Gaussian of standard deviation σ along each axis, both sides converge fast and
are equal to the last digits; this is the duality that P. P. Ewald's sum rests on (Ann. Phys. 369, 253 (1921)). The
other way round, the intensity averaged over directions and smeared in s is a sum over distances with a Gaussian
fading (P. Debye, Ann. Phys. 351, 809 (1915)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import niggli_cell
from xtalprint.geometry.pairs import Sites, images_within
from xtalprint.scattering.form_factors import Gaussians
from xtalprint.scattering.intensities import intensities, sphere_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]

#: Where a Gaussian is cut by default: exp(−7²/2) = 2e-11 of its middle.
WIDTHS = 7.0
#: Pairs or reflections whose values at all points are in memory at once.
BLOCK = 4_096
#: Å; a pair below it is an atom with itself, or two species on one site.
SAME = 1e-6
#: Digits after the point in which places agree that are the same but for rounding.
ALIKE = 11


@dataclass(frozen=True)
class Lines:
    """Weighted points on the axis of |s| or of r: the discrete side of either transform.

    Parameters
    ----------
    places
        (n,) |s| in 1/Å or r in Å, 0 included.
    weights
        (n,) |F|²/V², or Σ w_j w_k/V.
    """

    places: Floats
    weights: Floats


def reflection_lines(crystal: Crystal, s_max: float, *, weights: Mapping[int, float] | None = None) -> Lines:
    """|F|²/V² of all reflections up to ``s_max``, with weights of the elements that do not depend on |s|.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    s_max
        1/Å.
    weights
        Of each atomic number; None means 1 for all: the plain number of neighbours.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions, or is too large.
    """
    reduced = niggli_cell(crystal)
    weight = _weight_of(reduced, weights)
    reciprocal = np.linalg.inv(np.asarray(reduced.cell)).T
    points = sphere_points(reciprocal, s_max)
    amplitudes = np.zeros((max(weight) + 1, 1))
    amplitudes[list(weight), 0] = list(weight.values())
    table = Gaussians(amplitudes, np.zeros_like(amplitudes), 0.0)
    intensity = intensities(reduced, points, reciprocal, table=table, paired=True)
    return Lines(np.sqrt(((points @ reciprocal) ** 2).sum(axis=1)), intensity)


def pair_lines(crystal: Crystal, r_max: float, *, weights: Mapping[int, float] | None = None) -> Lines:
    """Σ w_j w_k/V of all pairs up to ``r_max``, each atom with itself included.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    r_max
        Å.
    weights
        As in `reflection_lines`.
    """
    reduced = niggli_cell(crystal)
    weight = _weight_of(reduced, weights)
    of_row = np.array([weight[z] for z in reduced.numbers.tolist()]) * reduced.occupancies
    of_site = np.bincount(reduced.site_of_row, weights=of_row)
    points, owner = images_within(Sites.of(reduced), r_max)
    places, values = [], []
    for site in range(len(of_site)):
        distance = np.linalg.norm(points - points[site], axis=1)
        near = distance <= r_max
        places.append(distance[near])
        values.append(of_site[site] * of_site[owner[near]] / reduced.volume)
    return Lines(np.concatenate(places), np.concatenate(values))


def smeared(lines: Lines, at: Floats, *, width: float) -> Floats:
    """Average over directions of the points, each smeared by a Gaussian, at the places ``at``.

        Σ_n w_n/(4π x X_n) (g(x − X_n) − g(x + X_n)),   g = a Gaussian of standard deviation ``width`` and integral 1,

    in units of 1/volume: the density that a look in a random direction finds at the distance x.

    Parameters
    ----------
    lines
        Those of the pairs for a pair distribution, those of the reflections for an intensity.
    at
        (m,) r in Å, or |s| in 1/Å.
    width
        Standard deviation along each axis, in the unit of ``at``.
    """
    at = _checked(at, width)
    total = np.zeros_like(at)
    for places, weights in _blocks(lines):
        x, centre = at[:, None], places[None]
        gauss = np.exp(-0.5 * ((x - centre) / width) ** 2)
        # (1 − exp(−2 x X/σ²))/(x X), whose limit where one of them is 0 is 2/σ².
        product = 2 * x * centre / width**2
        small = product < SAME
        shape = np.where(small, 1 - product / 2, -np.expm1(-product) / np.where(small, 1.0, product))
        total += (gauss * shape) @ weights
    result: Floats = total / (2 * np.pi) ** 1.5 / width**3
    return result


def transformed(lines: Lines, at: Floats, *, width: float) -> Floats:
    """Sum over the points of w sin(2π x X)/(2π x X), faded by the transform exp(−2π² X² width²) of a Gaussian.

    Of the lines of the reflections this is the pair distribution smeared by ``width`` (Å); of those of the pairs,
    the intensity smeared by ``width`` (1/Å).

    Parameters
    ----------
    lines
        As far as the Gaussian reaches, see `reach`.
    at
        (m,) r in Å, or |s| in 1/Å.
    width
        Standard deviation along each axis, in the unit of ``at``; 0: no fading, and the sum is cut where the lines
        end.
    """
    at = _checked(at, width, least=0.0)
    total = np.zeros_like(at)
    for places, weights in _blocks(lines):
        faded = weights * np.exp(-2 * (np.pi * places * width) ** 2)
        total += np.sinc(2 * at[:, None] * places[None]) @ faded
    return total


def reach(width: float, *, widths: float = WIDTHS) -> float:
    """How far a transform must go so that what it lacks is exp(−widths²/2) of its terms: widths/(2π width)."""
    return widths / (2 * np.pi * width)


def number_density(crystal: Crystal, *, weights: Mapping[int, float] | None = None) -> float:
    """Σ w_j/V in 1/Å³: its square is where the pair distribution tends to."""
    weight = _weight_of(crystal, weights)
    values = np.array([weight[z] for z in crystal.numbers.tolist()]) * crystal.occupancies
    return float(values.sum() / crystal.volume)


def _weight_of(crystal: Crystal, weights: Mapping[int, float] | None) -> dict[int, float]:
    found: dict[int, float] = {}
    for number in np.unique(crystal.numbers).tolist():
        if weights is not None and number not in weights:
            raise UnsupportedInputError(
                "no weight for this element", value=f"Z = {number}", remedy="give one for each atomic number"
            )
        found[number] = 1.0 if weights is None else float(weights[number])
    return found


def _checked(at: Floats, width: float, *, least: float = 1e-6) -> Floats:
    at = np.asarray(at, dtype=np.float64)
    if not (np.isfinite(width) and width >= least):
        raise XtalprintError("the width of the Gaussian must be positive", value=width)
    if at.ndim != 1 or not (np.isfinite(at).all() and (at >= 0).all()):
        raise XtalprintError("the places must be a list of numbers, 0 or more", value=at)
    return at


def _blocks(lines: Lines) -> list[tuple[Floats, Floats]]:
    """Points that symmetry makes equal added up, in parts."""
    _, first, which = np.unique(np.round(lines.places, ALIKE), return_index=True, return_inverse=True)
    places = lines.places[first]
    weights: Floats = np.bincount(which, weights=lines.weights).astype(np.float64)
    return [(places[i : i + BLOCK], weights[i : i + BLOCK]) for i in range(0, len(places), BLOCK)]
