"""The compiled loops of GRID; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiled_nearest import nearest
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.geometry.site_batch import SiteBatch

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Integers = NDArray[np.int64]

#: Neighbours whose distances differ by less, in Å, are a tie: none of them is the nearer one.
TIE = 1e-5
#: Neighbours beyond those asked for that are looked at first, for the last tie.
MORE = 24


def _weights(starts: Integers, distances: Floats, owners: Integers, occupancies: Floats, weights: Floats) -> None:
    """Fill (N, k) weights: occupancy of the site times that of its neighbour, the mean of those of a tie."""
    k = distances.shape[1]
    for crystal in range(len(starts) - 1):
        for i in range(starts[crystal], starts[crystal + 1]):
            begin = 0
            while begin < k:
                end = begin
                total = 0.0
                while end < k and (end == begin or not distances[i, end] - distances[i, end - 1] >= TIE):
                    # Where there is no neighbour the site still counts.
                    total += occupancies[starts[crystal] + owners[i, end]] if owners[i, end] >= 0 else 1.0
                    end += 1
                for q in range(begin, end):
                    weights[i, q] = occupancies[i] * total / (end - begin)
                begin = end


fill_weights = compiled(_weights)


def group_distances(sites: SiteBatch, n_groups: int, most: float) -> tuple[Floats, Floats]:
    """Distances (N, n_groups), infinite beyond ``most``, and weights of all sites; (0, 0) if all weigh the same."""
    if (sites.occupancies == 1).all():
        return nearest(sites, n_groups, most=most)[0], np.empty((0, 0))
    # All of them, because the weights of distant ones count too, and until the last tie is complete.
    k, complete = n_groups, False
    while not complete:
        k += n_groups // 4 + MORE
        distances, owners = nearest(sites, k, with_owners=True)
        last, farthest = distances[:, n_groups - 1], distances[:, -1]
        complete = bool((np.isinf(farthest) | (farthest > last + TIE)).all())
    weights = np.empty_like(distances)
    fill_weights(sites.starts, distances, owners, sites.occupancies, weights)
    return distances[:, :n_groups].copy(), weights[:, :n_groups].copy()


def _grids(  # noqa: PLR0917, C901 - compiled: no keywords, one loop nest
    starts: Integers,
    distances: Floats,
    weights: Floats,
    by_cutoff: bool,
    bins: tuple[float, float, int],
    table: Floats,
    grids: Singles,
    rows: Integers,
    found: Integers,
) -> None:
    """Fill rows of (…, groups, bins) for m crystals, and (m,) numbers of groups with a distance near enough.

    ``bins`` are bins per Å, what is added to a place before it is cut to a whole number, and the bins of a window
    below that of its distance. ``table`` (places, 2, width) holds the windows by the place inside a bin, and their
    differences to the next.
    """
    scale, nudge, below = bins
    n_groups, n_bins = grids.shape[1], grids.shape[2]
    places, width = table.shape[0], np.uint64(table.shape[2])
    row = np.empty(n_bins + below + table.shape[2] - 1)
    last = n_bins + below - 1
    # A neighbour at the cutoff is in the last bin.
    limit = n_bins + below + (2 * nudge if by_cutoff else 0.0)
    for crystal in range(len(rows)):
        found[crystal] = 0
        for k in range(n_groups):
            for b in range(len(row)):
                row[b] = 0.0
            near, total, weight = 0, 0.0, 1.0
            for i in range(starts[crystal], starts[crystal + 1]):
                if weights.size:
                    weight = weights[i, k]
                total += weight
                place = distances[i, k] * scale + nudge
                if not place < limit:
                    continue
                near += 1
                b = min(int(place), last)
                fine = (place - b) * places
                step = min(int(fine), places - 1)
                rest = fine - step
                own = row[b:]
                for q in range(width):
                    own[q] += weight * (table[step, 0, q] + rest * table[step, 1, q])
            found[crystal] += near > 0
            if by_cutoff:
                total = max(near, 1)
            else:
                for b in range(below):
                    row[below] += row[b]
            share = 1 / total
            for b in range(n_bins):
                grids[rows[crystal], k, b] = row[b + below] * share


fill_grids = compiled(_grids)
