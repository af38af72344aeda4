"""The symmetry search: moyopy behind one door, with sites labelled by what stands on them."""

from __future__ import annotations

import logging
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry.endless import is_endless
from xtalprint.geometry.niggli import reduced_lengths
from xtalprint.geometry.rows import first_rows, site_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A larger cell is a simulation box: no search at all.
MAX_SITES = 20_000
#: From so many sites on, translations are looked for first, because moyopy's time grows with their square.
LARGE = 100
#: A cell without translations is searched up to this size; moyopy needs about 3 s then.
MAX_PRIMITIVE_SITES = 4000
#: One with translations that hold nearly, a noisy crystal, up to this size: moyopy tries them all, up to a second
#: at 500 sites, 13 s and 1.3 GB at 1372, 98 s at 4000, and runs out of memory at 6912.
MAX_NOISY_SITES = 400
#: A lattice vector of so many tolerances can be told from noise; with shorter ones moyopy may run for minutes.
LEAST_VECTOR = 4.0
#: The same for the edge of a cube with the volume per site.
LEAST_ROOM = 3.0
#: Longest vector of a reduced cell over its shortest; for needles and sheets beyond it moyopy may ask for all memory,
#: and sooner where the shortest is below `SHORT` tolerances.
MOST_STRETCHED, MOST_STRETCHED_IF_SHORT, SHORT = 40.0, 8.0, 10.0
#: Beyond these limits a tolerance has no meaning or the search may not end.
LEAST_SYMPREC, MOST_SYMPREC = 1e-12, 2.0

logging.getLogger("moyo").setLevel(logging.CRITICAL)

_last = threading.local()


@dataclass(frozen=True)
class Symmetry:
    """A symmetry search that found something.

    Parameters
    ----------
    crystal
        What was searched: the crystal given, or its average over the translations of a supercell.
    dataset
        moyopy's answer for it; its sites are numbered as `first_rows` of ``crystal``.
    """

    crystal: Crystal
    dataset: Any

    @property
    def number(self) -> int:
        """Space-group number."""
        return int(self.dataset.number)


def space_group_number(crystal: Crystal, *, symprec: float = 0.01) -> int:
    """Space-group number (1 to 230) of a crystal that repeats in three directions.

    Parameters
    ----------
    crystal
        Ordered or disordered; each mixture on a site counts as a kind of atom of its own.
    symprec
        Distance in Å by which atoms may be off their symmetrical places.

    Raises
    ------
    UnsupportedInputError
        If the crystal does not repeat in three directions, is too large, or the search fails.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> space_group_number(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)))
    221
    """
    found = find_symmetry(crystal, symprec=symprec)
    if found is not None:
        return found.number
    if crystal.cell is None or not all(crystal.pbc):
        problem, remedy = "a space group needs a crystal that repeats in three directions", "give the cell"
    elif crystal.n_sites > MAX_NOISY_SITES:
        problem = f"no space group: {crystal.n_sites} sites, and no translations within {symprec} Å"
        remedy = "give a smaller cell, or a tolerance that suits the displacements of the atoms"
    else:
        problem = f"no space group was found at symprec {symprec} Å"
        remedy = "try a smaller tolerance: atoms closer than it to each other cannot be told apart"
    raise UnsupportedInputError(problem, source=crystal.source, frame=crystal.frame, remedy=remedy)


def find_symmetry(crystal: Crystal, *, symprec: float) -> Symmetry | None:
    """Search for symmetry; None if the crystal does not repeat in three directions, is too large, or has none.

    The last answer of each thread is kept, because the questions come in pairs.
    """
    if not LEAST_SYMPREC <= symprec <= MOST_SYMPREC:
        raise XtalprintError(
            f"symprec must lie between {LEAST_SYMPREC:g} and {MOST_SYMPREC:g} Å", value=symprec, remedy="0.1 is usual"
        )
    last = getattr(_last, "answer", None)
    if last is not None and last[0]() is crystal and last[1] == symprec:
        found: Symmetry | None = last[2]
        return found
    found = _find(crystal, symprec)
    _last.answer = (weakref.ref(crystal), symprec, found)
    return found


def _find(crystal: Crystal, symprec: float) -> Symmetry | None:
    if crystal.n_sites >= LARGE or not _is_searchable(crystal, symprec):
        smaller = over_translations(crystal, symprec=symprec)
        if smaller is None:
            return None
        crystal = smaller.crystal
    if is_endless(crystal, symprec):
        return None
    dataset = _ask_moyopy(crystal, symprec)
    return None if dataset is None else Symmetry(crystal, dataset)


