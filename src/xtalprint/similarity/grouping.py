"""Groups of crystals that are the same within a tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.similarity.cumulative import CumulativeTable
from xtalprint.similarity.fingerprints import bin_width_of
from xtalprint.similarity.search import SortedTable, whole_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.similarity.fingerprints import Grids


def groups_within(
    fingerprints: Grids | CumulativeTable | SortedTable, tolerance: float, *, bin_width: float | None = None
) -> NDArray[np.int64]:
    """Group crystals whose earth mover's distance is at most a tolerance.

    The rule: two crystals are in one group if a chain of crystals leads from one to the other in which neighbours are
    at most ``tolerance`` apart (connected components, or single linkage). So groups do not depend on the order of the
    crystals, a crystal is in one group only, and a larger tolerance only joins groups; but the ends of a long chain
    may be farther apart than the tolerance. Groups are numbered from 0 in the order of their first members.

    Parameters
    ----------
    fingerprints
        Of n crystals.
    tolerance
        Å; 0 joins what is equal.
    bin_width
        Å, for arrays; fingerprints and tables of them know it.

    Returns
    -------
    (n,) number of the group of each crystal.

    Raises
    ------
    WrongUsageError
        If the tolerance is negative or no number, descriptors or shapes differ, or the width of a bin is not known or
        contradicted.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.eye(6)[[0, 5, 1, 2]][:, None, :]
    >>> groups_within(steps, 0.1, bin_width=0.1)
    array([0, 1, 0, 0])
    """
    if isinstance(fingerprints, SortedTable):
        ordered = fingerprints
    else:
        table = fingerprints if isinstance(fingerprints, CumulativeTable) else CumulativeTable.of(fingerprints)
        ordered = SortedTable.of(table)
    width = bin_width_of({"": ordered.table}, given=bin_width)
    first = ordered.joined_within(whole_units(tolerance, ordered.table.unit(width), "the tolerance"))
    return np.unique(first, return_inverse=True)[1].astype(np.int64)
