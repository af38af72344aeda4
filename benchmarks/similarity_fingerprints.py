"""Fingerprints of real and made-up crystals for the benchmarks of similarity, kept in a cache."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from xtalprint import Crystal, __version__
from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.grid import GRID
from xtalprint.errors import XtalprintError
from xtalprint.io import read_table
from xtalprint.similarity import CumulativeTable
from xtalprint.similarity.making import making_of

if TYPE_CHECKING:
    from pathlib import Path


N_GROUPS, N_BINS, WIDTH = 100, 100, 0.1
CHUNK = 1000
#: Of synthetic crystals: real ones strained by so much, atoms displaced by so many Å.
STRAIN, SHIFT = 0.02, 0.05
#: Å, of the Gaussians of smeared fingerprints.
SMEARING = 0.1
#: What is kept of a table.
ARRAYS = ("first", "last", "offsets", "values")


def descriptor(*, smeared: bool = False) -> GRID:
    """Plain histograms, or histograms of Gaussians: those of ``GRID()`` and the commands."""
    return GRID(n_groups=N_GROUPS, r_max=N_BINS * WIDTH, bin_width=WIDTH, smearing=SMEARING if smeared else 0)


def strained(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """A made-up relative: the cell strained, the atoms displaced."""
    cell = crystal.cell @ (np.eye(3) + STRAIN * rng.normal(size=(3, 3)))
    positions = crystal.frac @ cell + SHIFT * rng.normal(size=(len(crystal), 3))
    return Crystal(positions, crystal.numbers, cell=cell)


def packed(
    path: Path, cache: Path, *, relatives: int = 0, smeared: bool = False, most: int | None = None
) -> CumulativeTable:
    """Packed fingerprints of a crystal table, or of made-up relatives of its crystals; computed once.

    What is kept is found again by the descriptor's parameters and the version too.
    """
    made = {
        "descriptor": parameters(descriptor(smeared=smeared)),
        "version": __version__,
        "relatives": [relatives, STRAIN, SHIFT] if relatives else None,
        "most": most,
        "bytes": path.stat().st_size,
    }
    key = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
    kept = cache / f"{path.stem}{'-smeared' * smeared}{f'-relatives-{relatives}' if relatives else ''}-{key}.npz"
    if kept.exists():
        with np.load(kept) as arrays:
            making = making_of({"": descriptor(smeared=smeared)})
            return CumulativeTable(*(arrays[name] for name in ARRAYS), n_bins=N_BINS, making=making)
    crystals = read_table(path).crystals[:most]
    tables: list[CumulativeTable] = []
    n = relatives or len(crystals)
    for start in range(0, n, CHUNK):
        chosen = []
        for i in range(start, min(start + CHUNK, n)):
            try:
                crystal = crystals[i % len(crystals)]
                chosen.append(strained(crystal, np.random.default_rng([1, i])) if relatives else crystal)
            except XtalprintError as error:
                print(error)
        tables.append(CumulativeTable.of(descriptor(smeared=smeared).compute_many(chosen, threads=1)))
        print(kept.stem, start + len(chosen), flush=True)
    table = CumulativeTable.joined(tables)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(kept, **{name: getattr(table, name) for name in ARRAYS})
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
