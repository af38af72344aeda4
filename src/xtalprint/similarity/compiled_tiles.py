"""The compiled loops of `xtalprint.similarity.tiles`: all distances between two sets of tiles.

Importing this file imports Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry.compiling import compiled
from xtalprint.similarity.whole_numbers import WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Values = NDArray[np.int32]
    #: first, last, offsets, values of each row
    Packed = tuple[NDArray[np.uint16], NDArray[np.uint16], Integers, Values]
    #: low, high, offsets (tiles, groups), values (bins, TILE), their running sums
    Tiles = tuple[Integers, Integers, Integers, Values, Integers]
    #: bins gathered of both tiles (GATHERED, TILE), and sums of their differences (TILE, TILE)
    Work = tuple[Values, Values, Values]

#: Rows of a tile: loops of 64 fill the vector units, and few bins vary within 64 similar rows.
TILE = 64
#: Bins that are gathered before their differences are added up: 127 of them, each at most `WHOLE`, fit into 32 bits.
GATHERED = 120
#: Bins that are added up together.
TOGETHER = 4


def _tile_edges(
    first: NDArray[np.uint16], last: NDArray[np.uint16], order: Integers, low: Integers, high: Integers
) -> None:
    """The bins of each group in which any row of a tile is neither 0 nor full, for rows in the given order."""
    n, n_groups = first.shape
    for tile in range(len(low)):
        for k in range(n_groups):
            low[tile, k] = first[order[tile * TILE], k]
            high[tile, k] = last[order[tile * TILE], k]
        for i in range(tile * TILE, min(n, (tile + 1) * TILE)):
            for k in range(n_groups):
                low[tile, k] = min(low[tile, k], first[order[i], k])
                high[tile, k] = max(high[tile, k], last[order[i], k])


tile_edges = compiled(_tile_edges)


def _fill_tiles(packed: Packed, order: Integers, tiles: Tiles) -> None:
    """Unpack the rows of each tile between its edges, transposed, with running sums over the bins."""
    first, last, offsets, values = packed
    low, high, starts, filled, running = tiles
    n, n_groups = first.shape
    for tile in range(len(low)):
        for lane in range(TILE):
            # The last tile repeats its last row.
            row = order[min(tile * TILE + lane, n - 1)]
            place = offsets[row]
            for k in range(n_groups):
                start = starts[tile, k]
                total = np.int64(0)
                for b in range(low[tile, k], high[tile, k]):
                    value = WHOLE
                    if b < first[row, k]:
                        value = 0
                    elif b < last[row, k]:
                        value = values[place]
                        place += 1
                    running[start + b - low[tile, k], lane] = total
                    filled[start + b - low[tile, k], lane] = value
                    total += value
                running[start + high[tile, k] - low[tile, k], lane] = total
                filled[start + high[tile, k] - low[tile, k], lane] = WHOLE


fill_tiles = compiled(_fill_tiles)


def _add_side(running: Integers, start: int, end: int, side: Integers) -> None:
    """Add for each lane the sum over some bins of the values."""
    if start < end:
        for lane in range(TILE):
            side[lane] += running[end, lane] - running[start, lane]


add_side = compiled(_add_side)


def _add_lack(running: Integers, start: int, end: int, side: Integers) -> int:
    """Subtract the same; returns what all lanes would have if full."""
    if start < end:
        for lane in range(TILE):
            side[lane] -= running[end, lane] - running[start, lane]
    return (end - start) * WHOLE


add_lack = compiled(_add_lack)


def _difference(x: np.int32, y: np.int32) -> np.int32:
    """|x − y| in 32 bits; both are from 0 to `WHOLE`."""
    difference = np.int32(x - y)
    return difference if difference > 0 else np.int32(-difference)


difference_of = compiled(_difference)


def _add_differences(a: Values, b: Values, n: int, sums: Values, totals: Integers) -> None:
    """Add |a − b| over the gathered bins, of all pairs of lanes, to the totals; zeros fill bins up to four."""
    for bin_ in range(n, n + (-n) % TOGETHER):
        a[bin_] = 0
        b[bin_] = 0
    sums[:] = 0
    for i in range(TILE):
        for bin_ in range(0, n, TOGETHER):
            a0, a1, a2, a3 = a[bin_, i], a[bin_ + 1, i], a[bin_ + 2, i], a[bin_ + 3, i]
            for j in range(TILE):
                first_two = np.int32(difference_of(a0, b[bin_, j]) + difference_of(a1, b[bin_ + 1, j]))
                last_two = np.int32(difference_of(a2, b[bin_ + 2, j]) + difference_of(a3, b[bin_ + 3, j]))
                sums[i, j] = np.int32(sums[i, j] + np.int32(first_two + last_two))
        for j in range(TILE):
            totals[i, j] += sums[i, j]


add_differences = compiled(_add_differences)


def _add_pair(  # noqa: PLR0917 - compiled: no keywords
    tiles_a: Tiles, ta: int, tiles_b: Tiles, tb: int, work: Work, totals: Integers, side_a: Integers, side_b: Integers
) -> None:
    """Distances of all rows of two tiles: ``totals[i, j] + side_a[i] + side_b[j]``.

    In bins where all rows of one tile are 0, or full, the sign of the difference is known, so that its sum parts into
    one of each row. Only bins where both tiles vary cost work for each pair.
    """
    low_a, high_a, starts_a, values_a, running_a = tiles_a
    low_b, high_b, starts_b, values_b, running_b = tiles_b
    gathered_a, gathered_b, sums = work
    n = 0
    constant = np.int64(0)
    for k in range(low_a.shape[1]):
        al, ah, bl, bh = low_a[ta, k], high_a[ta, k], low_b[tb, k], high_b[tb, k]
        a = starts_a[ta, k]
        b = starts_b[tb, k]
        if ah <= bl:  # all rows of a are full before any of b begins
            add_side(running_a, a, a + ah - al, side_a)
            constant += (bl - ah) * WHOLE + add_lack(running_b, b, b + bh - bl, side_b)
            continue
        if bh <= al:
            add_side(running_b, b, b + bh - bl, side_b)
            constant += (al - bh) * WHOLE + add_lack(running_a, a, a + ah - al, side_a)
            continue
        start, end = max(al, bl), min(ah, bh)
        add_side(running_a, a, a + start - al, side_a)
        add_side(running_b, b, b + start - bl, side_b)
        constant += add_lack(running_a, a + end - al, a + ah - al, side_a)
        constant += add_lack(running_b, b + end - bl, b + bh - bl, side_b)
        for bin_ in range(start, end):
            for lane in range(TILE):
                gathered_a[n, lane] = values_a[a + bin_ - al, lane]
                gathered_b[n, lane] = values_b[b + bin_ - bl, lane]
            n += 1
            if n == GATHERED:
                add_differences(gathered_a, gathered_b, n, sums, totals)
                n = 0
    add_differences(gathered_a, gathered_b, n, sums, totals)
    side_a += constant


add_pair = compiled(_add_pair)


def _write_tile(totals: Integers, side_a: Integers, side_b: Integers, unit: float, out: NDArray[Any]) -> None:
    """Write the distances of a pair of tiles, or as many as there is room for."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (totals[i, j] + side_a[i] + side_b[j]) * unit


