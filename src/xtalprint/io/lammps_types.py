"""Elements of LAMMPS types: as the user gives them, or from masses that leave no doubt."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: A mass is an element's if it is this close (u), and no other element is within `CLEARANCE`.
MASS_TOLERANCE = 0.03
CLEARANCE = 0.1
#: Whole masses up to this are more likely those of a model in reduced units than H, He, Li, Be.
REDUCED_UNITS = 10
GIVE_ELEMENTS = (
    "give the elements of types 1, 2, … in order, as in --elements Cu,Zr (elements=('Cu', 'Zr') in Python)"
)


def numbers_of_types(types: NDArray[np.float64], elements: Sequence[str]) -> NDArray[np.int64]:
    """Atomic numbers of atoms given by their types, counted from 1.

    Raises
    ------
    UnreadableFileError
        If a type is no whole number from 1 on, or there are more types than elements.
    """
    bad = np.flatnonzero(~((types >= 1) & (types == np.floor(types)) & (types <= len(elements))))
    if len(bad):
        atom = int(bad[0])
        value = types[atom]
        raise UnreadableFileError(
            f"type {value:g} has no element: {len(elements)} given ({', '.join(elements)})",
            atom=atom,
            remedy="give one element for each type, as in --elements Cu,Zr",
        )
    table = np.array([0, *(ATOMIC_NUMBERS[symbol] for symbol in elements)])
    return table[types.astype(np.int64)]


def numbers_of_masses(masses: NDArray[np.float64]) -> NDArray[np.int64]:
    """Atomic numbers of atoms given by their masses (u).

    Raises
    ------
    UnreadableFileError
        If a mass fits no element, or several, or is likely one in reduced units.
    """
    unique, which = np.unique(masses, return_inverse=True)
    numbers = [element_of_mass(float(mass)) for mass in unique]
    for mass, number in zip(unique.tolist(), numbers, strict=True):
        if number is None:
            raise unclear_mass(mass)
    return np.array(numbers, dtype=np.int64)[which]


def element_of_mass(mass: float) -> int | None:
    """Atomic number of the only element with about this mass (u), or None if that is not clear.

    Examples
    --------
    >>> element_of_mass(63.546), element_of_mass(95.94), element_of_mass(1.0), element_of_mass(58.8)
    (29, 42, None, None)
    """
    if not np.isfinite(mass) or (mass <= REDUCED_UNITS and mass == round(mass)):
        return None
    near = sorted((abs(weight - mass), z) for z, weight in _weights().items() if abs(weight - mass) < CLEARANCE)
    if not near or near[0][0] > MASS_TOLERANCE or len(near) > 1:
        return None
    return near[0][1]


def unclear_mass(mass: float) -> UnreadableFileError:
    """Error for a mass that does not tell the element."""
    return UnreadableFileError(
        "no element is named, and the mass does not tell it beyond doubt", value=mass, remedy=GIVE_ELEMENTS
    )


@cache
def _weights() -> dict[int, float]:
    """Standard atomic weights (u) of gemmi's table, H to U."""
    import gemmi  # noqa: PLC0415 - only for files without elements

    return {z: gemmi.Element(z).weight for z in range(1, ATOMIC_NUMBERS["U"] + 1)}
