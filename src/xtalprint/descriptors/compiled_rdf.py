"""The compiled loop of the RDF; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiled_images import images_within
from xtalprint.geometry.compiled_nearest import boxed, squares_within
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.geometry.compiled_nearest import Lattices

    Floats = NDArray[np.float64]


def _count_pairs(
    lattices: Lattices, occupancies: Floats, reach: float, bins: tuple[float, float], counts: Floats
) -> None:
    """Add all pairs of m crystals to (m, bins) ``counts``, each with the occupancies of both sites.

    ``bins`` are bins per Å, and what is added to a place before it is cut to a whole number.
    """
    starts, points, bases, inverses, n_periodic = lattices
    scale, nudge = bins
    n_bins = counts.shape[1]
    for crystal in range(len(counts)):
        first, end = starts[crystal], starts[crystal + 1]
        places = points[first:end]
        place, owner = images_within(places, bases[crystal], inverses[crystal], n_periodic[crystal], reach)
        images = boxed(place, owner, len(places), reach)
        squares, which = np.empty(place.shape[1]), np.empty(place.shape[1], dtype=np.int64)
        row = counts[crystal]
        for i in range(len(places)):
            found = squares_within(places[i], images, reach, squares, which)
            own = occupancies[first + i]
            for q in range(found):
                b = int(np.sqrt(squares[q]) * scale + nudge)
                if b < n_bins:
                    row[b] += own * occupancies[first + images[1][which[q]]]
            # The site found itself.
            row[0] -= own * own


count_pairs = compiled(_count_pairs)
