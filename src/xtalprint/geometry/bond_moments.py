"""Where the bonds of a crystal point, by length: sums over all pairs of sites that spherical harmonics follow from.

A spherical harmonic of even degree up to 12 is, on the unit sphere, a homogeneous polynomial of degree 12. So the
sums of the 91 monomials x^a y^b z^c (a + b + c = 12) over the unit vectors of all pairs hold the sums of all of them,
and a monomial costs two multiplications.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.pairs import Sites, images_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Degree of the monomials, and of the highest harmonic.
DEGREE = 12
#: (91, 3) exponents of x, y and z, in the order of the sums.
EXPONENTS = np.array([(a, b, DEGREE - a - b) for a in range(DEGREE + 1) for b in range(DEGREE + 1 - a)])
#: Where the harmonics in terms of the monomials are kept; scripts/make_harmonics.py writes it.
HARMONICS = Path(__file__).with_name("harmonics.npy")
#: Directions that the harmonics are matched to the monomials at; 91 would do, more are better conditioned.
DIRECTIONS = 600
#: From so many candidates for a pair on the loop is compiled; below, NumPy takes less than the import of Numba does
#: (0.4 s). The number of candidates alone decides, so that the same crystal always gives the same bits.
COMPILED_FROM = 6_000
#: Boxes that the sites are sorted into, most of them empty where one atom is far from the others.
MOST_BOXES = 4_000_000


@dataclass(frozen=True)
class BondMoments:
    """Sums over all pairs of sites, each pair once (an image of a site with itself half).

    Parameters
    ----------
    step
        Distance of the grid points in Å; the first lies at 0.
    counts
        (B,) number of pairs at each length, shared between the two nearest grid points so that the sums change
        continuously with the positions. A pair counts as the product of both occupancies.
    moments
        (B, 91) the same sums of x^a y^b z^c of the unit vectors, in the order of `EXPONENTS`.
    """

    step: float
    counts: Floats
    moments: Floats


@dataclass(frozen=True)
class Search:
    """Points in boxes of equal edge, sorted by box: what both ways of adding up walk through in the same order."""

    points: Floats
    owner: NDArray[np.int64]
    start: NDArray[np.int64]
    origin: Floats
    shape: NDArray[np.int64]
    edge: float
    #: Which of the points are the sites themselves.
    rank: NDArray[np.int64]


def bond_moments(crystal: Crystal, *, step: float, n_steps: int) -> BondMoments:
    """Add up all pairs shorter than ``step · (n_steps - 1)``.

    Parameters
    ----------
    crystal
        With a cell (images count along ``pbc``) or without. Per site of a periodic crystal the sums are those of the
        infinite crystal: the same for every cell and supercell.
    step
        Distance of the grid points in Å.
    n_steps
        Their number.

    Notes
    -----
    The time is linear in the number of sites.
    """
    sites = Sites.of(crystal)
    reach = step * (n_steps - 1)
    weights = np.zeros(crystal.n_sites)
    np.add.at(weights, crystal.site_of_row, crystal.occupancies)
    search = sorted_boxes(sites, reach)
    counts = np.zeros(n_steps)
    moments = np.zeros((n_steps, len(EXPONENTS)))
    if len(sites.points) * len(search.points) >= COMPILED_FROM:
        from xtalprint.geometry.compiled_bonds import add_bonds  # noqa: PLC0415 - imports Numba

        add_bonds(
            sites.points,
            weights,
            (search.points, search.owner, search.start, search.origin, search.shape, search.rank),
            search.edge,
            step,
            counts,
            moments,
        )
    else:
        _add_bonds(sites.points, weights, search, step, counts, moments)
    return BondMoments(step, counts, moments)


def like_moments(crystal: Crystal, total: BondMoments, *, n_steps: int) -> BondMoments:
    """Add up the pairs of the same element only.

    Parameters
    ----------
    crystal
        As for `bond_moments`.
    total
        What that gave for all pairs; for one element it is the answer.
    n_steps
        Number of grid points.
    """
    elements = np.unique(crystal.numbers)
    if len(elements) == 1:
        return total
    counts, moments = np.zeros_like(total.counts), np.zeros_like(total.moments)
    # In order of first appearance, not of atomic number: the same to the last bit if two names are exchanged.
    for element in sorted(elements.tolist(), key=lambda z: int(np.argmax(crystal.numbers == z))):
        rows = crystal.numbers == element
        part = Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
            crystal.positions[rows],
            crystal.numbers[rows],
            like=crystal,
            cell=crystal.cell,
            occupancies=crystal.occupancies[rows],
            pbc=crystal.pbc,
            site_of_row=np.unique(crystal.site_of_row[rows], return_inverse=True)[1],
        )
        sums = bond_moments(part, step=total.step, n_steps=n_steps)
        counts += sums.counts
        moments += sums.moments
    return BondMoments(total.step, counts, moments)


@lru_cache(maxsize=1)
def harmonics_of_moments() -> tuple[Floats, ...]:
    """(91, 2 l + 1) for l = 0, 2, …, 12: the real orthonormal spherical harmonics in terms of the monomials.

    Those of `fitted_harmonics`, from a file: a threaded BLAS on a busy machine may take half a minute for the fit.
    """
    degrees = np.arange(0, DEGREE + 1, 2)
    return tuple(np.split(np.load(HARMONICS), np.cumsum(2 * degrees + 1)[:-1], axis=1))


def fitted_harmonics() -> tuple[Floats, ...]:
    """What `harmonics_of_moments` reads, by least squares over random directions."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=(DIRECTIONS, 3))
    u /= np.linalg.norm(u, axis=1)[:, None]
    monomials = np.prod(u[:, None, :] ** EXPONENTS, axis=2)
    return tuple(
        np.linalg.lstsq(monomials, real_harmonics(degree, u), rcond=None)[0] for degree in range(0, DEGREE + 1, 2)
    )


