"""The class of a crystal by a symmetry search: of its box as given, and of the mean cell in its own axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.errors import XtalprintError
from xtalprint.geometry import nearest_distances, space_group_number
from xtalprint.geometry.own_axes import own_axes
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.geometry.own_axes import OwnAxes

#: Tolerances of the search in the mean cell in units of its error, and the least in bond lengths.
ERRORS, LEAST = (4.5, 7.0, 10.0), 0.001

#: Most sites in a primitive cell whose own symmetry is asked before a network.
SIMPLE = 2


def by_symmetry(share: float, crystals: Sequence[Crystal]) -> list[str | None]:
    """Class of the space group at a tolerance of ``share`` nearest-neighbour distances; None if it has none."""
    answers: list[str | None] = []
    for crystal in crystals:
        try:
            symprec = share * float(nearest_distances(crystal).mean())
            answers.append(CLASS_OF_SPACE_GROUP.get(space_group_number(crystal, symprec=symprec)))
        except XtalprintError:
            answers.append(None)
    return answers


def by_own_axes(crystal: Crystal) -> str | None:
    """Class by own axes, from the atoms alone; None if no lattice is found or it is of no class."""
    found = own_axes(crystal)
    return None if found is None else class_of_mean_cell(found)


def class_of_mean_cell(found: OwnAxes) -> str | None:
    """Class at the least tolerance, beyond the error of the mean cell, at which the group is one of the classes."""
    for symprec in tolerances(found):
        try:
            answer = CLASS_OF_SPACE_GROUP.get(space_group_number(found.crystal, symprec=symprec))
        except XtalprintError:
            continue
        if answer is not None:
            return answer
    return None


def is_simple(found: OwnAxes | None) -> bool:
    """Whether there is a mean cell, of few sites.

    Each of them is the mean of many atoms, so that its symmetry is well known; and the lattices that come near to
    others are simple.
    """
    return found is not None and len(found.crystal) <= SIMPLE


def tolerances(found: OwnAxes) -> list[float]:
    """Tolerances in Å that the error of a mean cell suggests, ascending."""
    least = LEAST * float(nearest_distances(found.crystal).mean())
    return [max(least, factor * found.error) for factor in ERRORS]
