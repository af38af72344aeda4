"""The bond length that a crystal is scaled by, as the authors define it and so that noise does not shrink it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.errors import XtalprintError
from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.neighbours import nearest_distances
from xtalprint.geometry.pairs import Sites, pairs_within
from xtalprint.geometry.supercells import central_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Relative spread of the nearest distances below which they count as equal.
EQUAL = 1e-6
#: Bandwidth of the smoothed pair distribution in standard deviations of the nearest distances; its limits and the
#: width of a bin in units of their median.
BANDWIDTH, NARROWEST, WIDEST, BIN = 1.06, 0.005, 0.06, 0.002
#: Where the first peak is looked for, in units of the median of the nearest distances: noise makes that too short.
FIRST_PEAK = (0.8, 1.45)
#: The first maximum counts if it is at least this high beside the highest.
LOWEST_PEAK = 0.4
#: Pairs up to the end of the search and six of the widest bandwidths more.
CUTOFF = FIRST_PEAK[1] + 6 * WIDEST
#: Of a larger crystal so many sites from its middle speak for all.
MOST_SITES = 20_000


@takes_crystal
def bond_length(crystal: Crystal, *, method: Literal["mean", "robust"] = "mean") -> float:
    """Length of the nearest-neighbour bond in Å.

    Parameters
    ----------
    crystal
        With a cell or without.
    method
        ``"mean"``: mean over sites of the distance to the nearest neighbour (Ziletti et al. 2018). Noise shrinks it,
        because the nearest of several noisy distances is the one that noise made shortest: ×0.916 for fcc copper at
        σ = 0.10 Å. ``"robust"``: where the pair distribution per volume has its first maximum, smoothed with a
        bandwidth that follows the spread of the nearest distances; noise and vacancies leave it in place. If all
        sites have the same nearest distance both are that distance; if they differ, ``"mean"`` is an average over
        sites and ``"robust"`` the most common bond.

    Raises
    ------
    UnsupportedInputError
        For a single atom without images.

    Notes
    -----
    Measured on six structures with noise and vacancies by ``benchmarks/scaling.py``.
    """
    if method not in {"mean", "robust"}:
        raise XtalprintError("unknown method for the bond length", value=method, remedy="choose mean or robust")
    if method == "robust" and crystal.n_sites > MOST_SITES:
        crystal = central_block(crystal, n_atoms=MOST_SITES)
    nearest = nearest_distances(crystal)
    if method == "mean":
        return float(nearest.mean())
    median = float(np.median(nearest))
    spread = 1.4826 * float(np.median(np.abs(nearest - median)))
    if spread < EQUAL * median:
        return median
    _, distances = pairs_within(Sites.of(crystal), CUTOFF * median)
    return median * _first_peak(distances / median, min(max(BANDWIDTH * spread / median, NARROWEST), WIDEST))


def _first_peak(distances: NDArray[np.float64], bandwidth: float) -> float:
    """First high maximum of the smoothed number of pairs per volume, all lengths in units of the median."""
    edges = np.arange(0.0, CUTOFF + BIN, BIN)
    centres = 0.5 * (edges[1:] + edges[:-1])
    # Divided by r², a uniform density of pairs is flat, and the further shells do not pull the maximum outwards.
    counts = _shared_histogram(distances, len(centres)) / centres**2
    reach = np.arange(-round(6 * bandwidth / BIN), round(6 * bandwidth / BIN) + 1) * BIN
    density = np.convolve(counts, np.exp(-0.5 * (reach / bandwidth) ** 2), mode="same")
    density = np.where((centres > FIRST_PEAK[0]) & (centres < FIRST_PEAK[1]), density, 0.0)
    if not density.any():
        # No pair near the median: the nearest distances fall into two groups far from it.
        return 1.0
    left, middle, right = density[:-2], density[1:-1], density[2:]
    maxima = np.flatnonzero((middle > left) & (middle >= right) & (middle > LOWEST_PEAK * density.max()))
    peak = int(maxima[0]) + 1 if len(maxima) else int(density.argmax())
    before, here, after = density[peak - 1 : peak + 2]
    curvature = before - 2 * here + after
    # The top of the parabola through three bins, so that the answer does not jump by a bin.
    top = 0.5 * (before - after) / curvature if curvature < 0 else 0.0
    return float(centres[peak] + BIN * np.clip(top, -0.5, 0.5))


def _shared_histogram(distances: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """Histogram in which each distance is shared between the two nearest bins, so that it changes continuously."""
    place = distances / BIN - 0.5
    low = np.floor(place).astype(np.int64)
    upper = place - low
    inside = (low >= 0) & (low < n_bins - 1)
    low, upper = low[inside], upper[inside]
    counts = np.zeros(n_bins)
    counts += np.bincount(low, weights=1 - upper, minlength=n_bins)
    counts += np.bincount(low + 1, weights=upper, minlength=n_bins)
    return counts