def _is_searchable(crystal: Crystal, symprec: float) -> bool:
    """Whether it repeats in three directions, and neither its size nor its shape is more than moyopy can take."""
    if crystal.cell is None or not _is_crystal(crystal):
        return False
    shortest, _, longest = reduced_lengths(crystal.cell)
    most = MOST_STRETCHED if shortest > SHORT * symprec else MOST_STRETCHED_IF_SHORT
    crowded = crystal.volume < crystal.n_sites * (LEAST_ROOM * symprec) ** 3
    return not (crowded or shortest < LEAST_VECTOR * symprec or longest > most * shortest)


def _is_crystal(crystal: Crystal) -> bool:
    """Whether it repeats in three directions, and is no simulation of very many atoms."""
    return crystal.cell is not None and all(crystal.pbc) and crystal.n_sites <= MAX_SITES


@dataclass(frozen=True)
class Average:
    """A crystal averaged over the translations of its cell.

    Parameters
    ----------
    crystal
        One site for all copies; the crystal given if there are no translations.
    scatter
        Å, largest distance of a site from the mean of its copies.
    """

    crystal: Crystal
    scatter: float


def over_translations(crystal: Crystal, *, symprec: float, patient: bool = False) -> Average | None:
    """Average a large cell over the translations that hold within ``symprec``; None if moyopy could choke on it.

    ``patient`` is that of `translations.find_translations`.
    """
    if crystal.cell is None or not _is_crystal(crystal):
        return None
    from xtalprint.geometry.translations import find_translations  # noqa: PLC0415 - Numba for large cells only

    rows = first_rows(crystal)
    found = find_translations(
        crystal.positions[rows], site_labels(crystal), crystal.cell, tolerance=symprec, patient=patient
    )
    scatter = 0.0
    if found.cell is not None:
        whole, crystal = crystal, averaged(crystal, found.cell, found.class_of_site)
        apart = whole.positions[rows] - crystal.positions[first_rows(crystal)][found.class_of_site]
        apart = apart @ np.linalg.inv(found.cell)
        scatter = float(np.linalg.norm((apart - np.round(apart)) @ found.cell, axis=1).max())
    most = MAX_NOISY_SITES if found.nearly else MAX_PRIMITIVE_SITES
    return Average(crystal, scatter) if crystal.n_sites <= most and _is_searchable(crystal, symprec) else None


def _ask_moyopy(crystal: Crystal, symprec: float) -> Any:  # noqa: ANN401 - moyopy.MoyoDataset, imported late
    from moyopy import Cell, MoyoDataset  # noqa: PLC0415 - not needed to read a file

    if crystal.cell is None:
        return None
    fractional = crystal.frac[first_rows(crystal)]
    # Right-handed and near the origin, so that nothing depends on how the library treats other cells.
    hand = 1.0 if np.linalg.det(crystal.cell) > 0 else -1.0
    cell = Cell(
        (hand * crystal.cell).tolist(),
        (hand * fractional - np.floor(hand * fractional)).tolist(),
        site_labels(crystal).tolist(),
    )
    try:
        return MoyoDataset(cell, symprec=symprec)
    except ValueError:
        return None  # moyopy's way to say that no group fits at this tolerance
    except BaseException as error:  # a panic of the Rust library is no Exception; everything else goes on its way
        if type(error).__name__ != "PanicException":
            raise
        return None


def averaged(crystal: Crystal, cell: NDArray[np.float64], class_of_site: NDArray[np.int64]) -> Crystal:
    """Put copies of a site onto each other and take their mean.

    Parameters
    ----------
    crystal
        With a cell.
    cell
        (3, 3) a cell of the finer lattice.
    class_of_site
        (n_sites,) sites with the same number are copies of each other, displaced by vectors of ``cell`` and a
        little more; numbered without gaps.

    Returns
    -------
    Crystal in ``cell`` with one site for each class, in order of first appearance; its rows are those of the first
    copy, moved as a whole.
    """
    rows = first_rows(crystal)
    first, order = np.unique(class_of_site, return_index=True)[1], np.argsort(class_of_site, kind="stable")
    site = crystal.positions[rows]
    offset = (site - site[first][class_of_site]) @ np.linalg.inv(cell)
    offset -= np.round(offset)
    counts = np.bincount(class_of_site)
    mean = np.add.reduceat(offset[order], np.concatenate([[0], np.cumsum(counts)[:-1]])) / counts[:, None] @ cell
    move = np.zeros_like(site)
    move[first] = mean
    is_first = np.zeros(len(site), dtype=bool)
    is_first[first] = True
    keep = is_first[crystal.site_of_row]
    return Crystal._trusted(  # noqa: SLF001 - a room that derives crystals
        crystal.positions[keep] + move[crystal.site_of_row[keep]],
        crystal.numbers[keep],
        like=crystal,
        cell=cell,
        occupancies=crystal.occupancies[keep],
        site_of_row=np.unique(crystal.site_of_row[keep], return_inverse=True)[1],
    )
