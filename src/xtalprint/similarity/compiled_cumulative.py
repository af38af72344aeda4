"""The compiled loops of `xtalprint.similarity.cumulative`: packing, and distances of rows.

Importing this file imports Numba.

All arithmetic is of whole numbers, hence exact: no order of the sums, no block size and no number of threads can
change a bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry.compiling import compiled
from xtalprint.similarity.whole_numbers import EXCESS, NEGATIVE, NOT_FINITE, ROUNDING, TOO_MUCH, WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: Any: a whole number of NumPy or of Python.
    Number = Any

    Integers = NDArray[np.int64]
    Values = NDArray[np.int32]
    Edges = NDArray[np.uint16]


def _fixed_cumulative(group: NDArray[Any], cumulated: Values) -> int:
    """Cumulate the masses of a group in whole numbers; returns what is wrong with it, or 0."""
    total = 0.0
    for mass in group:
        if not np.isfinite(mass):
            return NOT_FINITE
        if mass < 0:
            return NEGATIVE
        total += mass
    if total > 1 + EXCESS:
        return TOO_MUCH
    whole = total if total > 1 - ROUNDING else 1.0
    running = 0.0
    for i in range(len(group)):
        running += group[i]
        cumulated[i] = int(np.rint(running / whole * WHOLE))
    return 0


fixed_cumulative = compiled(_fixed_cumulative)


def _edges(grids: NDArray[Any], first: Edges, last: Edges) -> tuple[int, int, int]:
    """First bin with mass and first bin with all of it, for each group; returns what is wrong where, or zeros."""
    n, n_groups, n_bins = grids.shape
    cumulated = np.empty(n_bins, dtype=np.int32)
    for i in range(n):
        for k in range(n_groups):
            wrong = fixed_cumulative(grids[i, k], cumulated)
            if wrong:
                return wrong, i, k
            low = 0
            while low < n_bins and cumulated[low] == 0:
                low += 1
            high = low
            while high < n_bins and cumulated[high] < WHOLE:
                high += 1
            first[i, k] = low
            last[i, k] = high
    return 0, 0, 0


find_edges = compiled(_edges)


def _fill(grids: NDArray[Any], first: Edges, last: Edges, offsets: Integers, values: Values) -> None:
    """Write what lies between the edges of each group."""
    n, n_groups, n_bins = grids.shape
    cumulated = np.empty(n_bins, dtype=np.int32)
    for i in range(n):
        place = offsets[i]
        for k in range(n_groups):
            if last[i, k] > first[i, k]:
                fixed_cumulative(grids[i, k], cumulated)
            for b in range(first[i, k], last[i, k]):
                values[place] = cumulated[b]
                place += 1


fill_values = compiled(_fill)


def _group_sums(  # noqa: PLR0917 - compiled: no keywords
    first: Edges, last: Edges, offsets: Integers, values: Values, n_bins: int, sums: Integers
) -> None:
    """Sum over bins of the cumulated mass of each group: r_max minus the mean distance, in whole numbers."""
    n, n_groups = first.shape
    for i in range(n):
        place = offsets[i]
        for k in range(n_groups):
            total = np.int64(n_bins - last[i, k]) * WHOLE
            for _ in range(first[i, k], last[i, k]):
                total += values[place]
                place += 1
            sums[i, k] = total


group_sums = compiled(_group_sums)


def _unpack_row(first: Edges, last: Edges, values: Values, out: Values) -> None:
    """Write all bins of all groups of a row, given its edges and its values."""
    n_groups, n_bins = out.shape
    place = 0
    for k in range(n_groups):
        for b in range(n_bins):
            if b < first[k]:
                out[k, b] = 0
            elif b < last[k]:
                out[k, b] = values[place]
                place += 1
            else:
                out[k, b] = WHOLE


unpack_row = compiled(_unpack_row)


def _unpack(first: Edges, last: Edges, offsets: Integers, values: Values, out: Values) -> None:
    """Write all bins of all groups."""
    for i in range(len(out)):
        unpack_row(first[i], last[i], values[offsets[i] : offsets[i + 1]], out[i])


unpack_values = compiled(_unpack)


def _copy_rows(values: Values, starts: Integers, offsets: Integers, out: Values) -> None:
    """Write the values of rows that begin at ``starts`` to where ``offsets`` say."""
    for i in range(len(starts)):
        length = offsets[i + 1] - offsets[i]
        out[offsets[i] : offsets[i + 1]] = values[starts[i] : starts[i] + length]


copy_rows = compiled(_copy_rows)


def _query_sums(query: Values, sums: Integers) -> None:
    """Sum of the query's cumulated mass below each bin, (n_groups, n_bins + 1)."""
    n_groups, n_bins = query.shape
    for k in range(n_groups):
        sums[k, 0] = 0
        for b in range(n_bins):
            sums[k, b + 1] = sums[k, b] + query[k, b]


query_sums = compiled(_query_sums)


def _row_distance(  # noqa: PLR0917 - compiled: no keywords
    query: Values,
    sums: Integers,
    first: Edges,
    last: Edges,
    values: Values,
    beyond: int,
) -> Number:
    """L1 distance between a query and one packed row, in whole numbers; gives up, returning more, beyond a bound.

    Outside the edges of a group the packed values are all 0 or all `WHOLE`, so that the sum there is a difference of
    two entries of ``sums``.
    """
    n_groups, n_bins = query.shape
    total = np.int64(0)
    place = 0
    for k in range(n_groups):
        low = np.int64(first[k])
        high = np.int64(last[k])
        part = sums[k, low] + (n_bins - high) * np.int64(WHOLE) - (sums[k, n_bins] - sums[k, high])
        for b in range(low, high):
            part += abs(query[k, b] - values[place])
            place += 1
        total += part
        if total > beyond:
            return total
    return total


row_distance = compiled(_row_distance)
