"""Approximate search: exact distances, and nearly always the same neighbours."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from random_grids import random_grids

from xtalprint.errors import MissingExtraError, WrongUsageError
from xtalprint.similarity import SimilarityIndex
from xtalprint.similarity.approximate import ApproximateSearch

GRIDS = random_grids(600, 12, 50)


@pytest.fixture(scope="module")
def index():
    return SimilarityIndex.build(GRIDS, bin_width=0.1)


def test_without_faiss(index, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match=r'faiss-cpu, which .*: pip install "xtalprint\[search\]"'):
        ApproximateSearch.of(index)


def test_wrong_usage_is_told(index):
    with pytest.raises(WrongUsageError, match=r"no such approximate search \(value: 'lsh'\); take hnsw or ivf"):
        ApproximateSearch.of(index, kind="lsh")
    with pytest.raises(WrongUsageError, match="the number of candidates must be a whole number"):
        ApproximateSearch.of(index, candidates=0)


@pytest.mark.filterwarnings("ignore:.*SWIG.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:builtin type .*:DeprecationWarning")
@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_nearly_all_neighbours(index, kind):
    pytest.importorskip("faiss")
    search = ApproximateSearch.of(index, kind=kind, candidates=60)
    assert search.recall(list(GRIDS[::10]), 10) >= 0.95
    found, exact = search.query(GRIDS[5], 10), index.query(GRIDS[5], 10)
    assert found.measured <= 60
    shared = {i: d for i, d in zip(exact.ids, exact.distances, strict=True) if i in found.ids}
    assert all(found.distances[found.ids.index(i)] == d for i, d in shared.items())
    again = ApproximateSearch.of(index, kind=kind, candidates=60)
    assert np.array_equal(again.query(GRIDS[9], 10).distances, search.query(GRIDS[9], 10).distances)


def test_everything_as_candidates_is_exact(index):
    pytest.importorskip("faiss")
    search = ApproximateSearch.of(index, candidates=600)
    for i in range(0, 600, 50):
        assert search.query(GRIDS[i], 8).ids == index.query(GRIDS[i], 8).ids


@pytest.mark.filterwarnings("ignore:.*SWIG.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:builtin type .*:DeprecationWarning")
@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_as_many_as_are_wanted(kind):
    pytest.importorskip("faiss")
    index = SimilarityIndex.build(GRIDS[:100], bin_width=0.1)
    search = ApproximateSearch.of(index, kind=kind)
    for grid in GRIDS[:100:7]:
        for k in (10, 50, 100):
            assert len(search.query(grid, k)) == k
        assert search.query(grid, 200).ids == index.query(grid, 200).ids


def test_a_graph_that_reaches_too_few_is_left_for_all(index):
    class Broken:
        def search(self, _means, wanted):
            return None, np.array([[3, *[-1] * (wanted - 1)]])

    search = ApproximateSearch(index, 60, Broken())
    assert search.query(GRIDS[5], 10).ids == index.query(GRIDS[5], 10).ids


def test_recall_needs_a_query(index):
    with pytest.raises(WrongUsageError, match="there is no query to measure with; give at least one"):
        ApproximateSearch(index, 60, None).recall([])
