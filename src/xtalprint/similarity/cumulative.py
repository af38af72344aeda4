"""Cumulated fingerprints in whole numbers, packed: what matrices and indexes work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.similarity.fingerprints import bin_width_of, different_shapes, shares
from xtalprint.similarity.making import NOTHING, Making, making_of
from xtalprint.similarity.whole_numbers import NEGATIVE, NOT_FINITE, WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.similarity.fingerprints import Grids

#: The most bins of a group: edges are stored in 16 bits.
MOST_BINS = 2**16 - 2
#: The most groups: differences of their 16-bit sums are added up in 32 bits.
MOST_GROUPS = 2**15 - 1


@dataclass(frozen=True, repr=False, eq=False)
class CumulativeTable:
    """Many cumulated fingerprints, exact to 2⁻²⁴ of the mass of a group, in a fraction of the memory.

    The cumulated mass of a group is 0 up to its shortest distance and 1 from its longest: only what lies between is
    kept. Values are whole numbers (2²⁴ = all mass), so that every sum over them is exact: distances do not depend on
    block size, order or number of threads, and obey the triangle inequality without any tolerance.

    Parameters
    ----------
    first, last
        (n, n_groups) the first bin with mass and the first with all mass (n_bins if there is none).
    offsets
        (n + 1,) where the values of each row begin.
    values
        All values between the edges, row by row and group by group.
    n_bins
        Bins of a group.
    making
        What is known of how the fingerprints were made.
    """

    first: NDArray[np.uint16]
    last: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    values: NDArray[np.int32]
    n_bins: int
    making: Making = NOTHING

    @classmethod
    def of(cls, fingerprints: Grids) -> CumulativeTable:
        """Pack fingerprints.

        Parameters
        ----------
        fingerprints
            (n, n_groups, n_bins) array, a `FingerprintBatch`, or a sequence of fingerprints or (n_groups, n_bins)
            arrays: masses of at most 1 for each group; what lacks lies at the end of the range. Fingerprints of a
            descriptor that gives densities at points are divided by the sum of each group.

        Raises
        ------
        XtalprintError
            For masses that are negative, not finite or more than 1 together, naming fingerprint and group.
        WrongUsageError
            If descriptors or shapes differ.
        """
        making = making_of({"": fingerprints})
        grids = np.ascontiguousarray(shares(fingerprints))
        n, n_groups, n_bins = grids.shape
        if n_bins > MOST_BINS:
            raise WrongUsageError(f"a group may have at most {MOST_BINS} bins", value=n_bins, remedy="use wider bins")
        if n_groups > MOST_GROUPS:
            raise WrongUsageError(f"there may be at most {MOST_GROUPS} groups", value=n_groups)
        from xtalprint.similarity import compiled_cumulative as loops  # noqa: PLC0415 - Numba, when it is needed

        first, last = np.empty((n, n_groups), dtype=np.uint16), np.empty((n, n_groups), dtype=np.uint16)
        wrong, row, group = loops.find_edges(grids, first, last)
        if wrong:
            raise refused(wrong, row, group, grids[row, group], making)
        offsets = np.zeros(n + 1, dtype=np.int64)
        np.cumsum((last.astype(np.int64) - first).sum(axis=1), out=offsets[1:])
        values = np.empty(offsets[-1], dtype=np.int32)
        loops.fill_values(grids, first, last, offsets, values)
        return cls(first, last, offsets, values, n_bins, making)

    @classmethod
    def joined(cls, tables: Sequence[CumulativeTable]) -> CumulativeTable:
        """Rows of all tables, one after the other.

        Raises
        ------
        WrongUsageError
            If there is none, or they are of different descriptors or shapes.
        """
        if not tables:
            raise WrongUsageError("no table to join")
        making = making_of({f"table {i}": table for i, table in enumerate(tables)})
        if len({table.shape for table in tables}) > 1:
            raise different_shapes(*{table.shape for table in tables})
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(table.offsets) for table in tables]))])
        return cls(
            np.concatenate([table.first for table in tables]),
            np.concatenate([table.last for table in tables]),
            offsets.astype(np.int64),
            np.concatenate([table.values for table in tables]),
            tables[0].n_bins,
            making,
        )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.first)

    def __repr__(self) -> str:
        """Numbers of rows, groups and bins, and memory."""
        return f"CumulativeTable({len(self)} rows of {self.shape[0]} × {self.n_bins}, {self.nbytes / 1e6:.1f} MB)"

    @property
    def shape(self) -> tuple[int, int]:
        """Groups and bins of a row."""
        return self.first.shape[1], self.n_bins

    @property
    def bin_width(self) -> float | None:
        """Å; None if what the rows were made from does not tell."""
        return self.making.bin_width

    @property
    def nbytes(self) -> int:
        """Memory, bytes."""
        return sum(array.nbytes for array in (self.first, self.last, self.offsets, self.values))

    def __getitem__(self, rows: slice) -> CumulativeTable:
        """Successive rows, without copying the values."""
        start, stop, step = rows.indices(len(self))
        if step != 1:
            return self.take(np.arange(start, stop, step))
        stop = max(start, stop)
        low, high = self.offsets[start], self.offsets[stop]
        offsets = self.offsets[start : stop + 1] - low
        return replace(
            self,
            first=self.first[start:stop],
            last=self.last[start:stop],
            offsets=offsets,
            values=self.values[low:high],
        )

    def take(self, rows: NDArray[np.int64]) -> CumulativeTable:
        """Rows by their numbers, copied."""
        from xtalprint.similarity import compiled_cumulative as loops  # noqa: PLC0415 - Numba, when it is needed

        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        values = np.empty(offsets[-1], dtype=np.int32)
        loops.copy_rows(self.values, self.offsets[:-1][rows], offsets, values)
        return replace(self, first=self.first[rows], last=self.last[rows], offsets=offsets, values=values)

    def in_bins(self, bin_width: float | None) -> CumulativeTable:
        """The same rows with a width of their bins in Å; the table itself if it knows it, or None is given.

        Raises
        ------
        WrongUsageError
            If it has another.
        """
        if bin_width is None:
            return self
        width = bin_width_of({"": self}, given=bin_width)
        return self if self.bin_width is not None else replace(self, making=replace(self.making, bin_width=width))

    def group_sums(self) -> NDArray[np.int64]:
        """(n, n_groups) sums over the bins: (r_max − mean distance) / bin width, in units of 2⁻²⁴."""
        from xtalprint.similarity import compiled_cumulative as loops  # noqa: PLC0415 - Numba, when it is needed

        sums = np.empty(self.first.shape, dtype=np.int64)
        loops.group_sums(self.first, self.last, self.offsets, self.values, self.n_bins, sums)
        return sums

    def unpacked(self) -> NDArray[np.int32]:
        """(n, n_groups, n_bins) all values; 2²⁴ is the whole mass."""
        from xtalprint.similarity import compiled_cumulative as loops  # noqa: PLC0415 - Numba, when it is needed

        out = np.empty((len(self), *self.shape), dtype=np.int32)
        loops.unpack_values(self.first, self.last, self.offsets, self.values, out)
        return out

    def unit(self, bin_width: float) -> float:
        """Å of one unit of a distance in whole numbers: bin_width / (n_groups · 2²⁴)."""
        return bin_width / (self.shape[0] * WHOLE)


def refused(wrong: int, row: int, group: int, masses: NDArray[Any], making: Making) -> XtalprintError:
    """Error for a group that is no distribution."""
    descriptor = (making.descriptor or {}).get("descriptor")
    place = f"group {group} of fingerprint {row}{f', of {descriptor},' if descriptor else ''}"
    if wrong == NOT_FINITE:
        return XtalprintError(
            f"{place} is not finite",
            value=masses[~np.isfinite(masses)][0],
            remedy="compute it again, or leave it out: a fingerprint of xtalprint has no such numbers",
        )
    if wrong == NEGATIVE:
        return XtalprintError(
            f"{place} has a negative mass", value=masses.min(), remedy="give shares of sites, which are 0 or more"
        )
    return XtalprintError(
        f"{place} has more than the mass 1",
        value=f"{masses.sum():.6g}",
        remedy="divide each group by its sum, or take a normalised descriptor, such as GRID",
    )
