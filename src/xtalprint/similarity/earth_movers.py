"""The earth mover's distance between grouped distances (GRID), in Å."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.similarity.cumulative import CumulativeTable, refused
from xtalprint.similarity.either import as_fingerprints
from xtalprint.similarity.fingerprints import bin_width_of, different_shapes, shares, single
from xtalprint.similarity.making import check_tables, making_of
from xtalprint.similarity.whole_numbers import EXCESS, NEGATIVE, NOT_FINITE, ROUNDING, TOO_MUCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.similarity.fingerprints import Grid, Grids


def cumulative(fingerprints: Grids) -> NDArray[np.float64]:
    """Cumulated masses: L1 distances between them are earth mover's distances.

    Parameters
    ----------
    fingerprints
        (n, n_groups, n_bins) masses, at most 1 for each group; what lacks lies at the end of the range. A sum within
        1e-6 of 1 is taken for 1. Fingerprints of a descriptor that gives densities at points are divided by the sum
        of each group.

    Returns
    -------
    (n, n_groups, n_bins), from 0 to 1, ascending along the last axis.

    Raises
    ------
    XtalprintError
        For masses that are negative, not finite or more than 1 together, naming fingerprint and group.
    """
    grids = shares(fingerprints).astype(np.float64)
    totals = grids.sum(axis=-1)
    for code, bad in (
        (NOT_FINITE, ~np.isfinite(grids).all(axis=-1)),
        (NEGATIVE, (grids < 0).any(axis=-1)),
        (TOO_MUCH, totals > 1 + EXCESS),
    ):
        if bad.any():
            row, group = (int(place[0]) for place in np.nonzero(bad))
            raise refused(code, row, group, grids[row, group], making_of({"": fingerprints}))
    cumulated = np.cumsum(grids, axis=-1)
    whole = np.where(totals > 1 - ROUNDING, cumulated[..., -1], 1.0)
    result: NDArray[np.float64] = np.minimum(cumulated / whole[..., None], 1.0)
    return result


def earth_movers_distance(a: Crystal | Grid, b: Crystal | Grid, *, bin_width: float | None = None) -> float:
    """How far the distances of one crystal must be moved to become those of another, mean over the groups.

        d(G, H) = (w / n) Σ_k Σ_i |CDF_G,k(i) − CDF_H,k(i)|

    with bin width w, n groups k and bins i: for each group the one-dimensional Wasserstein-1 distance. Mass that a
    group lacks (neighbours beyond the range, or none) lies at the end of the range. A metric on fingerprints.

    Parameters
    ----------
    a, b
        Crystals, fingerprints of grouped distances, or (n_groups, n_bins) masses. Two crystals are compared by
        ``GRID()``, a crystal and a fingerprint by the descriptor of the fingerprint.
    bin_width
        Å, for arrays; fingerprints know it.

    Returns
    -------
    Å.

    Raises
    ------
    XtalprintError
        For masses that are negative, not finite or more than 1 together, naming fingerprint and group.
    WrongUsageError
        If descriptors or shapes differ, or the width of a bin is not known or contradicted.

    Source
    ------
    J. Cumby, S. Seth, AI4SD report 7 (2021), doi 10.5258/SOTON/P0038; R.-Z. Zhang, S. Seth, J. Cumby, Digital
    Discovery 2, 81 (2023).

    Examples
    --------
    >>> import numpy as np
    >>> near, far = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.5, 0.5]])
    >>> round(earth_movers_distance(near, far, bin_width=0.1), 12)
    0.15
    >>> from xtalprint import Crystal
    >>> small, large = (Crystal([[0, 0, 0]], ["Po"], cell=a * np.eye(3)) for a in (3.3, 3.4))
    >>> round(earth_movers_distance(small, large), 3)
    0.207
    """
    a, b = as_fingerprints(a, b)
    width = bin_width_of({"a": a, "b": b}, given=bin_width)
    one, other = single(a), single(b)
    if one.shape != other.shape:
        raise different_shapes(one.shape, other.shape)
    both = cumulative([a, b])
    moved = float(np.abs(both[0] - both[1]).sum())
    return float(width / one.shape[0] * moved)


class EarthMovers:
    """Earth mover's distances between many: exact sums of whole numbers, compiled.

    Parameters
    ----------
    bin_width
        Å, for arrays; None takes what the fingerprints know.

    Raises
    ------
    WrongUsageError
        If it is no positive number.

    Examples
    --------
    >>> import numpy as np
    >>> metric = EarthMovers(bin_width=0.1)
    >>> table = metric.table(np.eye(3)[:, None, :])
    >>> metric.distances(table, table).round(6)
    array([[0. , 0.1, 0.2],
           [0.1, 0. , 0.1],
           [0.2, 0.1, 0. ]])
    """

    name = "grid-emd"
    unit = "Å"
    is_metric = True

    def __init__(self, *, bin_width: float | None = None) -> None:
        self.bin_width = None if bin_width is None else bin_width_of({}, given=bin_width)

    @property
    def parameters(self) -> dict[str, Any]:
        """Name and parameters, as plain data."""
        return {"distance": self.name, "bin_width": self.bin_width}

    def table(self, fingerprints: Grids | CumulativeTable) -> CumulativeTable:
        """Prepare fingerprints for `distances`; masses are rounded to 2⁻²⁴ of a group's.

        Raises
        ------
        WrongUsageError
            If they are of different descriptors or shapes, or their bins have another width than this distance.
        """
        table = fingerprints if isinstance(fingerprints, CumulativeTable) else CumulativeTable.of(fingerprints)
        return table.in_bins(self.bin_width)

    def distances(self, a: CumulativeTable, b: CumulativeTable) -> NDArray[np.float64]:
        """(len(a), len(b)) Å; the same bits whatever the size and order of the tables.

        Raises
        ------
        WrongUsageError
            If descriptors or shapes differ, or the width of a bin is not known or contradicted.
        """
        from xtalprint.similarity.tiles import tiled_distances  # noqa: PLC0415 - Numba, when it is needed

        check_tables(self.name, CumulativeTable, a=a, b=b)
        width = bin_width_of({"table a": a, "table b": b}, given=self.bin_width)
        return tiled_distances(a, b, unit=a.unit(width))
