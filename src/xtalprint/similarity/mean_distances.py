"""Distances between the neighbours of crystals without bins: by group means (AMD), and exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.sorted_distances import SortedDistances, wasserstein_of_sorted
from xtalprint.errors import WrongUsageError
from xtalprint.similarity.making import check_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class MeanDistances:
    """Mean over the groups of the absolute differences of the average minimum distances (AMD); a metric on them.

    It is never above `SortedEarthMovers`.

    Examples
    --------
    >>> metric = MeanDistances()
    >>> table = metric.table(np.array([[3.0, 3.0], [3.0, 4.0]]))
    >>> metric.distances(table, table)
    array([[0. , 0.5],
           [0.5, 0. ]])
    """

    name = "amd"
    unit = "Å"
    is_metric = True

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, as plain data."""
        return {"distance": self.name, "over_groups": "mean"}

    def table(self, means: NDArray[np.floating[Any]]) -> Floats:
        """(n, n_groups) average minimum distances, Å.

        Raises
        ------
        WrongUsageError
            If they have not two axes, or one is not finite.
        """
        rows = np.ascontiguousarray(means, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] == 0 or not np.isfinite(rows).all():  # noqa: PLR2004 - axes
            raise WrongUsageError(
                "mean distances are a finite array with two axes, crystals and groups",
                value=f"shape {rows.shape}",
                remedy="use xtalprint.descriptors.sorted_distances.average_minimum_distances",
            )
        return rows

    def distances(self, a: Floats, b: Floats) -> Floats:
        """(len(a), len(b)) Å.

        Raises
        ------
        WrongUsageError
            If the numbers of groups differ.
        """
        from scipy.spatial.distance import cdist  # noqa: PLC0415 - for this distance only

        check_tables(self.name, np.ndarray, a=a, b=b)
        if a.shape[1] != b.shape[1]:
            raise WrongUsageError("the two have different numbers of groups", value=f"{a.shape[1]} and {b.shape[1]}")
        result: Floats = cdist(a, b, "cityblock") / a.shape[1]
        return result


@dataclass(frozen=True, eq=False)
class SortedRows:
    """Sorted distances of many crystals."""

    rows: tuple[SortedDistances, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def __getitem__(self, rows: slice) -> SortedRows:
        """Successive rows."""
        return SortedRows(self.rows[rows])


class SortedEarthMovers:
    """Mean over the groups of the exact earth mover's distances of sorted distances; a metric on them.

    The limit of `EarthMovers` for narrow bins without smearing and a far end of the range. It takes some microseconds
    a pair, much longer than bins do.
    """

    name = "sorted"
    unit = "Å"
    is_metric = True

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, as plain data."""
        return {"distance": self.name, "over_groups": "mean"}

    def table(self, items: Iterable[SortedDistances]) -> SortedRows:
        """Sorted distances with the same number of groups."""
        return SortedRows(tuple(items))

    def distances(self, a: SortedRows, b: SortedRows) -> Floats:
        """(len(a), len(b)) Å; the pair counts and not its order."""
        check_tables(self.name, SortedRows, a=a, b=b)
        out = np.empty((len(a), len(b)))
        for i, one in enumerate(a.rows):
            for j, other in enumerate(b.rows):
                if a is b and j < i:
                    out[i, j] = out[j, i]
                else:
                    out[i, j] = 0.0 if one is other else wasserstein_of_sorted(one, other).mean()
        return out
