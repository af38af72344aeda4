"""The compiled loops of GRID; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiled_nearest import nearest
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Integers = NDArray[np.int64]

#: Neighbours whose distances differ by less, in Å, are a tie: none of them is the nearer one.
TIE = 1e-5
#: Occupancies this close to 1 are 1.
FULL = 1e-6


def _weights(distances: Floats, owners: Integers, occupancies: Floats, weights: Floats) -> None:
    """Fill (n, k) weights: occupancy of the site times that of its neighbour, the mean of those of a tie."""
    n, k = distances.shape
    for i in range(n):
        start = 0
        while start < k:
            end = start
            total = 0.0
            while end < k and (end == start or distances[i, end] - distances[i, end - 1] < TIE):
                # Where there is no neighbour the site still counts.
                total += occupancies[owners[i, end]] if owners[i, end] >= 0 else 1.0
                end += 1
            for q in range(start, end):
                weights[i, q] = occupancies[i] * total / (end - start)
            start = end


fill_weights = compiled(_weights)


def _add_group(  # noqa: PLR0917 - compiled: no keywords
    distances: Floats, weights: Floats, scale: float, nudge: float, limit: float, table: Floats, row: Floats
) -> int:
    """Add one window for each distance (n,) to ``row``; returns how many distances were near enough.

    ``table`` (2, steps, width) holds the windows by the place inside a bin, and their differences to the next. The
    window of a distance in bin b begins at ``row[b]``; distances from bin ``limit`` on are left out.
    """
    steps, width = table.shape[1], np.uint64(table.shape[2])
    last = len(row) - table.shape[2]
    n = 0
    for i in range(len(distances)):
        place = distances[i] * scale + nudge
        if not place < limit:
            continue
        n += 1
        b = min(int(place), last)
        fine = (place - b) * steps
        step = min(int(fine), steps - 1)
        rest = fine - step
        window, slope = table[0, step], table[1, step]
        own = row[b:]
        for q in range(width):
            own[q] += weights[i] * (window[q] + rest * slope[q])
    return n


add_group = compiled(_add_group)


def _fill_grids(  # noqa: PLR0917 - compiled: no keywords
    sites: tuple[Integers, Floats, Floats, Floats, NDArray[np.bool_]],
    most: float,
    by_cutoff: bool,  # noqa: FBT001 - likewise
    bins: tuple[float, float, int],
    table: Floats,
    grids: Singles,
    found: Integers,
) -> None:
    """Fill (m, groups, bins) for m crystals, and the number of groups with a distance near enough in (m,) ``found``.

    ``bins`` are bins per Å, what is added to a place before it is cut to a whole number, and the bins of a window
    below that of its distance.
    """
    starts, all_points, all_occupancies, cells, pbc = sites
    scale, nudge, below = bins
    n_crystals, n_groups, n_bins = grids.shape
    row = np.empty(n_bins + below + table.shape[2] - 1)
    # A neighbour at the cutoff is in the last bin.
    limit = n_bins + below + (2 * nudge if by_cutoff else 0.0)
    nothing = np.empty((0, 0), dtype=np.int64)
    for crystal in range(n_crystals):
        points = all_points[starts[crystal] : starts[crystal + 1]]
        occupancies = all_occupancies[starts[crystal] : starts[crystal + 1]]
        n = len(points)
        distances = np.empty((n, n_groups))
        weights = np.empty((0, 0))
        ordered = by_cutoff or np.abs(occupancies - 1).max() < FULL
        if ordered:
            nearest(points, cells[crystal], pbc[crystal], most, distances, nothing)
        else:
            owners, weights = np.empty((n, n_groups), dtype=np.int64), np.empty((n, n_groups))
            nearest(points, cells[crystal], pbc[crystal], np.inf, distances, owners)
            fill_weights(distances, owners, occupancies, weights)
        groups = 0
        column, share = np.empty(n), np.ones(n)
        for k in range(n_groups):
            row[:] = 0
            total = float(n)
            for i in range(n):
                column[i] = np.round(distances[i, k] * 1000) / 1000 if by_cutoff else distances[i, k]
            if not ordered:
                total = 0.0
                for i in range(n):
                    share[i] = weights[i, k]
                    total += share[i]
            near = add_group(column, share, scale, nudge, limit, table, row)
            groups += near > 0
            if by_cutoff:
                total = max(near, 1)
            else:
                for b in range(below):
                    row[below] += row[b]
            for b in range(n_bins):
                grids[crystal, k, b] = row[b + below] / total
        found[crystal] = groups


fill_grids = compiled(_fill_grids)
