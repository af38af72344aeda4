"""Heaps of atoms: duplicates, wrong units, chains. All pairs of them would not fit into any memory."""

from __future__ import annotations

import time

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.errors import InvalidCrystalError
from xtalprint.sites import SMALL, group_coincident

N = 200_000
RNG = np.random.default_rng(0)
HEAPS = {
    "all on one place": np.zeros((N, 3)),
    "nanometres or fractions read as angstroms": RNG.random((N, 3)) * 0.5,
    "a chain of steps below the tolerance": np.arange(N)[:, None] * np.array([0.04, 0, 0]),
    "each atom a hundred times": np.repeat(RNG.random((N // 100, 3)) * 300, 100, axis=0),
    "noise below the tolerance": RNG.normal(0, 0.002, (N, 3)),
}


@pytest.mark.parametrize("heap", HEAPS)
@pytest.mark.parametrize("cell", [None, 400 * np.eye(3)], ids=["cluster", "crystal"])
def test_a_heap_is_refused_in_time(heap, cell):
    start = time.perf_counter()
    with pytest.raises(InvalidCrystalError, match=r"coincide: they are closer than 0[.]05 Å"):
        Crystal(HEAPS[heap], np.full(N, 29), cell=cell)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("species", [2, 5, 12])
@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_disordered_sites_are_no_heap(species, noise):
    """A high-entropy alloy: so many species on each site of a large cell, with and without a small spread."""
    grid = np.stack(np.meshgrid(*[np.arange(8) * 3.0] * 3), axis=-1).reshape(-1, 3)
    rows = np.repeat(grid, species, axis=0) + RNG.uniform(-noise, noise, (species * len(grid), 3))
    crystal = Crystal(rows, np.full(len(rows), 29), cell=24 * np.eye(3), occupancies=np.full(len(rows), 1 / species))
    assert crystal.site_of_row.tolist() == np.repeat(np.arange(len(grid)), species).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_the_search_for_heaps_finds_the_sites_that_all_pairs_give(seed):
    """Some sites of many rows at one place, across the faces of a skewed cell too."""
    rng = np.random.default_rng(seed)
    cell = np.array([[9.0, 0, 0], [4.0, 8, 0], [1.0, -3, 7]])
    sites = np.concatenate([rng.random((20, 3)), [[0.0, 0.3, 0.9999], [0, 0.3, 0.0001]]])
    rows = np.repeat(sites, rng.integers(1, 30, len(sites)), axis=0) @ cell
    rows = rng.permutation(rows + rng.integers(-1, 2, rows.shape) @ cell)
    assert len(rows) > SMALL
    delta = (rows[:, None] - rows) @ np.linalg.inv(cell)
    close = np.linalg.norm((delta - np.round(delta)) @ cell, axis=2) < 0.05
    found = group_coincident(rows, cell, (True, True, True), 0.05)
    assert ((found[:, None] == found) == close).all()
    assert [np.flatnonzero(found == i)[0] for i in range(found.max() + 1)] == sorted(
        np.flatnonzero(found == i)[0] for i in range(found.max() + 1)
    )
