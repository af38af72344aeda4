"""All distances between the crystals of the elasticity set that the study of their nearest neighbours compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.descriptors.sorted_distances import average_minimum_distances
from xtalprint.similarity import CompositionEarthMovers, CompositionTable, EarthMovers
from xtalprint.similarity.mean_distances import MeanDistances
from xtalprint.studies.base import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor
    from xtalprint.similarity import Distance

    Singles = NDArray[np.float32]
    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Names of the parts; GRID is by the recipe of gridrdf 0.2.0, which the published figures were made with.
RDF_PART, GRID_PART, GRID_COUNTED, AMD_PART, COMPOSITION = "RDF", "GRID", "GRID by count", "AMD", "composition"
#: Fingerprints that are divided by their sums at a time.
ROWS = 1000


def distances_by_part(crystals: Sequence[Crystal]) -> dict[str, Singles]:
    """Matrices (n, n) in single precision by part; Å, that of compositions without a unit.

    Notes
    -----
    Values of the recipe by cutoff are densities at points, whose sums are only near 1, so that each row is divided by
    its own: as SciPy's distance does it, which gridrdf calls. So are the radial distribution functions.
    """
    found: dict[str, Singles] = {}
    emd = EarthMovers(bin_width=GRID().bin_width)
    values = _values(RDF(), crystals).astype(np.float64)[:, None, :]
    found[RDF_PART] = _matrix(emd, emd.table(_shares(values)))
    for name, descriptor in ((GRID_PART, GRID.by_cutoff()), (GRID_COUNTED, GRID())):
        # In parts: in double precision all of them would need a gigabyte.
        grids = _values(descriptor, crystals)
        if descriptor.recipe == "cutoff":
            for i in range(0, len(grids), ROWS):
                grids[i : i + ROWS] = _shares(grids[i : i + ROWS].astype(np.float64))
        found[name] = _matrix(emd, emd.table(grids))
        say(f"{name}: done")
    means = np.array([average_minimum_distances(crystal) for crystal in crystals])
    found[AMD_PART] = _matrix(MeanDistances(), means)
    found[COMPOSITION] = _compositions(crystals)
    say("distances: done")
    return found


def _values(descriptor: Descriptor, crystals: Sequence[Crystal]) -> NDArray[np.floating[Any]]:
    """Fingerprints of all; raises the error of the first that has none."""
    batch = descriptor.compute_many(crystals, threads=1)
    if batch.failures:
        raise batch.failures[0].error
    return batch.array


def _shares(values: Floats) -> Floats:
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def _matrix(distance: Distance, table: object) -> Singles:
    return distance.distances(table, table).astype(np.float32)


def _compositions(crystals: Sequence[Crystal]) -> Singles:
    """Those of different compositions only, then spread to all: a fifth of the crystals share one."""
    distance = CompositionEarthMovers()
    whole = distance.table(list(crystals))
    keys = np.concatenate([whole.places, np.round(whole.masses, 9)], axis=1)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    few = CompositionTable(whole.counts[first], whole.places[first], whole.masses[first])
    between = distance.distances(few, few).astype(np.float32)
    group = group.ravel()
    return np.asarray(between[np.ix_(group, group)])


def summed(parts: Mapping[str, Singles], weights: Mapping[str, float], rows: Rows, columns: Rows) -> Singles:
    """Weighted sum of some parts, of some rows and columns."""
    total = np.zeros((len(rows), len(columns)), dtype=np.float32)
    for name, weight in weights.items():
        total += np.float32(weight) * parts[name][np.ix_(rows, columns)]
    return total
