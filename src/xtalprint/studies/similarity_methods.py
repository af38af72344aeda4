"""The ways of telling how alike crystals are that the studies on similarity compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.descriptors.sorted_distances import distances_by_group, wasserstein_of_sorted
from xtalprint.similarity import Cosine, EarthMovers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.similarity import Distance

    Floats = NDArray[np.float64]

#: Neighbours of each site.
GROUPS = 100
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


def _grid(descriptor: GRID, distance: Distance, name: str, unit: str) -> Method:
    def matrix(crystals: Sequence[Crystal]) -> Floats:
        batch = descriptor.compute_many(crystals, threads=1)
        table = distance.table(batch)
        return _in_place(distance.distances(table, table), batch.index, len(crystals))

    divided = {"divided_by": "the sum of each group"} if descriptor.at_points else {}
    return Method(name, unit, matrix, {**parameters(descriptor), **divided, **distance.parameters})


def _rdf(distance: Distance, name: str, unit: str) -> Method:
    descriptor = RDF()

    def matrix(crystals: Sequence[Crystal]) -> Floats:
        batch = descriptor.compute_many(crystals, threads=1)
        values = batch.array.astype(np.float64)[:, None, :]
        table = distance.table(values / values.sum(axis=-1, keepdims=True))
        return _in_place(distance.distances(table, table), batch.index, len(crystals))

    about = {
        **parameters(descriptor),
        "divided_by": "its sum",
        **distance.parameters,
        "distance": name.rsplit(maxsplit=1)[-1],
    }
    return Method(name, unit, matrix, about)


def _in_place(distances: Floats, index: NDArray[np.integer[Any]], n: int) -> Floats:
    """(n, n) distances, not a number where a crystal has no fingerprint."""
    whole = np.full((n, n), np.nan)
    whole[np.ix_(index, index)] = distances
    return whole


def _sorted(crystals: Sequence[Crystal]) -> Floats:
    every = [distances_by_group(crystal, n_groups=GROUPS) for crystal in crystals]
    matrix = np.zeros((len(every), len(every)))
    for i, one in enumerate(every):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = wasserstein_of_sorted(one, every[j]).mean()
    return matrix


def _means(crystals: Sequence[Crystal]) -> Floats:
    means = np.array([distances_by_group(crystal, n_groups=GROUPS).means for crystal in crystals])
    return np.array([np.abs(means - one).mean(axis=1) for one in means])


def methods() -> dict[str, Method]:
    """All of them by name, those in Å that share one definition first."""
    emd = EarthMovers(bin_width=GRID().bin_width)
    every = (
        _grid(GRID(n_groups=GROUPS), emd, GRID_EMD, "Å"),
        _grid(GRID.by_cutoff(n_groups=GROUPS), emd, "GRID 0.2.0 + EMD", "Å"),
        _grid(GRID(n_groups=GROUPS, smearing=0), emd, "GRID unsmeared + EMD", "Å"),
        Method(SORTED, "Å", _sorted, {"n_groups": GROUPS, "distance": "mean over the groups of the exact EMD"}),
        Method("AMD", "Å", _means, {"n_groups": GROUPS, "distance": "mean over the groups of differences of means"}),
        _grid(GRID(n_groups=GROUPS), Cosine(), GRID_COSINE, "1"),
        _rdf(EarthMovers(bin_width=RDF().bin_width), RDF_EMD, "Å"),
        _rdf(Cosine(), RDF_COSINE, "1"),
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
