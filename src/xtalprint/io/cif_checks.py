"""What a reading of a CIF must satisfy before it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.elements import SYMBOLS
from xtalprint.sites import group_coincident

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: No cell of a crystal is smaller (Å³); dense hydrogen has 10.
MIN_VOLUME = 5.0
#: No two atoms are closer (Å), except positions of which only one is occupied at a time.
MIN_DISTANCE = 0.5
#: Rounding allowed in the sum of occupancies of one site; files give one to three decimals.
OCCUPANCY_SLACK = 0.02
#: Rounding allowed in a formula: relative, and in units of one formula unit.
RELATIVE, ABSOLUTE = 0.03, 0.03
#: An element whose share differs by this factor from the stated one was not left out by rounding or idealisation.
SHARE = 1.5
#: A formula of so few atoms may be that of another substance; one of more, with atoms missing, tells of a cut file.
SMALL_FORMULA = 8


def geometry_problem(
    cell: NDArray[np.float64], positions: NDArray[np.float64], occupancies: NDArray[np.float64]
) -> str | None:
    """What makes the atoms impossible, or None."""
    volume = abs(float(np.linalg.det(cell)))
    if volume <= MIN_VOLUME:
        return f"the cell is too small, {volume:.3g} Å³"
    site = group_coincident(positions, cell, (True, True, True), MIN_DISTANCE)
    total = np.bincount(site, weights=occupancies)
    over = np.flatnonzero(total > 1 + OCCUPANCY_SLACK)
    if len(over):
        rows = np.flatnonzero(site == over[0])
        return (
            f"atoms {', '.join(map(str, rows[:6].tolist()))} are closer than {MIN_DISTANCE} Å, "
            f"and their occupancies add up to {total[over[0]]:.3g}"
        )
    return None


def amounts_of(numbers: NDArray[np.int64], occupancies: NDArray[np.float64]) -> dict[str, float]:
    """Amount of each element in the cell."""
    total = np.bincount(numbers, weights=occupancies)
    return {SYMBOLS[z]: float(total[z]) for z in np.flatnonzero(total)}


def formula_units(found: Mapping[str, float], stated: Mapping[str, float]) -> float | None:
    """How many stated formulas the cell holds, or None if it does not hold a multiple of it.

    Hydrogen may be missing, for often it is not located.

    Examples
    --------
    >>> formula_units({"Na": 4, "Cl": 4}, {"Na": 1, "Cl": 1})
    4.0
    >>> formula_units({"Na": 4, "Cl": 2}, {"Na": 1, "Cl": 1}) is None
    True
    >>> formula_units({"Cu": 9}, {"Cu": 32}) is None
    True
    """
    elements = [s for s in {*found, *stated} if s != "H"] or ["H"]
    total = sum(stated.get(s, 0.0) for s in elements)
    if total <= 0:
        return None
    units = sum(found.get(s, 0.0) for s in elements) / total
    if _is_part(units):
        return None
    for symbol in elements:
        have, want = found.get(symbol, 0.0), units * stated.get(symbol, 0.0)
        if abs(have - want) > RELATIVE * max(have, want) + ABSOLUTE * units:
            return None
    hydrogen = units * stated.get("H", 0.0)
    if found.get("H", 0.0) > (1 + RELATIVE) * hydrogen + ABSOLUTE * units and "H" not in elements:
        return None
    return units


def _is_part(units: float) -> bool:
    """Whether a cell holds less than the formula, and not a half or a quarter of it as a primitive cell would."""
    return 0 < units < 1 - RELATIVE and abs(1 / units - round(1 / units)) > RELATIVE / units


def resembles(found: Mapping[str, float], stated: Mapping[str, float]) -> bool:
    """Whether the cell may hold the stated substance, with vacancies: each element but H has about its share.

    Examples
    --------
    >>> resembles({"C": 3.4, "Si": 4}, {"C": 1, "Si": 1})
    True
    >>> resembles({"Na": 4}, {"Na": 1, "Cl": 1})
    False
    """
    elements = [s for s in {*found, *stated} if s != "H"]
    have, want = (sum(amounts.get(s, 0.0) for s in elements) for amounts in (found, stated))
    if want > SMALL_FORMULA and have * SHARE < want and _is_part(have / want):
        return False  # atoms are missing, as at the end of a file that was cut off
    return all(
        found.get(s, 0.0) * want * SHARE >= stated.get(s, 0.0) * have
        and stated.get(s, 0.0) * have * SHARE >= found.get(s, 0.0) * want
        for s in elements
    )


def written(amounts: Mapping[str, float]) -> str:
    """A formula as text.

    Examples
    --------
    >>> written({"O": 2, "Ti": 1})
    'O2 Ti1'
    """
    return " ".join(f"{symbol}{amount:.4g}" for symbol, amount in sorted(amounts.items()))
