"""The compiled loops of `xtalprint.similarity.search`: bounds first, exact distances last.

Importing this file imports Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry.compiling import compiled
from xtalprint.similarity.compiled_cumulative import query_sums, row_distance, unpack_row
from xtalprint.similarity.whole_numbers import ENDLESS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: Any: a whole number of NumPy or of Python.
    Number = Any

    Integers = NDArray[np.int64]
    Values = NDArray[np.int32]
    Codes = NDArray[np.uint16]
    #: first, last, offsets, values of each row
    Packed = tuple[Codes, Codes, Integers, Values]
    #: totals, codes, original numbers of the rows, sorted by total
    Sorted = tuple[Integers, Codes, Integers]
    #: all bins of a query, their running sums, codes of its groups
    Query = tuple[Values, Integers, Codes]

#: Rows next to the query by their totals among which the first candidates are looked for.
SEEDS = 512


def _bound(codes: Codes, query: Codes, shift: int) -> Number:
    """A distance that is nowhere above the true one, from the rounded group sums.

    The difference of two group sums is at most their distance; sums that lost ``shift`` bits differ by at least one
    less than their codes say.
    """
    total = np.int32(0)
    for k in range(len(query)):
        difference = np.int32(codes[k]) - np.int32(query[k])
        total += np.int32(abs(difference))
    slack = len(query) if shift else 0
    return max(np.int64(0), np.int64(total) - slack) << shift


bound_of = compiled(_bound)


def _distance(query: Query, packed: Packed, row: int, beyond: int) -> Number:
    """Exact distance to a row; more than ``beyond`` if it is farther than that."""
    first, last, offsets, values = packed
    row_values = values[offsets[row] : offsets[row + 1]]
    return row_distance(query[0], query[1], first[row], last[row], row_values, beyond)


distance_of = compiled(_distance)


def _bounds_around(  # noqa: PLR0917 - compiled: no keywords
    query: Query, total: int, ordered: Sorted, shift: int, reach: int, rows: Integers, bounds: Integers
) -> tuple[Number, Number]:
    """Rows whose total, and whose bound, is within ``reach``; returns how many rows were looked at and how many kept.

    If there are more than there is room for, they are counted only.
    """
    totals, codes, _ = ordered
    low = np.searchsorted(totals, total - reach)
    high = np.searchsorted(totals, total + reach, side="right")
    n = 0
    for row in range(low, high):
        bound = bound_of(codes[row], query[2], shift)
        if bound <= reach:
            if n < len(rows):
                rows[n] = row
                bounds[n] = bound
            n += 1
    return high - low, n


bounds_around = compiled(_bounds_around)


def _insert(distance: int, number: int, n: int, distances: Integers, numbers: Integers) -> int:
    """Insert into the nearest found so far, sorted by distance, then by number; returns how many there are."""
    place = n
    if n == len(distances):
        place = n - 1
        if distance > distances[place] or (distance == distances[place] and number > numbers[place]):
            return n
    while place > 0 and (
        distance < distances[place - 1] or (distance == distances[place - 1] and number < numbers[place - 1])
    ):
        distances[place] = distances[place - 1]
        numbers[place] = numbers[place - 1]
        place -= 1
    distances[place] = distance
    numbers[place] = number
    return min(n + 1, len(distances))


insert = compiled(_insert)


def _reach_of_seeds(  # noqa: PLR0917 - compiled: no keywords
    query: Query, total: int, packed: Packed, ordered: Sorted, shift: int, distances: Integers, numbers: Integers
) -> Number:
    """Distance within which there are as many rows as wanted, from rows of about the same total."""
    totals, codes, original = ordered
    n = len(totals)
    room = min(n, max(SEEDS, 4 * len(distances)))
    middle: Number = np.searchsorted(totals, total)
    low = min(max(0, middle - room // 2), n - room)
    bounds = np.empty(room, dtype=np.int64)
    for i in range(room):
        bounds[i] = bound_of(codes[low + i], query[2], shift)
    found = 0
    for i in np.argsort(bounds)[: len(distances)]:
        distance = distance_of(query, packed, low + i, ENDLESS)
        found = insert(distance, original[low + i], found, distances, numbers)
    return distances[found - 1]


reach_of_seeds = compiled(_reach_of_seeds)


def _nearest(  # noqa: PLR0917 - compiled: no keywords
    query: Query, total: int, packed: Packed, ordered: Sorted, shift: int, distances: Integers, numbers: Integers
) -> tuple[int, int]:
    """The nearest rows, as many as there is room for (never more than rows); ties by their original numbers.

    Returns how many rows had their bounds looked at, and how many their distances.
    """
    reach = reach_of_seeds(query, total, packed, ordered, shift, distances, numbers)
    rows, bounds = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    looked_at, n = bounds_around(query, total, ordered, shift, reach, rows, bounds)
    if n > len(rows):
        rows, bounds = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        bounds_around(query, total, ordered, shift, reach, rows, bounds)
    found = 0
    measured = 0
    for i in np.argsort(bounds[:n]):
        beyond = distances[found - 1] if found == len(distances) else reach
        if bounds[i] > beyond:
            break
        distance = distance_of(query, packed, rows[i], beyond)
        measured += 1
        if distance <= beyond:
            found = insert(distance, ordered[2][rows[i]], found, distances, numbers)
    return looked_at, measured


nearest = compiled(_nearest)


def _nearest_of(  # noqa: PLR0917 - compiled: no keywords
    query: Query, rows: Integers, packed: Packed, ordered: Sorted, distances: Integers, numbers: Integers
) -> int:
    """The nearest of some rows; returns how many were measured."""
    found = 0
    for row in rows:
        beyond = distances[found - 1] if found == len(distances) else ENDLESS
        distance = distance_of(query, packed, row, beyond)
        if distance <= beyond:
            found = insert(distance, ordered[2][row], found, distances, numbers)
    return len(rows)


nearest_of = compiled(_nearest_of)


def _within(  # noqa: PLR0917 - compiled: no keywords
    query: Query,
    total: int,
    packed: Packed,
    ordered: Sorted,
    shift: int,
    reach: int,
    rows: Integers,
    bounds: Integers,
) -> tuple[Number, Number, Number]:
    """All rows within a distance: their numbers and distances in the places of the arrays.

    Returns how many rows were looked at, measured and found; none if the arrays are too short for the measured ones.
    """
    looked_at, n = bounds_around(query, total, ordered, shift, reach, rows, bounds)
    found = 0
    if n > len(rows):
        return looked_at, n, found
    for i in range(n):
        distance = distance_of(query, packed, rows[i], reach)
        if distance <= reach:
            rows[found] = ordered[2][rows[i]]
            bounds[found] = distance
            found += 1
    return looked_at, n, found


within = compiled(_within)


def _root(parent: Integers, i: int) -> Number:
    """Representative of the group of i; shortens the way to it."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


root_of = compiled(_root)


def _join_close(  # noqa: PLR0917 - compiled: no keywords
    packed: Packed, ordered: Sorted, shift: int, reach: int, n_bins: int, parent: Integers
) -> int:
    """Join all rows within a distance of each other; ``parent`` leads to the smallest number. Returns the pairs."""
    totals, codes, original = ordered
    first, last, offsets, values = packed
    n, n_groups = first.shape
    cumulated = np.empty((n_groups, n_bins), dtype=np.int32)
    sums = np.empty((n_groups, n_bins + 1), dtype=np.int64)
    pairs = 0
    for row in range(n):
        unpack_row(first[row], last[row], values[offsets[row] : offsets[row + 1]], cumulated)
        query_sums(cumulated, sums)
        query = cumulated, sums, codes[row]
        other = row + 1
        while other < n and totals[other] - totals[row] <= reach:
            if (
                bound_of(codes[other], codes[row], shift) <= reach
                and distance_of(query, packed, other, reach) <= reach
            ):
                pairs += 1
                a, b = root_of(parent, original[row]), root_of(parent, original[other])
                parent[max(a, b)] = min(a, b)
            other += 1
    return pairs


join_close = compiled(_join_close)
