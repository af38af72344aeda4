"""Fingerprints of real and made-up crystals for the benchmarks of similarity, kept in a cache."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

from xtalprint import Crystal
from xtalprint.errors import XtalprintError
from xtalprint.geometry import sorted_distances
from xtalprint.io import read_table
from xtalprint.similarity import CumulativeTable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

N_GROUPS, N_BINS, WIDTH = 100, 100, 0.1
CHUNK = 1000
#: Of synthetic crystals: real ones strained by so much, atoms displaced by so many Å.
STRAIN, SHIFT = 0.02, 0.05
#: Å, of the Gaussians of smeared fingerprints.
SMEARING = 0.1


@numba.njit
def _bin(distances: NDArray[np.float64], grid: NDArray[np.float64]) -> None:
    for site in range(len(distances)):
        for k in range(distances.shape[1]):
            place = int(distances[site, k] / WIDTH + 1e-4)
            if place < grid.shape[1]:
                grid[k, place] += 1 / len(distances)


@numba.njit
def _smear(distances: NDArray[np.float64], grid: NDArray[np.float64]) -> None:
    root = SMEARING * math.sqrt(2)
    for site in range(len(distances)):
        for k in range(distances.shape[1]):
            place = int(distances[site, k] / WIDTH)
            for b in range(max(0, place - 6), min(grid.shape[1], place + 7)):
                low, high = b * WIDTH - distances[site, k], (b + 1) * WIDTH - distances[site, k]
                grid[k, b] += (math.erf(high / root) - math.erf(low / root)) / (2 * len(distances))


def grid(crystal: Crystal, *, smeared: bool = False) -> NDArray[np.float32]:
    """Histograms of the distances to the first, second … hundredth neighbour; plain, or of Gaussians."""
    found = np.zeros((N_GROUPS, N_BINS))
    (_smear if smeared else _bin)(sorted_distances(crystal, k=N_GROUPS), found)
    return found.astype(np.float32)


def strained(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """A made-up relative: the cell strained, the atoms displaced."""
    cell = crystal.cell @ (np.eye(3) + STRAIN * rng.normal(size=(3, 3)))
    positions = crystal.frac @ cell + SHIFT * rng.normal(size=(len(crystal), 3))
    return Crystal(positions, crystal.numbers, cell=cell)


def packed(path: Path, cache: Path, *, relatives: int = 0, smeared: bool = False) -> CumulativeTable:
    """Packed fingerprints of a crystal table, or of made-up relatives of its crystals; computed once."""
    kept = cache / f"{path.stem}{'-smeared' * smeared}{f'-relatives-{relatives}' if relatives else ''}.npz"
    if kept.exists():
        with np.load(kept) as arrays:
            return CumulativeTable(*(arrays[name] for name in ("first", "last", "offsets", "values")), n_bins=N_BINS)
    crystals = read_table(path).crystals
    tables, grids = [], []
    for i in range(relatives or len(crystals)):
        try:
            crystal = crystals[i % len(crystals)]
            chosen = strained(crystal, np.random.default_rng([1, i])) if relatives else crystal
            grids.append(grid(chosen, smeared=smeared))
        except XtalprintError as error:
            print(error)
        if len(grids) == CHUNK:
            tables.append(CumulativeTable.of(grids))
            grids = []
            print(path.stem, i + 1, flush=True)
    if grids:
        tables.append(CumulativeTable.of(grids))
    table = CumulativeTable.joined(tables)
    cache.mkdir(parents=True, exist_ok=True)
    arrays = {name: getattr(table, name) for name in ("first", "last", "offsets", "values")}
    np.savez(kept, **arrays)
    return table


def unknown(path: Path, n: int) -> list[Crystal]:
    """Relatives of real crystals that are in no index."""
    crystals = read_table(path).crystals
    found = []
    for i in np.random.default_rng(2).permutation(len(crystals)).tolist():
        try:
            found.append(strained(crystals[i], np.random.default_rng([3, i])))
        except XtalprintError:
            continue
        if len(found) == n:
            break
    return found
