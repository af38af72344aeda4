"""The ways of telling how alike crystals are that the studies on similarity compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.grid import GRID
from xtalprint.errors import XtalprintError
from xtalprint.similarity import EarthMovers
from xtalprint.similarity.metrics import Metric, metric_named
from xtalprint.similarity.views import FingerprintView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]

#: Crystals that are prepared together.
AT_A_TIME = 1000
#: Names used in the statements.
GRID_EMD, GRID_COSINE = "GRID + EMD", "GRID + cosine"
RDF_EMD, RDF_COSINE = "RDF + EMD", "RDF + cosine"
SORTED = "sorted distances"
#: Within which a figure counts as reproduced.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Method:
    """A way of telling how unlike crystals are.

    Parameters
    ----------
    name
        For tables.
    unit
        Å, or 1.
    matrix
        (n, n) distances of n crystals; not a number where a crystal has no fingerprint.
    about
        What is compared with what.
    """

    name: str
    unit: str
    matrix: Callable[[Sequence[Crystal]], Floats]
    about: Mapping[str, Any]


def _of(name: str, metric: Metric) -> Method:
    about = {**metric.view.parameters, **metric.distance.parameters}
    return Method(name, metric.unit, partial(_matrix, metric), about)


def _grid(name: str, descriptor: GRID) -> Method:
    """Earth mover's distances of another recipe than that of grid-emd."""
    emd = EarthMovers(bin_width=descriptor.bin_width)
    return _of(name, Metric(name, name, emd.unit, FingerprintView(descriptor, emd), emd))


def _matrix(metric: Metric, crystals: Sequence[Crystal]) -> Floats:
    view, packs, seen = metric.view, [], []
    for start in range(0, len(crystals), AT_A_TIME):
        rows = view.of_many(crystals[start : start + AT_A_TIME])
        sound = [i for i, row in enumerate(rows) if not isinstance(row, XtalprintError)]
        if sound:
            packs.append(view.packed([rows[i] for i in sound]))
            seen += [start + i for i in sound]
    whole = np.full((len(crystals), len(crystals)), np.nan)
    if packs:
        table = view.joined(packs)
        whole[np.ix_(seen, seen)] = metric.distances(table, table)
    return whole


def methods() -> dict[str, Method]:
    """All of them by name, those in Å that share one definition first."""
    every = (
        _of(GRID_EMD, metric_named("grid-emd")),
        _grid("GRID 0.2.0 + EMD", GRID.by_cutoff()),
        _grid("GRID unsmeared + EMD", GRID(smearing=0)),
        _of(SORTED, metric_named("sorted")),
        _of("AMD", metric_named("amd")),
        _of(GRID_COSINE, metric_named("grid-cosine")),
        _of(RDF_EMD, metric_named("rdf-emd")),
        _of(RDF_COSINE, metric_named("rdf-cosine")),
    )
    return {method.name: method for method in every}


#: Methods whose distances estimate the same: how far the k-th neighbours are from each other, mean over k.
OF_NEIGHBOURS = (GRID_EMD, "GRID 0.2.0 + EMD", "GRID unsmeared + EMD", SORTED, "AMD")


def beside(ours: Sequence[float], known: Sequence[float]) -> dict[str, Any]:
    """Our figures beside the known ones."""
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(known, dtype=np.float64)
    deviations = a / b - 1
    largest = float(np.abs(deviations).max())
    return {
        "ours": a.tolist(),
        "known": b.tolist(),
        "relative_deviation": deviations.tolist(),
        "largest": largest,
        "within_2_percent": largest <= TOLERANCE,
    }
