"""The bond length that a crystal is scaled by, as the authors define it and so that noise does not shrink it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.errors import XtalprintError
from xtalprint.geometry.neighbours import nearest_distances, neighbour_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Half-width of the window of the robust length, in robust standard deviations of the nearest distances. The nearest
#: of twelve noisy distances spreads about 0.6 times as much as one, so that this is 2.1 of the latter.
WINDOW = 3.5
#: Relative spread of the nearest distances below which they count as equal.
EQUAL = 1e-6
MOST_STEPS = 50


def bond_length(crystal: Crystal, *, method: Literal["mean", "robust"] = "mean") -> float:
    """Length of the nearest-neighbour bond in Å.

    Parameters
    ----------
    crystal
        With a cell or without.
    method
        ``"mean"``: mean over sites of the distance to the nearest neighbour (Ziletti et al. 2018). Noise shrinks it,
        because the nearest of several noisy distances is the one that noise made shortest: ×0.916 for fcc copper at
        σ = 0.10 Å. ``"robust"``: the most common distance of the first shell, which noise leaves in place and
        vacancies too. For a crystal whose sites all have the same nearest distance both are that distance.

    Raises
    ------
    UnsupportedInputError
        For a single atom without images.
    """
    nearest = nearest_distances(crystal)
    if method == "mean":
        return float(nearest.mean())
    if method != "robust":
        raise XtalprintError("unknown method for the bond length", value=method, remedy="choose mean or robust")
    start = float(np.median(nearest))
    spread = 1.4826 * float(np.median(np.abs(nearest - start)))
    if spread < EQUAL * start:
        return start
    _, distances = neighbour_distances(crystal, cutoff=1.6 * start)
    return _most_common(np.sort(distances), start, min(WINDOW * spread, 0.15 * start))


def _most_common(distances: NDArray[np.float64], start: float, half_width: float) -> float:
    """Climb from ``start`` to the place where the mean of all distances within the window is its middle."""
    cumulative = np.concatenate([[0.0], np.cumsum(distances)])
    middle = start
    for _ in range(MOST_STEPS):
        low, high = np.searchsorted(distances, [middle - half_width, middle + half_width])
        new = float((cumulative[high] - cumulative[low]) / (high - low)) if high > low else middle
        if abs(new - middle) < 1e-9 * start:
            return new
        middle = new
    return middle
