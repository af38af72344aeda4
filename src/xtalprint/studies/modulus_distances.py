"""All distances between the crystals of the elasticity set that the study of their nearest neighbours compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.errors import UnsupportedInputError
from xtalprint.similarity import CompositionEarthMovers, CompositionTable, EarthMovers
from xtalprint.similarity.metrics import Metric, metric_named
from xtalprint.similarity.views import FingerprintView
from xtalprint.studies.base import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Singles = NDArray[np.float32]
    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Names of the parts; GRID is by the recipe of gridrdf 0.2.0, which the published figures were made with.
RDF_PART, GRID_PART, GRID_COUNTED, AMD_PART, COMPOSITION = "RDF", "GRID", "GRID by count", "AMD", "composition"
#: Those that the room of similarity has by name.
NAMED = {RDF_PART: "rdf-emd", GRID_COUNTED: "grid-emd", AMD_PART: "amd"}
#: Fingerprints that are divided by their sums at a time.
ROWS = 1000


def distances_by_part(crystals: Sequence[Crystal]) -> dict[str, Singles]:
    """Matrices (n, n) in single precision by part; Å, that of compositions without a unit.

    Notes
    -----
    Values of GRID by cutoff are densities at points, whose sums are only near 1, so that each row is divided by its
    own: as SciPy's distance does it, which gridrdf calls. So are the radial distribution functions.
    """
    found: dict[str, Singles] = {}
    for name, metric in NAMED.items():
        found[name] = _matrix(metric_named(metric), crystals)
        say(f"{name}: done")
    found[GRID_PART] = _by_cutoff(crystals)
    found[COMPOSITION] = _compositions(crystals)
    say("distances: done")
    return found


def _matrix(metric: Metric, crystals: Sequence[Crystal]) -> Singles:
    table = metric.table(crystals, threads=1)
    return metric.distances(table, table).astype(np.float32)


def rdf_distances(asked: Sequence[Crystal], known: Sequence[Crystal], *, r_max: float, bin_width: float) -> Singles:
    """Earth mover's distances (asked, known) in Å between RDFs of another range or other bins than `RDF_PART`."""
    distance = EarthMovers(bin_width=bin_width)
    view = FingerprintView(RDF(r_max=r_max, bin_width=bin_width), distance, as_shares=True)
    metric = Metric("rdf", "earth mover's distance of the RDF", distance.unit, view, distance)
    tables = [metric.table(crystals, threads=1) for crystals in (asked, known)]
    return distance.distances(*tables).astype(np.float32)


def _by_cutoff(crystals: Sequence[Crystal]) -> Singles:
    descriptor = GRID.by_cutoff()
    batch = descriptor.compute_many(crystals, threads=1)
    if batch.failures:
        raise batch.failures[0].error
    # In parts: in double precision all of them would need a gigabyte.
    grids = batch.array
    for i in range(0, len(grids), ROWS):
        grids[i : i + ROWS] = _shares(grids[i : i + ROWS].astype(np.float64), crystals[i : i + ROWS])
    distance = EarthMovers(bin_width=descriptor.bin_width)
    table = distance.table(grids)
    return distance.distances(table, table).astype(np.float32)


def _shares(values: Floats, crystals: Sequence[Crystal]) -> Floats:
    sums = values.sum(axis=-1, keepdims=True)
    empty = np.argwhere(sums[..., 0] == 0)
    if len(empty):
        row, group = empty[0].tolist()
        raise UnsupportedInputError(
            "no neighbour of a group is within reach of GRID",
            source=crystals[row].source,
            frame=crystals[row].frame,
            value=f"group {group}",
            remedy="leave this crystal out",
        )
    return np.asarray(values / sums)


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
