"""Made-up fingerprints and crystals for the tests of this room."""

from __future__ import annotations

import numpy as np

from xtalprint import Crystal
from xtalprint.geometry import sorted_distances


def random_grids(n, n_groups, n_bins, seed=0, *, complete=True):
    """Narrow groups that move outwards, as in crystals; some mass is missing unless complete."""
    rng = np.random.default_rng([seed, n, n_groups, n_bins])
    grids = np.zeros((n, n_groups, n_bins))
    for i in range(n):
        stretch = rng.uniform(0.7, 1.4)
        for k in range(n_groups):
            centre = stretch * n_bins * (k + 1) / (n_groups + 1)
            places = np.clip(rng.normal(centre, rng.uniform(0, 3), rng.integers(1, 6)), 0, None).astype(int)
            shares = rng.dirichlet(np.ones(len(places)))
            if complete:
                places = np.minimum(places, n_bins - 1)
            inside = places < n_bins
            np.add.at(grids[i, k], places[inside], shares[inside])
    return grids


def random_crystal(seed):
    """One to six atoms in a random cell."""
    rng = np.random.default_rng([seed, 17])
    cell = np.diag(rng.uniform(3, 7, 3)) + rng.uniform(-1, 1, (3, 3))
    while True:
        frac = rng.random((rng.integers(1, 7), 3))
        try:
            return Crystal(frac @ cell, rng.integers(2, 80, len(frac)), cell=cell)
        except ValueError:  # two atoms on one place
            continue


def plain_grid(crystal, n_groups=30, n_bins=80, width=0.1):
    """Histogram of the distances to the first, second … neighbour, per site."""
    distances = sorted_distances(crystal, k=n_groups)
    grid = np.zeros((n_groups, n_bins))
    bins = np.floor(distances / width + 1e-4).astype(int)
    for k in range(n_groups):
        inside = bins[:, k][bins[:, k] < n_bins]
        np.add.at(grid[k], inside, 1 / len(distances))
    return grid


def plain_distances(a, b, width=0.1):
    """The definition, in double precision."""
    cumulated = [np.cumsum(grids, axis=-1) for grids in (a, b)]
    differences = np.abs(cumulated[0][:, None] - cumulated[1][None])
    return width / a.shape[1] * differences.sum(axis=(2, 3))
