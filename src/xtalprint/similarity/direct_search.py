"""Search by any metric: every query is compared with all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.similarity.fingerprints import whole_number
from xtalprint.similarity.index import Neighbours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.similarity.metrics import Metric

#: Rows that a query is compared with at once, which are unpacked for that.
BLOCK = 2048


@dataclass(frozen=True, eq=False)
class DirectSearch:
    """The most similar of many crystals by any metric; by grid-emd a `SimilarityIndex` gives the same much sooner.

    Parameters
    ----------
    metric
        See `xtalprint.similarity.metric_named`.
    table
        What it made of the crystals.
    ids
        One name for each.
    labels
        Values for each, by name.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> from xtalprint.similarity import metric_named
    >>> crystals = [Crystal([[0, 0, 0]], [symbol], cell=3 * np.eye(3)) for symbol in ("Ag", "Cl", "Cu")]
    >>> metric = metric_named("composition")
    >>> search = DirectSearch(metric, metric.table(crystals), ("silver", "chlorine", "copper"), {})
    >>> search.query(crystals[0], k=2).ids
    ('silver', 'copper')
    """

    metric: Metric
    table: Any
    ids: Sequence[str]
    labels: Mapping[str, Sequence[Any]]

    def query(self, item: Crystal, k: int = 10) -> Neighbours:
        """Find the k most similar crystals, or all if there are fewer.

        Parameters
        ----------
        item
            A crystal.
        k
            How many.

        Raises
        ------
        WrongUsageError
            If k is no positive whole number.
        XtalprintError
            If the metric cannot see the crystal.
        """
        k, n = whole_number(k, "k"), len(self.table)
        query = self.metric.table([item], threads=1)
        numbers, distances = np.empty(0, dtype=np.int64), np.empty(0)
        for start in range(0, n, BLOCK):
            of_block = self.metric.distances(query, self.table[start : start + BLOCK])[0]
            numbers = np.concatenate([numbers, np.arange(start, start + len(of_block))])
            distances = np.concatenate([distances, of_block])
            # Those before come first where distances are equal.
            nearest = np.argsort(distances, kind="stable")[:k]
            numbers, distances = numbers[nearest], distances[nearest]
        places = numbers.tolist()
        labels = {name: tuple(values[i] for i in places) for name, values in self.labels.items()}
        return Neighbours(numbers, tuple(self.ids[i] for i in places), distances, labels, n, n)
