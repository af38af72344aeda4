"""From crystals to distances under one name: what ``xtalprint compare --metric NAME`` computes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from xtalprint.descriptors.base import FingerprintBatch, attempt, parameters
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.descriptors.sorted_distances import SortedDistances, average_minimum_distances, distances_by_group
from xtalprint.errors import NothingSeenError, UnsupportedInputError, WrongUsageError, XtalprintError
from xtalprint.geometry.inputs import is_one
from xtalprint.similarity.composition import CompositionEarthMovers, Ground, composition_fractions
from xtalprint.similarity.distances import Part, WeightedSum
from xtalprint.similarity.earth_movers import EarthMovers
from xtalprint.similarity.mean_distances import MeanDistances, SortedEarthMovers
from xtalprint.similarity.vectors import Cosine, Euclid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor
    from xtalprint.similarity.distances import Distance

#: Weight of the first part of ``total``, 1/Å.
WEIGHT_OF_GRID = 10.0


class View(Protocol):
    """What a distance sees of a crystal: made for one crystal, then packed for many, then joined for all."""

    def of(self, crystal: Crystal) -> Any:  # noqa: ANN401 - each view has its own kind
        """What is kept of one crystal; raises `XtalprintError` if that is not possible."""
        ...

    def of_many(self, crystals: Sequence[Crystal]) -> list[Any]:
        """What is kept of each of some crystals, to the last bit as `of` gives it, or the error in its place."""
        return [attempt(self.of, crystal) for crystal in crystals]

    def arrays(self, row: Any) -> list[NDArray[Any]]:  # noqa: ANN401 - as above
        """What is kept of one crystal as arrays, for a file."""
        return [row]

    def row(self, arrays: list[NDArray[Any]]) -> Any:  # noqa: ANN401 - as above
        """What is kept of one crystal, from its `arrays`."""
        return arrays[0]

    def packed(self, rows: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        """Pack some, to take less memory."""
        ...

    def joined(self, packs: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        """Join packs to the table that the distance compares."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """All that it depends on, as plain data."""
        ...


@dataclass(frozen=True)
class Metric:
    """A name for what is seen of crystals and how that is compared.

    Parameters
    ----------
    name
        As in ``--metric NAME``.
    about
        A clause for people.
    unit
        Å, or 1.
    view
        What is seen of a crystal.
    distance
        How that is compared.

    Examples
    --------
    >>> metric = metric_named("grid-emd")
    >>> metric.unit, metric.is_metric
    ('Å', True)
    """

    name: str
    about: str
    unit: str
    view: View
    distance: Distance

    @property
    def is_metric(self) -> bool:
        """Whether it obeys the triangle inequality."""
        return self.distance.is_metric

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything that a distance depends on, as plain data."""
        return {"metric": self.name, "seen": self.view.parameters, **self.distance.parameters}

    def table(self, crystals: Sequence[Crystal]) -> Any:  # noqa: ANN401 - that of the distance
        """Prepare crystals for `distances`; raises `XtalprintError` for the first that cannot be.

        Examples
        --------
        >>> from xtalprint import Crystal
        >>> small, large = (Crystal([[0, 0, 0]], ["Po"], cell=a * np.eye(3)) for a in (3.0, 3.1))
        >>> metric = metric_named("sorted")
        >>> table = metric.table([small, large])
        >>> metric.distances(table, table).round(3)
        array([[0.   , 0.219],
               [0.219, 0.   ]])
        """
        given: Any = crystals
        rows = self.view.of_many([given] if is_one(given) else list(given))
        failed = next((row for row in rows if isinstance(row, XtalprintError)), None)
        if failed is not None:
            raise failed
        return self.view.joined([self.view.packed(rows)])

    def distances(self, a: Any, b: Any) -> NDArray[np.float64]:  # noqa: ANN401 - as above
        """(len(a), len(b)) distances between the rows of two tables."""
        return self.distance.distances(a, b)


