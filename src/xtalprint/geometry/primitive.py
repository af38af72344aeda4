"""The primitive cell by its translations alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.errors import XtalprintError
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.niggli import niggli_cell
from xtalprint.geometry.rows import first_rows, site_labels
from xtalprint.geometry.symmetry import LEAST_SYMPREC, MOST_SYMPREC, averaged

if TYPE_CHECKING:
    from xtalprint.crystal import Crystal


@takes_crystal
def reduced_cell(crystal: Crystal, *, symprec: float = 0.01) -> Crystal:
    """Niggli-reduced primitive cell, in the orientation given.

    Copies of a site by a translation of the finer lattice are averaged; nothing else of the symmetry is looked for.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    symprec
        Distance in Å by which a site may be off the mean of its copies.

    Raises
    ------
    UnsupportedInputError
        If it does not repeat in three directions.

    Examples
    --------
    >>> import numpy as np
    >>> from xtalprint import Crystal
    >>> cube = Crystal([[0, 0, 0], [1.435, 1.435, 1.435]], ["Fe", "Fe"], cell=2.87 * np.eye(3))
    >>> reduced_cell(cube)
    Crystal(Fe, a=2.485 b=2.485 c=2.485 Å, α=109.5 β=109.5 γ=109.5°)
    """
    check_symprec(symprec)
    reduced = niggli_cell(crystal)
    if reduced.n_sites == 1 or reduced.cell is None:
        return reduced
    from xtalprint.geometry.translations import find_translations  # noqa: PLC0415 - Numba for large cells only

    rows = first_rows(reduced)
    found = find_translations(reduced.positions[rows], site_labels(reduced), reduced.cell, tolerance=symprec)
    return reduced if found.cell is None else niggli_cell(averaged(reduced, found.cell, found.class_of_site))


def check_symprec(symprec: float) -> None:
    """Refuse a distance (Å) that is no tolerance: an `XtalprintError` with its limits."""
    if not LEAST_SYMPREC <= symprec <= MOST_SYMPREC:
        raise XtalprintError(
            f"symprec must lie between {LEAST_SYMPREC:g} and {MOST_SYMPREC:g} Å",
            value=symprec,
            remedy="0.01 is usual",
        )
