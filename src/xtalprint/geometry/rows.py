"""Sites and the rows that stand on them: first row, kind of site, rows of one site on one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal


def first_rows(crystal: Crystal) -> NDArray[np.int64]:
    """(n_sites,) first row of each site."""
    if crystal.n_sites == len(crystal):
        return np.arange(len(crystal))
    return np.unique(crystal.site_of_row, return_index=True)[1].astype(np.int64)


def site_labels(crystal: Crystal) -> NDArray[np.int64]:
    """(n_sites,) one number for each kind of site: the atomic number, or a larger one for each mixture."""
    if crystal.n_sites == len(crystal) and crystal.is_ordered:
        return crystal.numbers
    content: list[list[tuple[int, float]]] = [[] for _ in range(crystal.n_sites)]
    for site, z, occupancy in zip(crystal.site_of_row, crystal.numbers, crystal.occupancies, strict=True):
        content[site].append((int(z), round(float(occupancy), 3)))
    kinds = {kind: 1000 + i for i, kind in enumerate(sorted({tuple(sorted(c)) for c in content}))}
    return np.array([kinds[tuple(sorted(c))] for c in content], dtype=np.int64)


def wrapped_rows(
    fractional: NDArray[np.float64], crystal: Crystal, margins: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Bring whole sites into the cell along the directions that repeat.

    Parameters
    ----------
    fractional
        (N, 3) coordinates of the rows in the cell wanted.
    crystal
        Whose rows they are.
    margins
        How far below a face a site still counts as standing on it, as a fraction of each vector.

    Returns
    -------
    (N, 3); the first row of each site lies in [−margin, 1 − margin), the others on the nearest image beside it.
    """
    first = fractional[first_rows(crystal)]
    base = (first - np.floor(first + margins))[crystal.site_of_row]
    beside = fractional - first[crystal.site_of_row]
    return np.where(crystal.pbc, base + (beside - np.round(beside)), fractional)
