"""Exact search among packed rows: sorted by their totals, bounded by their group sums, compared last."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.similarity.whole_numbers import ENDLESS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.similarity.cumulative import CumulativeTable

#: Group sums are rounded to 16 bits.
CODE_BITS = 16
#: Rounding that is allowed in a tolerance: relative, and in units.
SLACK = 1e-12, 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class Found:
    """Rows found by a search.

    Parameters
    ----------
    numbers
        Of the rows in the order in which they were given; nearest first, equally near ones by number.
    distances
        In whole numbers.
    looked_at, measured
        How many rows had their lower bounds computed, and how many their distances.
    """

    numbers: NDArray[np.int64]
    distances: NDArray[np.int64]
    looked_at: int
    measured: int


@dataclass(frozen=True, eq=False, repr=False)
class SortedTable:
    """Packed rows in the order of their totals, with what bounds distances to them from below.

    The difference between the sums of two groups (AMD: their mean distances) is at most their distance, and the
    difference between the totals over all groups is at most the sum of these. So only rows of nearly the same total
    are looked at, only those with near group sums are compared, and what was left out is surely farther.

    Parameters
    ----------
    table
        The rows, sorted by total.
    totals
        (n,) sums over all groups and bins, ascending.
    codes
        (n, n_groups) group sums without their last ``shift`` bits.
    numbers
        (n,) which row of the original table each is.
    """

    table: CumulativeTable
    totals: NDArray[np.int64]
    codes: NDArray[np.uint16]
    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, table: CumulativeTable) -> SortedTable:
        """Sort the rows of a table; equal totals stay in their order."""
        sums = table.group_sums()
        totals = sums.sum(axis=1)
        numbers = np.argsort(totals, kind="stable").astype(np.int64)
        codes = (sums[numbers] >> code_shift(table.n_bins)).astype(np.uint16)
        return cls(table.take(numbers), totals[numbers], codes, numbers)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.totals)

    @property
    def nbytes(self) -> int:
        """Memory, bytes."""
        return self.table.nbytes + self.totals.nbytes + self.codes.nbytes + self.numbers.nbytes

    def unsorted(self) -> CumulativeTable:
        """The rows in their original order."""
        places = np.empty(len(self), dtype=np.int64)
        places[self.numbers] = np.arange(len(self))
        return self.table.take(places)

    def nearest(self, query: CumulativeTable, k: int) -> Found:
        """The k nearest rows to the one row of ``query``, or all if there are fewer."""
        from xtalprint.similarity import compiled_search as loops  # noqa: PLC0415 - Numba, when it is needed

        k = min(k, len(self))
        distances, numbers = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.int64)
        if k == 0:
            return Found(numbers, distances, 0, 0)
        (query_, total), (packed, ordered, shift) = self._query(query), self._arrays
        looked_at, measured = loops.nearest(query_, total, packed, ordered, shift, distances, numbers)
        return Found(numbers, distances, looked_at, measured)

    def nearest_of(self, query: CumulativeTable, rows: NDArray[np.int64], k: int) -> Found:
        """The k nearest of some sorted rows."""
        from xtalprint.similarity import compiled_search as loops  # noqa: PLC0415 - Numba, when it is needed

        (query_, _), (packed, ordered, _) = self._query(query), self._arrays
        k = min(k, len(rows))
        distances, numbers = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.int64)
        measured = loops.nearest_of(query_, rows, packed, ordered, distances, numbers)
        return Found(numbers, distances, len(rows), measured)

    def within(self, query: CumulativeTable, reach: int) -> Found:
        """All rows within a distance (in whole numbers, inclusive) of the one row of ``query``."""
        from xtalprint.similarity import compiled_search as loops  # noqa: PLC0415 - Numba, when it is needed

        (query_, total), (packed, ordered, shift) = self._query(query), self._arrays
        reach, room = min(reach, ENDLESS), 1024
        while True:
            numbers, distances = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            looked_at, measured, found = loops.within(
                query_, total, packed, ordered, shift, reach, numbers, distances
            )
            if measured <= room:
                break
            room = measured
        order = np.lexsort((numbers[:found], distances[:found]))
        return Found(numbers[:found][order], distances[:found][order], looked_at, measured)

    def joined_within(self, reach: int) -> NDArray[np.int64]:
        """(n,) for each original row the smallest row that chains of steps of at most ``reach`` lead to."""
        from xtalprint.similarity import compiled_search as loops  # noqa: PLC0415 - Numba, when it is needed

        parent = np.arange(len(self), dtype=np.int64)
        packed, ordered, shift = self._arrays
        loops.join_close(packed, ordered, shift, min(reach, ENDLESS), self.table.n_bins, parent)
        for i in range(len(parent)):
            # Ways lead to smaller rows, so that those before are straight already.
            parent[i] = parent[parent[i]]
        return parent

    @property
    def _arrays(self) -> tuple[Any, Any, Any]:
        table = self.table
        packed: list[NDArray[Any]] = [table.first, table.last, table.offsets, table.values]
        ordered: list[NDArray[Any]] = [self.totals, self.codes, self.numbers]
        return tuple(map(_read_only, packed)), tuple(map(_read_only, ordered)), code_shift(table.n_bins)

    def _query(self, query: CumulativeTable) -> tuple[tuple[Any, Any, Any], int]:
        from xtalprint.similarity import compiled_cumulative as loops  # noqa: PLC0415 - Numba, when it is needed

        if query.shape != self.table.shape:
            raise WrongUsageError(
                "the query's fingerprint has another shape than those of the index",
                value=f"{query.shape[0]} × {query.shape[1]} and {self.table.shape[0]} × {self.table.shape[1]}",
                remedy="compute it with the descriptor that the index was built with",
            )
        cumulated = query.unpacked()[0]
        sums = np.empty((cumulated.shape[0], cumulated.shape[1] + 1), dtype=np.int64)
        loops.query_sums(cumulated, sums)
        codes = (sums[:, -1] >> code_shift(query.n_bins)).astype(np.uint16)
        return (cumulated, sums, codes), int(sums[:, -1].sum())


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The same memory, so that arrays in memory and in files are of one type and loops are compiled once."""
    view = array.view()
    view.setflags(write=False)
    return view


def whole_units(length: object, unit: float, what: str) -> int:
    """How many whole units there are in a length, rounding forgiven: a distance that was told is within itself.

    Parameters
    ----------
    length
        Å, 0 or more.
    unit
        Å.
    what
        For the message.

    Raises
    ------
    WrongUsageError
        If it is negative or no finite number.

    Examples
    --------
    >>> whole_units(0.3, 0.1, "the tolerance"), whole_units(0, 0.1, "the tolerance")
    (3, 0)
    """
    if isinstance(length, (bool, np.bool_)) or not isinstance(length, Real) or not 0 <= float(length) < np.inf:
        raise WrongUsageError(
            f"{what} is a length in Å", value=repr(length), remedy="give a positive number, or 0 for equal"
        )
    return int(min(float(length) / unit * (1 + SLACK[0]) + SLACK[1], ENDLESS))


def code_shift(n_bins: int) -> int:
    """Bits that group sums lose so that the largest, n_bins · 2²⁴, fits into 16.

    Examples
    --------
    >>> code_shift(100)
    15
    """
    return int(n_bins * 2**24).bit_length() - CODE_BITS
