"""pymatgen's structures and molecules to and from `Crystal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import SYMBOLS
from xtalprint.errors import InvalidCrystalError, MissingExtraError, not_a_crystal
from xtalprint.io.quiet import quiet
from xtalprint.io.site_species import rows_by_position
from xtalprint.io.species import atomic_number, unknown_species

if TYPE_CHECKING:
    from pymatgen.core import Molecule, Structure


def from_pymatgen(structure: Structure | Molecule) -> Crystal:
    """Convert a pymatgen structure, or a molecule into a cluster.

    Disordered sites are kept as rows with occupancies. Oxidation states, spins, charges and other site properties are
    not part of a `Crystal` and are left behind; deuterium counts as hydrogen.

    Parameters
    ----------
    structure
        ``Structure``, ``IStructure``, ``Molecule`` or ``IMolecule``.

    Returns
    -------
    Crystal, with the formula as its source.

    Raises
    ------
    InvalidCrystalError
        If a site holds a dummy species, or the structure is not sound.
    """
    if not hasattr(structure, "sites"):
        raise InvalidCrystalError(
            "not a pymatgen structure or molecule", value=type(structure).__name__, remedy="give one of these"
        )
    with quiet():
        return crystal_of_sites(structure, source=f"pymatgen {structure.formula.replace(' ', '')}", frame=None)


def crystal_of_sites(structure: Any, *, source: str, frame: int | None) -> Crystal:  # noqa: ANN401 - a pymatgen type
    """Convert a pymatgen object with sites."""
    positions: list[Any] = []
    numbers: list[int] = []
    occupancies: list[float] = []
    for atom, site in enumerate(structure.sites):
        for species, share in site.species.items():
            z = atomic_number(getattr(species, "symbol", str(species)))
            if z is None or type(species).__name__ == "DummySpecies":
                raise unknown_species(str(species), atom, remedy="replace the dummy species by an element").located(
                    source=source, frame=frame
                )
            positions.append(site.coords)
            numbers.append(z)
            occupancies.append(float(share))
    lattice = getattr(structure, "lattice", None)
    x, y, z = (False,) * 3 if lattice is None else lattice.pbc
    return Crystal(
        positions,
        numbers,
        cell=None if lattice is None else lattice.matrix,
        occupancies=occupancies,
        pbc=(bool(x), bool(y), bool(z)),
        source=source,
        frame=frame,
    )


def to_pymatgen(crystal: Crystal) -> Structure | Molecule:
    """Convert to a pymatgen ``Structure``, or to a ``Molecule`` if there is no cell.

    Rows at one position become one disordered site; the same element twice on a site is added up.

    Raises
    ------
    UnsupportedInputError
        If it is no `Crystal`.
    MissingExtraError
        If pymatgen-core is not installed.
    """
    if not isinstance(crystal, Crystal):
        raise not_a_crystal(crystal)
    try:
        with quiet():
            from pymatgen.core import Lattice, Molecule, Structure  # noqa: PLC0415 - half a second
    except ImportError as error:
        raise MissingExtraError.of("pymatgen-core", "pymatgen", "converting to pymatgen") from error
    species: list[dict[str, float]] = []
    positions: list[Any] = []
    for rows in rows_by_position(crystal):
        shares: dict[str, float] = {}
        for row in rows:
            symbol = SYMBOLS[crystal.numbers[row]]
            shares[symbol] = shares.get(symbol, 0.0) + float(crystal.occupancies[row])
        species.append(shares)
        positions.append(np.array(crystal.positions[rows[0]]))
    with quiet():
        if crystal.cell is None:
            return Molecule(species, positions)
        lattice = Lattice(np.array(crystal.cell), pbc=crystal.pbc)
        return Structure(lattice, species, positions, coords_are_cartesian=True)
