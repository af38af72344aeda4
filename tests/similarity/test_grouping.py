"""Groups within a tolerance: connected components, whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
from random_grids import plain_distances, random_grids
from scipy.sparse.csgraph import connected_components

from xtalprint.errors import WrongUsageError
from xtalprint.similarity import CumulativeTable, grouping_by_kind, groups_within
from xtalprint.similarity.grouping_by_kind import groups_within_kinds
from xtalprint.similarity.search import SortedTable


@pytest.fixture(scope="module")
def grids():
    some = random_grids(60, 5, 30)
    return np.concatenate([some, some[::3], some[:10]])


@pytest.mark.parametrize("tolerance", [0, 0.05, 0.12, 0.3, 5])
def test_groups_are_the_connected_components(grids, tolerance):
    groups = groups_within(grids, tolerance, bin_width=0.1)
    near = plain_distances(grids, grids) <= tolerance + 1e-6
    n_groups, expected = connected_components(near, directed=False)
    assert groups.max() + 1 == n_groups
    assert np.array_equal(groups, expected), "numbered in the order of the first members"
    assert np.array_equal(groups, groups_within(SortedTable.of(CumulativeTable.of(grids)), tolerance, bin_width=0.1))


def test_the_order_does_not_matter(grids):
    order = np.random.default_rng(1).permutation(len(grids))
    groups, other = groups_within(grids, 0.1, bin_width=0.1), groups_within(grids[order], 0.1, bin_width=0.1)
    pairs = {(a, b) for a, b in zip(groups[order].tolist(), other.tolist(), strict=True)}
    assert len(pairs) == groups.max() + 1 == other.max() + 1


def test_a_larger_tolerance_only_joins(grids):
    fine, coarse = groups_within(grids, 0.05, bin_width=0.1), groups_within(grids, 0.2, bin_width=0.1)
    assert len(set(zip(fine.tolist(), coarse.tolist(), strict=True))) == fine.max() + 1


def test_a_chain_is_one_group():
    steps = np.eye(9)[:, None, :]
    assert groups_within(steps, 0.1, bin_width=0.1).max() == 0
    assert groups_within(steps, 0.0999, bin_width=0.1).max() == 8
    assert np.array_equal(groups_within(np.eye(9)[[0, 8, 7, 1]][:, None, :], 0.1, bin_width=0.1), [0, 1, 1, 0])


@pytest.mark.parametrize("tolerance", [-0.1, np.nan, "0.1", None, True])
def test_wrong_tolerances_are_told(grids, tolerance):
    with pytest.raises(
        WrongUsageError, match=r"the tolerance is a length in Å .*; give a positive number, or 0 for equal"
    ):
        groups_within(grids, tolerance, bin_width=0.1)


def test_groups_of_a_kind(grids, monkeypatch):
    table = CumulativeTable.of(grids)
    kinds = [i % 3 if i % 4 else f"alone {i}" for i in range(len(grids))]
    groups = groups_within_kinds(table, kinds, 0.1, bin_width=0.1)
    near = plain_distances(grids, grids) <= 0.1 + 1e-6
    near &= np.array([[a == b for a in kinds] for b in kinds])
    assert np.array_equal(groups, connected_components(near, directed=False)[1])
    monkeypatch.setattr(grouping_by_kind, "groups_within", None)  # crystals alone of their kind need no search
    alone = range(len(grids))
    assert np.array_equal(groups_within_kinds(table, alone, 0.1, bin_width=0.1), alone)
    with pytest.raises(WrongUsageError, match="the tolerance is a length in Å"):
        groups_within_kinds(table, alone, -1, bin_width=0.1)