write_tile = compiled(_write_tile)


def _all_distances(tiles_a: Tiles, tiles_b: Tiles, unit: float, same: bool, out: NDArray[Any]) -> None:
    """Write all distances, in the order of the tiles; of the same rows twice only one half is computed."""
    gathered = np.empty((2, GATHERED, TILE), dtype=np.int32)
    work = gathered[0], gathered[1], np.empty((TILE, TILE), dtype=np.int32)
    totals = np.empty((TILE, TILE), dtype=np.int64)
    side_a, side_b = np.empty(TILE, dtype=np.int64), np.empty(TILE, dtype=np.int64)
    for ta in range(len(tiles_a[0])):
        for tb in range(ta if same else 0, len(tiles_b[0])):
            totals[:] = 0
            side_a[:] = 0
            side_b[:] = 0
            add_pair(tiles_a, ta, tiles_b, tb, work, totals, side_a, side_b)
            rows, columns = slice(ta * TILE, (ta + 1) * TILE), slice(tb * TILE, (tb + 1) * TILE)
            write_tile(totals, side_a, side_b, unit, out[rows, columns])
            if same and ta != tb:
                write_tile(totals.T, side_b, side_a, unit, out[columns, rows])


all_distances = compiled(_all_distances)


def _reorder(sorted_: NDArray[Any], order_a: Integers, order_b: Integers, out: NDArray[Any]) -> None:
    """Bring rows and columns from the order of the tiles into that of the tables."""
    for i in range(len(order_a)):
        for j in range(len(order_b)):
            out[order_a[i], order_b[j]] = sorted_[i, j]


reorder = compiled(_reorder)
