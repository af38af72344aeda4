"""ASE's atoms to and from `Crystal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import SYMBOLS
from xtalprint.errors import InvalidCrystalError, not_a_crystal
from xtalprint.io.completed_cell import completed_cell
from xtalprint.io.quiet import quiet
from xtalprint.io.site_species import rows_by_position, species_rows

if TYPE_CHECKING:
    from ase import Atoms

#: Where ASE's own CIF reader leaves the occupancies of disordered sites, of which an atom has the majority species.
OCCUPANCY, KINDS = "occupancy", "spacegroup_kinds"


def from_ase(atoms: Atoms) -> Crystal:
    """Convert ASE's atoms.

    Occupancies that ASE's readers leave in ``atoms.info["occupancy"]`` are put back on their sites. Missing cell
    vectors along directions that do not repeat are completed at right angles, as long as the sample. Constraints,
    charges, momenta and other arrays are not part of a `Crystal` and are left behind.

    Parameters
    ----------
    atoms
        ``ase.Atoms``. Without a cell it is a cluster.

    Raises
    ------
    InvalidCrystalError
        If an atom is a dummy (X), or the structure is not sound.
    """
    if not hasattr(atoms, "get_atomic_numbers"):
        raise InvalidCrystalError("not an ase.Atoms", value=type(atoms).__name__, remedy="give ase.Atoms")
    return _named(atoms)


def _named(atoms: Any) -> Crystal:  # noqa: ANN401 - ASE has no types
    return crystal_of_atoms(atoms, source=f"ASE {atoms.get_chemical_formula()}", frame=None)


def crystal_of_atoms(atoms: Any, *, source: str, frame: int | None) -> Crystal:  # noqa: ANN401 - ASE has no types
    """Convert ASE's atoms that were read from a file."""
    positions, numbers = np.array(atoms.positions, dtype=float), np.array(atoms.numbers)
    occupancies = None
    table, kinds = atoms.info.get(OCCUPANCY), atoms.arrays.get(KINDS)
    if isinstance(table, dict) and kinds is not None and len(atoms):
        rows = species_rows(table, np.asarray(kinds).tolist(), numbers)
        positions, numbers, occupancies = positions[rows.atom], rows.numbers, rows.occupancies
    x, y, z = map(bool, atoms.pbc)
    cell, pbc = completed_cell(np.array(atoms.cell.array, dtype=float), (x, y, z), positions)
    return Crystal(
        positions,
        numbers,
        cell=cell,
        occupancies=occupancies,
        pbc=pbc,
        source=source,
        frame=frame,
    )


def to_ase(crystal: Crystal) -> Atoms:
    """Convert to ``ase.Atoms``.

    An atom of ASE has one species. A disordered site gets its majority species, and the occupancies go where ASE's
    own CIF reader puts them: ``atoms.info["occupancy"]``, for each value of ``atoms.arrays["spacegroup_kinds"]``;
    `from_ase` finds them there. What else works on the atoms may not look there.

    Raises
    ------
    UnsupportedInputError
        If it is no `Crystal`.
    """
    if not isinstance(crystal, Crystal):
        raise not_a_crystal(crystal)
    with quiet():
        from ase import Atoms  # noqa: PLC0415 - ASE is slow to import

    groups = rows_by_position(crystal)
    main = [max(rows, key=lambda row: (crystal.occupancies[row], -row)) for rows in groups]
    atoms = Atoms(
        numbers=crystal.numbers[main],
        positions=np.array(crystal.positions[main]),
        cell=None if crystal.cell is None else np.array(crystal.cell),
        pbc=crystal.pbc,
    )
    if not crystal.is_ordered:
        table: dict[str, dict[str, float]] = {}
        for kind, rows in enumerate(groups):
            species = table.setdefault(str(kind), {})
            for row in rows:
                symbol = SYMBOLS[crystal.numbers[row]]
                species[symbol] = species.get(symbol, 0.0) + float(crystal.occupancies[row])
        atoms.info[OCCUPANCY] = table
        atoms.arrays[KINDS] = np.arange(len(groups))
    return atoms
