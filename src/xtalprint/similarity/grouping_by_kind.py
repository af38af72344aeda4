"""Groups of crystals that are the same within a tolerance and of the same kind, such as the same composition."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.similarity.fingerprints import bin_width_of
from xtalprint.similarity.grouping import groups_within
from xtalprint.similarity.search import whole_units

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from xtalprint.similarity.cumulative import CumulativeTable


def groups_within_kinds(
    table: CumulativeTable, kinds: Sequence[Hashable], tolerance: float, *, bin_width: float | None = None
) -> NDArray[np.int64]:
    """Group crystals as `groups_within` does, but only those of the same kind.

    Parameters
    ----------
    table
        Of n crystals.
    kinds
        The kind of each; equal ones may be joined.
    tolerance, bin_width
        See `groups_within`.

    Returns
    -------
    (n,) number of the group of each crystal, from 0 in the order of their first members.

    Raises
    ------
    WrongUsageError
        If the tolerance is negative or no number, or kinds and crystals differ in number.

    Examples
    --------
    >>> from xtalprint.similarity.cumulative import CumulativeTable
    >>> steps = CumulativeTable.of(np.eye(6)[[0, 5, 1, 2]][:, None, :])
    >>> groups_within_kinds(steps, ["Fe", "Fe", "Co", "Co"], 0.1, bin_width=0.1)
    array([0, 1, 2, 2])
    """
    if len(kinds) != len(table):
        raise WrongUsageError("kinds and crystals differ in number", value=f"{len(kinds)} and {len(table)}")
    whole_units(tolerance, table.unit(bin_width_of({"": table}, given=bin_width)), "the tolerance")
    of_kind: dict[Hashable, list[int]] = defaultdict(list)
    for row, kind in enumerate(kinds):
        of_kind[kind].append(row)
    first = np.arange(len(table), dtype=np.int64)
    for members in of_kind.values():
        if len(members) == 1:
            continue
        rows = np.array(members, dtype=np.int64)
        groups = groups_within(table.take(rows), tolerance, bin_width=bin_width)
        # The first member of each group stands for it.
        first[rows] = rows[np.unique(groups, return_index=True)[1][groups]]
    return np.unique(first, return_inverse=True)[1].astype(np.int64)
