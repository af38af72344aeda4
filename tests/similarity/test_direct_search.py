"""Search by any metric: the nearest of all, some rows at a time."""

from __future__ import annotations

import numpy as np
import pytest
from random_grids import random_crystal

from xtalprint.similarity import direct_search, metric_named
from xtalprint.similarity.direct_search import DirectSearch

CRYSTALS = [random_crystal(i % 20) for i in range(26)]  # the last six are twins of the first


@pytest.mark.parametrize("name", ["grid-emd:2+amd:1", "amd", "sorted", "grid-cosine"])
def test_the_nearest_are_those_of_all_whatever_the_blocks(name, monkeypatch):
    metric = metric_named(name)
    table = metric.table(CRYSTALS)
    longest, threads = [], []

    class Watched:
        def distances(self, a, b):
            longest.append(len(b))
            return metric.distances(a, b)

        def table(self, items, **given):
            threads.append(given)
            return metric.table(items, **given)

    search = DirectSearch(Watched(), table, [str(i) for i in range(26)], {"half": [i / 2 for i in range(26)]})
    for block in (1, 7, 2048):
        monkeypatch.setattr(direct_search, "BLOCK", block)
        for place, k in ((0, 1), (3, 10), (25, 100)):
            longest.clear()
            found = search.query(CRYSTALS[place], k)
            expected = metric.distances(metric.table([CRYSTALS[place]]), table)[0]
            order = np.argsort(expected, kind="stable")[:k]
            assert found.numbers.tolist() == order.tolist(), "equal ones in the order of the table"
            assert np.array_equal(found.distances, expected[order])
            assert found.labels == {"half": tuple((order / 2).tolist())}
            assert (found.looked_at, found.measured) == (26, 26)
            assert max(longest) <= block, "only so many rows are unpacked at once"
    assert all(given == {"threads": 1} for given in threads), "commands have a thread for each query"
