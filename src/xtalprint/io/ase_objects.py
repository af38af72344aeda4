"""ASE's atoms to and from `Crystal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import SYMBOLS
from xtalprint.errors import InvalidCrystalError
from xtalprint.io.quiet import quiet
from xtalprint.io.site_species import rows_by_position, species_rows

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

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
    pbc = tuple(map(bool, atoms.pbc))
    return Crystal(
        positions,
        numbers,
        cell=_completed(np.array(atoms.cell.array, dtype=float), pbc, positions),
        occupancies=occupancies,
        pbc=(pbc[0], pbc[1], pbc[2]),
        source=source,
        frame=frame,
    )


def _completed(
    cell: NDArray[np.float64], pbc: tuple[bool, ...], positions: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Give the missing (zero) vectors of directions that do not repeat; None if there is no vector at all."""
    missing = [axis for axis in range(3) if not cell[axis].any() and not pbc[axis]]
    if not missing:
        return cell
    if not cell.any():
        return None
    given = cell[[axis for axis in range(3) if axis not in missing]]
    # The last right singular vectors are at right angles to all given ones.
    normals = np.linalg.svd(given)[2][len(given) :]
    for axis, normal in zip(missing, normals, strict=False):
        along = positions @ normal
        extent = float(np.ptp(along)) if len(along) else 0.0
        cell[axis] = normal * max(1.0, extent)
    if np.linalg.det(cell) < 0:
        cell[missing[-1]] *= -1
    return cell


def to_ase(crystal: Crystal) -> Atoms:
    """Convert to ``ase.Atoms``.

    An atom of ASE has one species. A disordered site gets its majority species, and the occupancies go where ASE's
    own CIF reader puts them: ``atoms.info["occupancy"]``, for each value of ``atoms.arrays["spacegroup_kinds"]``;
    `from_ase` finds them there. What else works on the atoms may not look there.
    """
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
