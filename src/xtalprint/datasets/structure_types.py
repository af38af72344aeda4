"""Which crystals are of one structure type, whatever their element, cell and origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry.symmetry import find_symmetry

if TYPE_CHECKING:
    from xtalprint.crystal import Crystal


def structure_type(crystal: Crystal, *, symprec: float = 1e-3) -> str:
    """Pearson symbol, space-group number and site symmetry of each orbit, such as ``hP2_194_-6m2``.

    Unlike Wyckoff letters, site symmetries do not change with the choice of the origin. Types are a little coarser
    than structure types proper: free coordinates and axial ratios do not count.

    Parameters
    ----------
    crystal
        Repeating in three directions.
    symprec
        Distance in Å by which atoms may be off their symmetrical places.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions or no space group is found.

    Examples
    --------
    >>> from xtalprint.prototypes import simple_lattice
    >>> structure_type(simple_lattice("hcp")), structure_type(simple_lattice("diam"))
    ('hP2_194_-6m2', 'cF8_227_-43m')
    """
    found = find_symmetry(crystal, symprec=symprec)
    if found is None:
        raise UnsupportedInputError(
            f"no space group was found at symprec {symprec} Å",
            source=crystal.source,
            frame=crystal.frame,
            remedy="give a crystal with a cell, repeating in three directions",
        )
    dataset = found.dataset
    sites = sorted(dataset.site_symmetry_symbols[orbit] for orbit in set(dataset.orbits))
    return f"{dataset.pearson_symbol}_{found.number}_{'+'.join(sites)}"
