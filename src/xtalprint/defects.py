"""Vacancies, displacements and substitutions: pure functions of a crystal and a random generator.

The unit is the site: the rows of a disordered site stand for one atom and are removed, moved or replaced together.
Each function is deterministic in the state of the generator that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS, SYMBOLS
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import bond_length
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.rows import first_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Elements that a substituted site may get: Z = 1 to 94 (Ziletti et al. 2018).
SUBSTITUTES = tuple(SYMBOLS[1:95])
#: Makes 0.29 · 100 = 28.999… count as 29.
ROUNDING = 1e-9
#: Longest spring between two sites in bond lengths, and the stiffness of that from a site to its place.
SPRING_REACH, TETHER = 1.9, 0.02


@takes_crystal
def vacancies(crystal: Crystal, fraction: float, rng: np.random.Generator) -> Crystal:
    """Remove floor(N·fraction) of the N sites, chosen uniformly without replacement.

    Parameters
    ----------
    crystal
        Any; repeat the cell first, or the vacancies repeat with it.
    fraction
        In [0, 1).
    rng
        The only source of chance.

    Returns
    -------
    The sites that are left, in their order.

    Raises
    ------
    XtalprintError
        For a fraction outside [0, 1).
    UnsupportedInputError
        If no site would be left.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> from xtalprint.geometry import supercell
    >>> box = supercell(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), (5, 5, 4))
    >>> len(vacancies(box, 0.29, np.random.default_rng(0)))
    71
    """
    _check_fraction(fraction, below_one=True)
    _check_rng(rng)
    n = crystal.n_sites
    n_removed = int(n * fraction + ROUNDING)
    if n_removed == n:
        raise UnsupportedInputError(
            f"no atom would be left of {n}",
            source=crystal.source,
            frame=crystal.frame,
            value=fraction,
            remedy="repeat the cell or remove fewer",
        )
    left = np.ones(n, dtype=bool)
    left[rng.choice(n, size=n_removed, replace=False)] = False
    keep = left[crystal.site_of_row]
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        crystal.positions[keep],
        crystal.numbers[keep],
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies[keep],
        pbc=crystal.pbc,
        site_of_row=np.unique(crystal.site_of_row[keep], return_inverse=True)[1],
    )


@takes_crystal
def displace_gaussian(
    crystal: Crystal, sigma: float, rng: np.random.Generator, *, unit: Literal["angstrom", "d_nn"] = "angstrom"
) -> Crystal:
    """Move every site by independent normal deviates along x, y and z.

    Atoms may come close to each other; that is what large displacements do, and no error.

    Parameters
    ----------
    crystal
        Any; repeat the cell first, or the displacements repeat with it.
    sigma
        Standard deviation of each Cartesian component. The root mean square displacement is √3 times as large.
    rng
        The only source of chance.
    unit
        Of ``sigma``: Å, or the mean nearest-neighbour distance of the crystal as it is given.

    Raises
    ------
    XtalprintError
        If ``sigma`` is negative or not finite, or the unit is unknown.
    """
    length = _length(crystal, sigma, unit)
    _check_rng(rng)
    return _moved(crystal, length * rng.normal(size=(crystal.n_sites, 3)))


@takes_crystal
def displace_uniform(
    crystal: Crystal, amplitude: float, rng: np.random.Generator, *, unit: Literal["angstrom", "d_nn"] = "angstrom"
) -> Crystal:
    """Move every site to a random place in the cube around it: independent uniform deviates along x, y and z.

    Parameters
    ----------
    crystal, rng, unit
        As in `displace_gaussian`.
    amplitude
        Half the edge of the cube: each component lies in [−amplitude, amplitude). Its standard deviation is
        amplitude/√3.

    Raises
    ------
    XtalprintError
        If ``amplitude`` is negative or not finite, or the unit is unknown.
    """
    length = _length(crystal, amplitude, unit)
    _check_rng(rng)
    return _moved(crystal, length * rng.uniform(-1, 1, size=(crystal.n_sites, 3)))


@takes_crystal
def displace_springs(
    crystal: Crystal, sigma: float, rng: np.random.Generator, *, decay: float = 5.0, transverse: float = 0.05
) -> Crystal:
    """Move the sites of a box as thermal vibrations of springs between neighbours do: together, not one by one.

    Parameters
    ----------
    crystal
        A periodic box, at least four bond lengths thick and with at most a few thousand sites.
    sigma
        Root mean square of each Cartesian component, in units of the robust bond length d.
    rng
        The only source of chance.
    decay
        A spring between two sites at r has the stiffness exp(−decay (r/d − 1)), up to 1.9 d.
    transverse
        Stiffness against sideways motion, as a share of it.

    Notes
    -----
    Sampled exactly: the matrix of stiffness H, with a weak spring from each site to its place so that the box does
    not drift, has the Cholesky factor L; the displacements solve Lᵀu = z for normal deviates z.
    """
    _check_rng(rng)
    from scipy.linalg import cholesky, solve_triangular  # noqa: PLC0415 - only for made data

    if crystal.cell is None or not all(crystal.pbc):
        raise UnsupportedInputError("only a periodic box can vibrate", source=crystal.source, frame=crystal.frame)
    length = bond_length(crystal, method="robust")
    places = crystal.frac[first_rows(crystal)]
    apart = places[:, None] - places[None]
    apart = (apart - np.round(apart)) @ crystal.cell
    distance = np.sqrt((apart**2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    stiffness = np.where(distance < SPRING_REACH * length, np.exp(-decay * (distance / length - 1)), 0.0)
    units = apart / distance[:, :, None]
    along = (1 - transverse) * stiffness[:, :, None] * units
    blocks = -along[..., :, None] * units[..., None, :]
    blocks[..., range(3), range(3)] -= transverse * stiffness[:, :, None]
    numbers = np.arange(len(places))
    blocks[numbers, numbers] = -blocks.sum(axis=1) + TETHER * np.eye(3)
    matrix = blocks.transpose(0, 2, 1, 3).reshape(3 * len(places), -1)
    factor = cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
    shift = solve_triangular(factor, rng.normal(size=len(factor)), lower=True, trans="T").reshape(-1, 3)
    shift -= shift.mean(axis=0)
    return _moved(crystal, shift * (sigma * length / np.sqrt((shift**2).mean())))


@takes_crystal
def substitute(
    crystal: Crystal, fraction: float, rng: np.random.Generator, *, elements: Sequence[str] = SUBSTITUTES
) -> Crystal:
    """Give floor(N·fraction) of the N sites, chosen uniformly, elements drawn independently from ``elements``.

    Parameters
    ----------
    crystal
        Any.
    fraction
        In [0, 1].
    rng
        The only source of chance.
    elements
        Chemical symbols, all equally likely; the old element of a site may come out again, as in the paper.

    Returns
    -------
    The same sites. All rows of a disordered site that was chosen get the same element; occupancies stay.
    """
    _check_fraction(fraction, below_one=False)
    _check_rng(rng)
    if isinstance(elements, str) or not isinstance(elements, Iterable):
        raise XtalprintError("elements must be a list of chemical symbols", value=repr(elements))
    unknown = [symbol for symbol in elements if symbol not in ATOMIC_NUMBERS]
    if unknown or not elements:
        raise XtalprintError("elements must be chemical symbols", value=unknown or "none given")
    n = crystal.n_sites
    chosen = rng.choice(n, size=int(n * fraction + ROUNDING), replace=False)
    new = np.zeros(n, dtype=np.int64)
    new[chosen] = rng.choice([ATOMIC_NUMBERS[symbol] for symbol in elements], size=len(chosen))
    new_of_row = new[crystal.site_of_row]
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        crystal.positions,
        np.where(new_of_row > 0, new_of_row, crystal.numbers),
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
        site_of_row=crystal.site_of_row,
    )


def _moved(crystal: Crystal, shift_of_site: NDArray[np.float64]) -> Crystal:
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        crystal.positions + shift_of_site[crystal.site_of_row],
        crystal.numbers,
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
        site_of_row=crystal.site_of_row,
    )


def _length(crystal: Crystal, value: float, unit: str) -> float:
    if not _is_number(value) or not (np.isfinite(value) and value >= 0):
        raise XtalprintError("a displacement must be a number that is not negative", value=value)
    if unit == "angstrom":
        return float(value)
    if unit == "d_nn":
        return float(value) * bond_length(crystal)
    raise XtalprintError("unknown unit of displacement", value=unit, remedy="choose angstrom or d_nn")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _check_rng(rng: object) -> None:
    if not isinstance(rng, np.random.Generator):
        raise XtalprintError(
            "chance comes from a random generator", value=repr(rng), remedy="give numpy.random.default_rng(seed)"
        )


def _check_fraction(fraction: float, *, below_one: bool) -> None:
    if not _is_number(fraction) or not 0 <= fraction <= 1 or (below_one and fraction == 1):
        raise XtalprintError(
            "the fraction is out of range",
            value=fraction,
            remedy="give a number from 0 to 1" + (", below 1: at least one atom must be left" if below_one else ""),
        )
