"""The primitive cell by its translations alone."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import XtalprintError
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.niggli import niggli_cell
from xtalprint.geometry.rows import first_rows, site_labels
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.supercells import central_block
from xtalprint.geometry.symmetry import LEAST_SYMPREC, MAX_SITES, MOST_SYMPREC, averaged

if TYPE_CHECKING:
    from xtalprint.crystal import Crystal

#: Copies in a supercell are as far from each other as files round them, in bond lengths. Where translations hold but
#: nearly, noise is as small as the first, and the second is asked.
EXACT = (0.001, 0.0001)
#: Of a large box so many rows from its middle tell the bond length; its translations are looked for among so many
#: sites around one.
SAMPLE, NEAREST = 2000, 4096

_last = threading.local()


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


@takes_crystal
def without_copies(crystal: Crystal, *, elements: bool = True) -> Crystal:
    """Primitive cell of a large supercell whose copies differ by no more than files round them.

    The last answer of each thread is kept, because the questions come in pairs.

    Parameters
    ----------
    crystal
        Any.
    elements
        Whether copies must be of the same element; a disordered crystal is always looked at with its elements.

    Returns
    -------
    The crystal itself, that very object, if it does not repeat in three directions or is no such supercell.
    """
    if crystal.cell is None or not all(crystal.pbc):
        return crystal
    last = getattr(_last, "answer", None)
    if last is not None and last[0]() is crystal and last[1] == elements:
        found: Crystal = crystal if last[2] is None else last[2]
        return found
    smaller = _cell_of_copies(crystal, elements=elements or not crystal.is_ordered)
    _last.answer = (weakref.ref(crystal), elements, smaller)
    return crystal if smaller is None else smaller


def _cell_of_copies(crystal: Crystal, *, elements: bool) -> Crystal | None:
    from xtalprint.geometry.translations import find_translations  # noqa: PLC0415 - Numba for large cells only

    if crystal.cell is None:
        return None
    length = bond_length(central_block(crystal, n_atoms=SAMPLE), method="robust")
    rows = first_rows(crystal)
    found = find_translations(
        crystal.positions[rows],
        site_labels(crystal) if elements else np.ones(len(rows), dtype=np.int64),
        crystal.cell,
        tolerance=max(LEAST_SYMPREC, EXACT[0] * length),
        nearest=NEAREST,
    )
    return None if found.cell is None else averaged(crystal, found.cell, found.class_of_site)


def cell_of_exact_copies(crystal: Crystal, length: float) -> Crystal | None:
    """Primitive cell of a supercell whose copies differ by no more than files round them, however noisy that cell is.

    Parameters
    ----------
    crystal
        That repeats in three directions.
    length
        Its bond length in Å.

    Returns
    -------
    Its sites averaged over their copies; None if it is no such supercell, or has more than `symmetry.MAX_SITES`.
    """
    if crystal.cell is None or crystal.n_sites > MAX_SITES:
        return None
    from xtalprint.geometry.translations import find_translations  # noqa: PLC0415 - Numba for large cells only

    points, labels = crystal.positions[first_rows(crystal)], site_labels(crystal)
    for share in EXACT:
        tolerance = max(LEAST_SYMPREC, share * length)
        found = find_translations(points, labels, crystal.cell, tolerance=tolerance, patient=True)
        if found.cell is not None:
            return averaged(crystal, found.cell, found.class_of_site)
        if not found.nearly:
            break
    return None


def check_symprec(symprec: float) -> None:
    """Refuse a distance (Å) that is no tolerance: an `XtalprintError` with its limits."""
    if not LEAST_SYMPREC <= symprec <= MOST_SYMPREC:
        raise XtalprintError(
            f"symprec must lie between {LEAST_SYMPREC:g} and {MOST_SYMPREC:g} Å",
            value=symprec,
            remedy="0.01 is usual",
        )
