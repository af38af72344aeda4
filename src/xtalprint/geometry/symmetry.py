"""The symmetry search: moyopy behind one door, with sites labelled by what stands on them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import UnsupportedInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: A larger cell is a simulation box; searching it for symmetry would take minutes.
MAX_SITES = 20_000

logging.getLogger("moyo").setLevel(logging.CRITICAL)


def space_group_number(crystal: Crystal, *, symprec: float = 0.01) -> int:
    """Space-group number (1 to 230) of a crystal that repeats in three directions.

    Parameters
    ----------
    crystal
        Ordered or disordered; a disordered site counts as one kind of atom.
    symprec
        Distance in Å by which atoms may be off their symmetrical places.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions, is larger than 20,000 sites, or the search fails.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> space_group_number(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)))
    221
    """
    found = search(crystal, symprec=symprec)
    if found is None:
        raise UnsupportedInputError(
            f"no space group was found at symprec {symprec} Å",
            source=crystal.source,
            frame=crystal.frame,
            remedy=f"give a crystal with a cell, repeating in three directions, of at most {MAX_SITES} sites",
        )
    return int(found.number)


def search(crystal: Crystal, *, symprec: float) -> Any:  # noqa: ANN401 - moyopy.MoyoDataset, imported late
    """Run moyopy on the sites of a crystal; None if it does not repeat in three directions or nothing is found.

    The dataset's sites are numbered as `first_rows`.
    """
    if crystal.cell is None or not all(crystal.pbc) or crystal.n_sites > MAX_SITES:
        return None
    from moyopy import Cell, MoyoDataset  # noqa: PLC0415 - not needed to read a file

    rows = first_rows(crystal)
    cell = Cell(crystal.cell.tolist(), crystal.frac[rows].tolist(), site_labels(crystal).tolist())
    try:
        return MoyoDataset(cell, symprec=symprec)
    except ValueError:
        return None  # moyopy's way to say that no group fits at this tolerance


def first_rows(crystal: Crystal) -> NDArray[np.int64]:
    """(n_sites,) first row of each site."""
    return np.unique(crystal.site_of_row, return_index=True)[1].astype(np.int64)


def site_labels(crystal: Crystal) -> NDArray[np.int64]:
    """(n_sites,) one number for each kind of site: the atomic number, or a larger one for each mixture."""
    if crystal.n_sites == len(crystal) and crystal.is_ordered:
        return crystal.numbers
    content: list[list[tuple[int, float]]] = [[] for _ in range(crystal.n_sites)]
    for site, z, occupancy in zip(crystal.site_of_row, crystal.numbers, crystal.occupancies, strict=True):
        content[site].append((int(z), round(float(occupancy), 3)))
    kinds = {kind: 1000 + i for i, kind in enumerate(sorted({tuple(sorted(c)) for c in content}))}
    return np.array([kinds[tuple(sorted(c))] for c in content], dtype=np.int64)
