"""Disordered sites written in two ways: ASE's atoms with a table of occupancies, and our rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.errors import InvalidCrystalError
from xtalprint.io.species import atomic_number, unknown_species

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Rows closer than this (Å) are one atom with several species; farther apart they are split positions of their own.
SAME_POSITION = 1e-4


class SpeciesRows(NamedTuple):
    """One row for each species of each atom."""

    atom: NDArray[np.int64]
    numbers: NDArray[np.int64]
    occupancies: NDArray[np.float64]


def species_rows(
    occupancy: Mapping[Any, Mapping[str, float]], kinds: Sequence[int], numbers: Sequence[int] | NDArray[np.int64]
) -> SpeciesRows:
    """Spread atoms over rows, one for each species.

    Parameters
    ----------
    occupancy
        For each kind of site (a whole number, perhaps written as text) the occupancy of each species.
    kinds
        Kind of each atom.
    numbers
        Atomic number of each atom, used where the table says nothing on its kind.
    """
    table = {str(kind): species for kind, species in occupancy.items()}
    rows: list[tuple[int, int, float]] = []
    for atom, (kind, number) in enumerate(zip(kinds, numbers, strict=True)):
        species = table.get(str(kind))
        if not species:
            rows.append((atom, int(number), 1.0))
            continue
        for symbol, share in species.items():
            z = atomic_number(symbol)
            if z is None:
                raise unknown_species(symbol, atom)
            rows.append((atom, z, float(share)))
    if not rows:
        raise InvalidCrystalError("no atoms", remedy="check that the file is complete")
    table_of_rows = np.array(rows)
    return SpeciesRows(
        table_of_rows[:, 0].astype(np.int64), table_of_rows[:, 1].astype(np.int64), table_of_rows[:, 2]
    )


def rows_by_position(crystal: Crystal) -> list[list[int]]:
    """Rows of each atom: those that stand at one position, in order of first appearance."""
    from xtalprint.sites import group_coincident  # noqa: PLC0415 - only for disordered crystals

    if crystal.is_ordered:
        return [[row] for row in range(len(crystal))]
    groups: dict[int, list[int]] = {}
    for row, site in enumerate(
        group_coincident(crystal.positions, crystal.cell, crystal.pbc, SAME_POSITION).tolist()
    ):
        groups.setdefault(site, []).append(row)
    return list(groups.values())