def real_harmonics(degree: int, directions: Floats) -> Floats:
    """Real orthonormal spherical harmonics.

    Parameters
    ----------
    degree
        l.
    directions
        (n, 3) unit vectors.

    Returns
    -------
    (n, 2 l + 1), m = −l … l; negative m goes with sin |m|φ, positive with cos mφ.
    """
    from scipy.special import lpmv  # noqa: PLC0415 - 0.1 s

    x, y, z = directions.T
    phi = np.arctan2(y, x)
    result = np.empty((len(directions), 2 * degree + 1))
    for m in range(degree + 1):
        norm = np.sqrt((2 * degree + 1) / (4 * np.pi) * factorial(degree - m) / factorial(degree + m))
        radial = norm * lpmv(m, degree, np.clip(z, -1, 1)) * (np.sqrt(2) if m else 1.0)
        result[:, degree + m] = radial * np.cos(m * phi)
        if m:
            result[:, degree - m] = radial * np.sin(m * phi)
    return result


def sorted_boxes(sites: Sites, reach: float) -> Search:
    """Sort the sites and all images within ``reach`` (Å) of them into boxes of half that edge, larger in a void."""
    points, owner = images_within(sites, reach)
    edge = 0.5 * reach
    origin = points.min(axis=0)
    extent = points.max(axis=0) - origin
    while (extent / edge + 1).prod() > MOST_BOXES:
        edge *= 2
    box = ((points - origin) / edge).astype(np.int64)
    shape = box.max(axis=0) + 1
    flat = (box[:, 0] * shape[1] + box[:, 1]) * shape[2] + box[:, 2]
    order = np.argsort(flat, kind="stable")
    start = np.searchsorted(flat[order], np.arange(int(shape.prod()) + 1))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Search(points[order], owner[order], start, origin, shape, edge, rank[: len(sites.points)])


def _add_bonds(  # noqa: PLR0917 - the arguments of the compiled loop
    sites: Floats, weights: Floats, search: Search, step: float, counts: Floats, moments: Floats
) -> None:
    """Add all pairs to ``counts`` and ``moments``: every point against every site, in NumPy."""
    last = len(counts) - 1
    delta = search.points[None] - sites[:, None]
    squared = (delta * delta).sum(axis=2)
    numbers = np.arange(len(sites))
    wanted = (squared < (step * last) ** 2) & (search.owner[None] >= numbers[:, None])
    wanted[numbers, search.rank] = False
    site, point = np.nonzero(wanted)
    length = np.sqrt(squared[site, point])
    low = np.minimum((length / step).astype(np.int64), last - 1)
    other = search.owner[point]
    weight = weights[site] * weights[other] * np.where(other == site, 0.5, 1.0)
    upper = length / step - low
    order = np.argsort(low, kind="stable")
    x, y, z = _powers(delta[site, point][order] / length[order, None])
    a, b, c = EXPONENTS.T
    monomials = x[a] * y[b] * z[c]
    # Not by a matrix product: its last bits would depend on the number of threads.
    occupied, first = np.unique(low[order], return_index=True)
    for places, shares in ((occupied, weight * (1 - upper)), (occupied + 1, weight * upper)):
        counts[places] += np.add.reduceat(shares[order], first)
        moments[places] += np.add.reduceat(monomials * shares[order], first, axis=1).T


def _powers(units: Floats) -> Floats:
    """(3, 13, n) powers 0 … 12 of the three components, by repeated multiplication."""
    powers = np.ones((3, DEGREE + 1, len(units)))
    for exponent in range(1, DEGREE + 1):
        powers[:, exponent] = powers[:, exponent - 1] * units.T
    return powers
