# ruff: noqa: D102 - what the methods of each view do stands at `View`
"""What distances see of crystals: fingerprints, mean and sorted distances, fractions of elements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import FingerprintBatch, attempt, parameters
from xtalprint.descriptors.sorted_distances import (
    SortedDistances,
    average_minimum_distances,
    distances_by_group,
    shortest_distance,
)
from xtalprint.errors import NothingSeenError, UnsupportedInputError, XtalprintError
from xtalprint.similarity.composition import CompositionEarthMovers, Ground, composition_fractions
from xtalprint.similarity.distances import TableOfParts
from xtalprint.similarity.mean_distances import MeanDistances, SortedEarthMovers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Descriptor
    from xtalprint.similarity.distances import Distance


class View(Protocol):
    """What a distance sees of a crystal: made for one crystal, then packed for many, then joined for all."""

    def of(self, crystal: Crystal) -> Any:  # noqa: ANN401 - each view has its own kind
        """What is kept of one crystal; raises `XtalprintError` if that is not possible."""
        ...

    def of_many(self, crystals: Sequence[Crystal]) -> list[Any]:
        """What is kept of each of some crystals, to the last bit as `of` gives it, or the error in its place."""
        return [attempt(self.of, crystal) for crystal in crystals]

    @property
    def n_arrays(self) -> int:
        """Length of `arrays`."""
        return 1

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
class FingerprintView(View):
    """Fingerprints of a descriptor."""

    descriptor: Descriptor
    distance: Distance
    as_shares: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        return {**parameters(self.descriptor), **({"divided_by": "its sum"} if self.as_shares else {})}

    def of(self, crystal: Crystal) -> NDArray[np.floating[Any]]:
        try:
            return self._of_array(self.descriptor.compute(crystal).array, crystal)
        except XtalprintError as error:
            raise self._refused(error, crystal) from None

    def of_many(self, crystals: Sequence[Crystal]) -> list[Any]:
        found = self.descriptor.compute_many(crystals, threads=1).outcomes(crystals, self.descriptor)
        return [
            self._refused(one, crystal)
            if isinstance(one, XtalprintError)
            else attempt(partial(self._of_array, one.array), crystal)
            for one, crystal in zip(found, crystals, strict=True)
        ]

    def _refused(self, error: XtalprintError, crystal: Crystal) -> XtalprintError:
        """The same error, with a remedy for who chose a metric and no descriptor."""
        if self.as_shares and type(error) is UnsupportedInputError and isinstance(crystal, Crystal):
            grid = ", or choose the metric grid-emd, which needs none" if crystal.n_sites > 1 else ""
            error.remedy = f"give the cell{grid}"
        return with_metric(error, crystal)

    def _of_array(self, array: NDArray[np.floating[Any]], crystal: Crystal) -> NDArray[np.floating[Any]]:
        if not self.as_shares:
            return array
        total = array.astype(np.float64).sum()
        if total == 0:
            raise NothingSeenError(
                "no two sites are within reach of its radial distribution function",
                source=crystal.source,
                frame=crystal.frame,
                value=f"{shortest_distance(crystal):.5g} Å between the nearest",
                remedy=_farther(crystal),
            )
        return np.asarray(array.astype(np.float64)[None, :] / total)

    def packed(self, rows: Sequence[NDArray[np.floating[Any]]]) -> Any:  # noqa: ANN401 - that of the distance
        return self.distance.table(FingerprintBatch(np.stack(rows), np.arange(len(rows)), descriptor=self.descriptor))

    def joined(self, packs: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        return type(packs[0]).joined(packs)


@dataclass(frozen=True)
class MeansView(View):
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
class SortedView(View):
    """Sorted distances of all sites."""

    n_groups: int = 100

    @property
    def n_arrays(self) -> int:
        return 2

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
class ElementsView(View):
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
class SeveralViews(View):
    """Several views beside each other, for a sum of distances."""

    views: tuple[View, ...]

    @property
    def n_arrays(self) -> int:
        return sum(view.n_arrays for view in self.views)

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
        return [array for view, part in zip(self.views, row, strict=True) for array in view.arrays(part)]

    def row(self, arrays: list[NDArray[Any]]) -> tuple[Any, ...]:
        rest = iter(arrays)
        return tuple(view.row(list(islice(rest, view.n_arrays))) for view in self.views)

    def packed(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        return tuple(view.packed(column) for view, column in zip(self.views, zip(*rows, strict=True), strict=True))

    def joined(self, packs: Sequence[tuple[Any, ...]]) -> TableOfParts:
        columns = zip(*packs, strict=True)
        return TableOfParts(tuple(view.joined(column) for view, column in zip(self.views, columns, strict=True)))


def with_metric(error: XtalprintError, crystal: object) -> XtalprintError:
    """The same error; if a descriptor has found nothing in reach, its remedy names a metric that does."""
    if isinstance(error, NothingSeenError) and isinstance(crystal, Crystal) and _has_neighbours(crystal):
        error.remedy = _farther(crystal)
    return error


def _has_neighbours(crystal: Crystal) -> bool:
    return crystal.n_sites > 1 or any(crystal.pbc)


def _farther(crystal: Crystal) -> str:
    """Which metrics reach farther than the bins of a descriptor."""
    if any(crystal.pbc) or crystal.n_sites > MeansView.n_groups:
        return "the metrics amd and sorted reach farther: --metric of compare, and of similar --table"
    return "the metric composition needs no neighbours: --metric of compare, and of similar --table"


def _enough(distances: NDArray[np.float64], crystal: Crystal, n_groups: int) -> NDArray[np.float64]:
    if np.isfinite(distances).all():
        return distances
    raise UnsupportedInputError(
        f"a cluster of {crystal.n_sites} atoms has no {n_groups} neighbours for each",
        source=crystal.source,
        frame=crystal.frame,
        remedy="choose grid-emd, which puts those that lack at 10 Å",
    )
