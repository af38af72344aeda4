"""What has a bulk modulus at all: an ordered crystal that repeats in three directions and whose atoms touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.descriptors.element_properties import check_elements, element_properties
from xtalprint.elements import SYMBOLS
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry.site_batch import SiteBatch
from xtalprint.geometry.vacuum import without_vacuum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: More sites in a cell than this need too much memory.
MOST_SITES = 200_000
#: Atoms do not touch if the shortest bond of all is so many sums of covalent radii: of 12,178 crystals solid neon has
#: the most, 2.6, and no other more than 1.6.
APART = 3.0
#: Atoms stand on top of each other below so many: of the same crystals ZrCuF6 has the least, 0.634. About two thirds
#: of that leave room for what is compressed.
ON_TOP = 0.4
#: Of each atom so many neighbours are looked at to name the two.
NEIGHBOURS = 24
_DIRECTIONS = 3


def check_solid(crystal: Crystal, *, asked: str = "bulk or shear modulus") -> None:
    """Refuse what has no properties of a solid, or none that can be predicted.

    Parameters
    ----------
    crystal
        Any.
    asked
        What it does not have then, in the sentence of the error.

    Raises
    ------
    UnsupportedInputError
        For a cluster, what repeats in one or two directions only, a molecule in an empty cell, disorder, elements
        without properties, and too many sites; naming file, frame, value and remedy.
    """
    _check_periodic(crystal, asked)
    _check_ordered(crystal)
    check_elements(crystal.numbers, source=crystal.source, frame=crystal.frame)
    if len(crystal) > MOST_SITES:
        raise _refused(
            crystal,
            f"more than {MOST_SITES:,} sites",
            f"{len(crystal):,} sites",
            "give the cell of the crystal itself",
        )


def _check_periodic(crystal: Crystal, asked: str) -> None:
    n_directions = sum(crystal.pbc)
    if n_directions == 0:
        raise _refused(
            crystal,
            f"a cluster without a cell has no {asked}",
            f"{len(crystal)} atoms",
            "give the crystal that it is a piece of, with its cell",
        )
    if n_directions < _DIRECTIONS:
        raise _refused(
            crystal,
            f"what repeats in {n_directions} of 3 directions has no {asked}",
            f"pbc {crystal.pbc}",
            "give the crystal with a cell that repeats in three directions",
        )
    inside, vacuum = without_vacuum(crystal)
    if vacuum is not None and not any(inside.pbc):
        raise _refused(
            crystal,
            f"what stands alone in an empty cell has no {asked}",
            str(vacuum),
            "give the cell of the solid",
        )


def _check_ordered(crystal: Crystal) -> None:
    if crystal.is_ordered:
        return
    rows = np.flatnonzero(crystal.occupancies < 1)
    site = crystal.site_of_row[rows[0]]
    members = np.flatnonzero(crystal.site_of_row == site)
    raise UnsupportedInputError(
        f"{_counted(len(np.unique(crystal.site_of_row[rows])))} shared or partly empty, and the model was made for "
        "ordered crystals",
        source=crystal.source,
        frame=crystal.frame,
        atom=int(rows[0]),
        value=", ".join(f"{SYMBOLS[crystal.numbers[i]]} {crystal.occupancies[i]:g}" for i in members),
        remedy="choose one species for each site, in a supercell if need be",
    )


def shortest_bond(crystal: Crystal) -> float:
    """The shortest distance of two atoms, in sums of their covalent radii."""
    return float(_ratios(crystal)[2].min())


def check_touching(crystal: Crystal, shortest: float) -> None:
    """Refuse atoms far apart or on top of each other; ``shortest`` is the `shortest_bond`.

    Raises
    ------
    UnsupportedInputError
        Naming the two atoms, their distance and the remedy.
    """
    if ON_TOP <= shortest <= APART:
        return
    first, second, distance = _nearest_two(crystal)
    names = [f"{SYMBOLS[crystal.numbers[i]]} {i}" for i in (first, second)]
    value = f"{names[0]} and {names[1] if first != second else 'its image'} are {distance:.3g} Å apart"
    if shortest < ON_TOP:
        problem = f"atoms nearer than {ON_TOP:g} sums of their covalent radii stand on top of each other"
        limit, remedy = ON_TOP, "remove one of the two, or check the cell and the unit of length"
    else:
        problem = f"atoms that are all farther apart than {APART:g} sums of their covalent radii are no solid"
        limit, remedy = APART, "check the cell and the unit of length"
    raise _refused(crystal, problem, f"{value}, {_unlike(shortest, limit)} sums", remedy)


def _nearest_two(crystal: Crystal) -> tuple[int, int, float]:
    """Rows of the two atoms nearest to each other for their radii, and their distance in Å."""
    distances, others, ratios = _ratios(crystal)
    # Of equally near ones those that the file has first.
    near = np.argwhere(ratios <= ratios.min() * (1 + 1e-9)).tolist()
    pairs = [(min(i, int(others[i, j])), max(i, int(others[i, j])), float(distances[i, j])) for i, j in near]
    return min(pairs)


def _ratios(crystal: Crystal) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Distances in Å, rows of the neighbours, and distances in sums of covalent radii; each (atoms, neighbours)."""
    from xtalprint.geometry.compiled_nearest import nearest  # noqa: PLC0415 - imports Numba

    distances, others = nearest(SiteBatch.of([crystal]), NEIGHBOURS, with_owners=True)
    radii = element_properties()["covalent_radius"][crystal.numbers]
    return distances, others, distances / (radii[:, None] + radii[others])


def _unlike(value: float, limit: float) -> str:
    """Round a number, but not to the limit that it is beyond."""
    return next((text for n in range(3, 16) if float(text := f"{value:.{n}g}") != limit), str(value))


def notice_of_vacuum(crystal: Crystal) -> list[str]:
    """Say so if the crystal is a slab or a wire in a cell that is partly empty."""
    vacuum = without_vacuum(crystal)[1]
    if vacuum is None:
        return []
    return [f"{vacuum}: what is predicted for this cell says more of the vacuum than of what stands in it"]


def _counted(n: int) -> str:
    return "1 site is" if n == 1 else f"{n} sites are"


def _refused(crystal: Crystal, problem: str, value: str, remedy: str) -> UnsupportedInputError:
    return UnsupportedInputError(problem, source=crystal.source, frame=crystal.frame, value=value, remedy=remedy)
