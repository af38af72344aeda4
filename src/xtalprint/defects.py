"""Vacancies, displacements and substitutions: pure functions of a crystal and a random generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import SYMBOLS
from xtalprint.errors import XtalprintError
from xtalprint.geometry import bond_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Elements that a substituted site may get: Z = 1 to 94 (Ziletti et al. 2018).
SUBSTITUTES = tuple(SYMBOLS[1:95])


def vacancies(crystal: Crystal, fraction: float, rng: np.random.Generator) -> Crystal:
    """Remove floor(N·fraction) of the N rows, chosen uniformly.

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
    The rows that are left, in their order.
    """
    _check_fraction(fraction, below_one=True)
    n = len(crystal)
    # The slack makes 0.29·100 = 28.999… remove 29; one atom is left whatever the rounding.
    removed = rng.choice(n, size=min(int(n * fraction + 1e-9), n - 1), replace=False)
    keep = np.delete(np.arange(n), removed)
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        crystal.positions[keep],
        crystal.numbers[keep],
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies[keep],
        pbc=crystal.pbc,
    )


def displace_gaussian(
    crystal: Crystal, sigma: float, rng: np.random.Generator, *, unit: Literal["angstrom", "d_nn"] = "angstrom"
) -> Crystal:
    """Move every row by independent normal deviates along x, y and z.

    Parameters
    ----------
    crystal
        Any; repeat the cell first, or the displacements repeat with it.
    sigma
        Standard deviation of each Cartesian component.
    rng
        The only source of chance.
    unit
        Å, or the mean nearest-neighbour distance of the crystal.
    """
    return _moved(crystal, _length(crystal, sigma, unit) * rng.normal(size=(len(crystal), 3)))


def displace_uniform(
    crystal: Crystal, amplitude: float, rng: np.random.Generator, *, unit: Literal["angstrom", "d_nn"] = "angstrom"
) -> Crystal:
    """Move every row by independent uniform deviates in [−amplitude, amplitude] along x, y and z.

    Parameters
    ----------
    crystal, rng, unit
        As in `displace_gaussian`.
    amplitude
        Half the edge of the cube that each atom is moved within.
    """
    return _moved(crystal, _length(crystal, amplitude, unit) * rng.uniform(-1, 1, size=(len(crystal), 3)))


def substitute(
    crystal: Crystal, fraction: float, rng: np.random.Generator, *, elements: Sequence[str] = SUBSTITUTES
) -> Crystal:
    """Give floor(N·fraction) rows, chosen uniformly, an element drawn uniformly from ``elements``.

    Parameters
    ----------
    crystal
        Any.
    fraction
        In [0, 1].
    rng
        The only source of chance.
    elements
        Chemical symbols; the old element of a site may come out again, as in the paper.
    """
    _check_fraction(fraction, below_one=False)
    unknown = [symbol for symbol in elements if symbol not in SYMBOLS[1:]]
    if unknown or not elements:
        raise XtalprintError("elements must be chemical symbols", value=unknown or "none given")
    n = len(crystal)
    sites = rng.choice(n, size=int(n * fraction + 1e-9), replace=False)
    numbers = crystal.numbers.copy()
    numbers[sites] = rng.choice([SYMBOLS.index(symbol) for symbol in elements], size=len(sites))
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        crystal.positions,
        numbers,
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
    )


def _moved(crystal: Crystal, shift: NDArray[np.float64]) -> Crystal:
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        crystal.positions + shift,
        crystal.numbers,
        like=crystal,
        cell=crystal.cell,
        occupancies=crystal.occupancies,
        pbc=crystal.pbc,
    )


def _length(crystal: Crystal, value: float, unit: str) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise XtalprintError("a displacement must be a number that is not negative", value=value)
    if unit == "angstrom":
        return float(value)
    if unit == "d_nn":
        return float(value) * bond_length(crystal)
    raise XtalprintError("unknown unit of displacement", value=unit, remedy="choose angstrom or d_nn")


def _check_fraction(fraction: float, *, below_one: bool) -> None:
    if not 0 <= fraction <= 1 or (below_one and fraction == 1):
        raise XtalprintError(
            "the fraction is out of range",
            value=fraction,
            remedy="give a number from 0 to 1" + (", below 1: at least one atom must be left" if below_one else ""),
        )