@dataclass(frozen=True)
class _Descriptor(View):
    """Fingerprints of a descriptor."""

    descriptor: Descriptor
    distance: Distance
    as_shares: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        return {**parameters(self.descriptor), **({"divided_by": "its sum"} if self.as_shares else {})}

    def of(self, crystal: Crystal) -> NDArray[np.floating[Any]]:
        return self._of_array(self.descriptor.compute(crystal).array, crystal)

    def of_many(self, crystals: Sequence[Crystal]) -> list[Any]:
        found = self.descriptor.compute_many(crystals, threads=1).outcomes(crystals, self.descriptor)
        return [
            one if isinstance(one, XtalprintError) else attempt(partial(self._of_array, one.array), crystal)
            for one, crystal in zip(found, crystals, strict=True)
        ]

    def _of_array(self, array: NDArray[np.floating[Any]], crystal: Crystal) -> NDArray[np.floating[Any]]:
        if not self.as_shares:
            return array
        total = array.astype(np.float64).sum()
        if total == 0:
            raise NothingSeenError(
                "no two sites are within reach of its radial distribution function",
                source=crystal.source,
                frame=crystal.frame,
                remedy="choose another metric, such as amd",
            )
        return np.asarray(array.astype(np.float64)[None, :] / total)

    def packed(self, rows: Sequence[NDArray[np.floating[Any]]]) -> Any:  # noqa: ANN401 - that of the distance
        return self.distance.table(FingerprintBatch(np.stack(rows), np.arange(len(rows)), descriptor=self.descriptor))

    def joined(self, packs: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        return type(packs[0]).joined(packs)


@dataclass(frozen=True)
class _Means(View):
    """Average minimum distances."""

    n_groups: int = 100

    @property
    def parameters(self) -> dict[str, Any]:
        return {"descriptor": "AMD", "n_groups": self.n_groups}

    def of(self, crystal: Crystal) -> NDArray[np.float64]:
        return _enough(average_minimum_distances(crystal, n_groups=self.n_groups), crystal, self.n_groups)

    def packed(self, rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.stack(rows)

    def joined(self, packs: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        return MeanDistances().table(np.concatenate(packs))


@dataclass(frozen=True)
class _Sorted(View):
    """Sorted distances of all sites."""

    n_groups: int = 100

    @property
    def parameters(self) -> dict[str, Any]:
        return {"descriptor": "sorted distances", "n_groups": self.n_groups}

    def of(self, crystal: Crystal) -> Any:  # noqa: ANN401 - SortedDistances
        found = distances_by_group(crystal, n_groups=self.n_groups)
        _enough(found.distances, crystal, self.n_groups)
        return found

    def arrays(self, row: Any) -> list[NDArray[Any]]:  # noqa: ANN401 - SortedDistances
        return [row.distances, row.shares]

    def row(self, arrays: list[NDArray[Any]]) -> SortedDistances:
        return SortedDistances(*arrays)

    def packed(self, rows: Sequence[Any]) -> Sequence[Any]:
        return rows

    def joined(self, packs: Sequence[Sequence[Any]]) -> Any:  # noqa: ANN401 - SortedRows
        return SortedEarthMovers().table(row for pack in packs for row in pack)


@dataclass(frozen=True)
class _Elements(View):
    """Fractions of the elements."""

    ground: Ground

    @property
    def parameters(self) -> dict[str, Any]:
        return {"descriptor": "composition"}

    def of(self, crystal: Crystal) -> NDArray[np.float64]:
        return composition_fractions(crystal)

    def packed(self, rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.stack(rows)

    def joined(self, packs: Sequence[NDArray[np.float64]]) -> Any:  # noqa: ANN401 - CompositionTable
        return CompositionEarthMovers(ground=self.ground).table(np.concatenate(packs))


@dataclass(frozen=True)
class _Both(View):
    """Two views beside each other."""

    views: tuple[View, ...]
    distance: WeightedSum

    @property
    def parameters(self) -> dict[str, Any]:
        return {"parts": [view.parameters for view in self.views]}

    def of(self, crystal: Crystal) -> tuple[Any, ...]:
        return tuple(view.of(crystal) for view in self.views)

    def of_many(self, crystals: Sequence[Crystal]) -> list[Any]:
        return [
            next((one for one in parts if isinstance(one, XtalprintError)), parts)
            for parts in zip(*(view.of_many(crystals) for view in self.views), strict=True)
        ]

    def arrays(self, row: tuple[Any, ...]) -> list[NDArray[Any]]:
        return list(row)

    def row(self, arrays: list[NDArray[Any]]) -> tuple[Any, ...]:
        return tuple(arrays)

    def packed(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        return tuple(view.packed(column) for view, column in zip(self.views, zip(*rows, strict=True), strict=True))

    def joined(self, packs: Sequence[tuple[Any, ...]]) -> Any:  # noqa: ANN401 - TableOfParts
        return self.distance.table(
            [view.joined(column) for view, column in zip(self.views, zip(*packs, strict=True), strict=True)]
        )


def metric_named(name: str) -> Metric:
    """Find a metric.

    Raises
    ------
    WrongUsageError
        If there is none of this name.
    """
    found = metrics().get(name)
    if found is None:
        raise WrongUsageError("no such metric", value=repr(name), remedy=f"take one of {', '.join(metrics())}")
    return found


class _EarthMoversOfRDF(EarthMovers):
    """The same, by the name that a matrix of it bears."""

    name = "rdf-emd"


@cache
def metrics() -> dict[str, Metric]:
    """All metrics by name, the default first."""
    grid, emd = GRID(), EarthMovers(bin_width=GRID().bin_width)
    rdf_emd = _EarthMoversOfRDF(bin_width=RDF().bin_width)
    of_rdf = _Descriptor(RDF(), rdf_emd, as_shares=True)
    every = (
        Metric("grid-emd", "earth mover's distance of GRID", "Å", _Descriptor(grid, emd), emd),
        _of_vectors("grid-cosine", "1 - cosine of GRID", grid, Cosine(), as_shares=False),
        _of_vectors("grid-euclid", "Euclidean distance of GRID", grid, Euclid(), as_shares=False),
        Metric("rdf-emd", "earth mover's distance of the RDF", "Å", of_rdf, rdf_emd),
        _of_vectors("rdf-cosine", "1 - cosine of the RDF", RDF(), Cosine(), as_shares=True),
        Metric("amd", "mean difference of the group means (AMD)", "Å", _Means(), MeanDistances()),
        Metric("sorted", "exact earth mover's distance without bins", "Å", _Sorted(), SortedEarthMovers()),
        _of_elements("composition", "transformed"),
        _of_elements("composition-metric", "transformed-metric"),
        _total("total", "transformed"),
        _total("total-metric", "transformed-metric"),
    )
    return {metric.name: metric for metric in every}


def _of_vectors(name: str, about: str, descriptor: Descriptor, distance: Distance, *, as_shares: bool) -> Metric:
    return Metric(name, about, distance.unit, _Descriptor(descriptor, distance, as_shares), distance)


def _of_elements(name: str, ground: Ground) -> Metric:
    distance = CompositionEarthMovers(ground=ground)
    along = ", along shortest paths" if distance.is_metric else ""
    return Metric(
        name, f"earth mover's distance of the compositions{along}", distance.unit, _Elements(ground), distance
    )


def _total(name: str, ground: Ground) -> Metric:
    emd, elements = EarthMovers(bin_width=GRID().bin_width), CompositionEarthMovers(ground=ground)
    distance = WeightedSum([Part(WEIGHT_OF_GRID, emd), Part(1.0, elements)])
    view = _Both((_Descriptor(GRID(), emd), _Elements(ground)), distance)
    second = "composition-metric" if elements.is_metric else "composition"
    return Metric(name, f"10/Å times grid-emd plus {second}", distance.unit, view, distance)


def _enough(distances: NDArray[np.float64], crystal: Crystal, n_groups: int) -> NDArray[np.float64]:
    if np.isfinite(distances).all():
        return distances
    raise UnsupportedInputError(
        f"a cluster of {len(crystal)} atoms has no {n_groups} neighbours for each",
        source=crystal.source,
        frame=crystal.frame,
        remedy="choose grid-emd, which puts those that lack at 10 Å",
    )
