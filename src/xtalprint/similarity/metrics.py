"""From crystals to distances under one name: what ``xtalprint compare --metric NAME`` computes."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from xtalprint.compute import map_ordered
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.geometry.inputs import is_one
from xtalprint.similarity.composition import CompositionEarthMovers, Ground
from xtalprint.similarity.distances import Part, WeightedSum
from xtalprint.similarity.earth_movers import EarthMovers
from xtalprint.similarity.fingerprints import positive
from xtalprint.similarity.mean_distances import MeanDistances, SortedEarthMovers
from xtalprint.similarity.vectors import Cosine, Euclid
from xtalprint.similarity.views import ElementsView, FingerprintView, MeansView, SeveralViews, SortedView, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor
    from xtalprint.similarity.distances import Distance

#: Crystals that are prepared together.
AT_A_TIME = 100
#: Weight of the first part of ``total``, 1/Å.
WEIGHT_OF_GRID = 10.0
#: Joins the parts of a sum; in a weight such as 1e+16 it does not.
PLUS = re.compile(r"(?<![\d.][eE])\+")


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

    def table(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> Any:  # noqa: ANN401 - that of the distance
        """Prepare crystals for `distances`, some at a time, on several threads; None means all cores.

        Raises
        ------
        XtalprintError
            For the first crystal that cannot be prepared, or if there is none.

        Examples
        --------
        >>> import numpy as np
        >>> from xtalprint import Crystal
        >>> small, large = (Crystal([[0, 0, 0]], ["Po"], cell=a * np.eye(3)) for a in (3.0, 3.1))
        >>> metric = metric_named("sorted")
        >>> table = metric.table([small, large])
        >>> metric.distances(table, table).round(3)
        array([[0.   , 0.219],
               [0.219, 0.   ]])
        """
        given: Any = crystals
        every = [given] if is_one(given) else list(given)
        if not every:
            raise WrongUsageError("there is no crystal to compare", remedy="give at least one")
        some = [every[i : i + AT_A_TIME] for i in range(0, len(every), AT_A_TIME)]
        packs = []
        with closing(map_ordered(self.view.of_many, some, threads=threads)) as found:
            for rows in found:
                failed = next((row for row in rows if isinstance(row, XtalprintError)), None)
                if failed is not None:
                    raise failed
                packs.append(self.view.packed(rows))
        return self.view.joined(packs)

    def distances(self, a: Any, b: Any) -> NDArray[np.float64]:  # noqa: ANN401 - as above
        """(len(a), len(b)) distances between the rows of two tables."""
        return self.distance.distances(a, b)


def metric_named(name: str) -> Metric:
    """Find a metric, or make a weighted sum of some.

    Parameters
    ----------
    name
        One of `metrics`, or some with their weights: ``"grid-emd:10+composition:1"``, a weight of 1 being understood.
        A sum bears this name with all weights, and has no unit.

    Raises
    ------
    WrongUsageError
        If there is none of this name, or a weight is no positive number.

    Examples
    --------
    >>> metric_named("grid-emd:10+composition").name
    'grid-emd:10+composition:1'
    """
    if ":" in name or "+" in name:
        return _sum([_weighted(part) for part in PLUS.split(name)])
    return _of_name(name)


def _of_name(name: str) -> Metric:
    found = metrics().get(name)
    if found is None:
        raise WrongUsageError("no such metric", value=repr(name), remedy=f"take one of {', '.join(metrics())}")
    return found


def _weighted(text: str) -> tuple[float, Metric]:
    """Weight and metric of ``NAME:WEIGHT``."""
    name, _, weight = text.partition(":")
    try:
        number = float(weight or 1)
    except ValueError:
        raise WrongUsageError(
            "the weight of a metric must be a positive number", value=weight, remedy="give it as in grid-emd:10"
        ) from None
    return positive(number, "the weight of a metric"), _of_name(name)


def _sum(parts: list[tuple[float, Metric]]) -> Metric:
    distance = WeightedSum([Part(weight, metric.distance) for weight, metric in parts])
    name = "+".join(f"{metric.name}:{_digits(weight)}" for weight, metric in parts)
    about = " plus ".join(f"{_digits(weight)} times {metric.name}" for weight, metric in parts)
    return Metric(name, about, distance.unit, SeveralViews(tuple(metric.view for _, metric in parts)), distance)


def _digits(weight: float) -> str:
    return repr(weight).removesuffix(".0").replace("e+", "e")


class _EarthMoversOfRDF(EarthMovers):
    """The same, by the name that a matrix of it bears."""

    name = "rdf-emd"


@cache
def metrics() -> dict[str, Metric]:
    """All metrics by name, the default first."""
    grid, rdf = GRID(), RDF()
    grid_emd = _of_fingerprints(
        "grid-emd", "earth mover's distance of GRID", grid, EarthMovers(bin_width=grid.bin_width)
    )
    rdf_emd = _EarthMoversOfRDF(bin_width=rdf.bin_width)
    composition = _of_elements("composition", "transformed")
    shortest = _of_elements("composition-metric", "transformed-metric")
    every = (
        grid_emd,
        _of_fingerprints("grid-cosine", "1 - cosine of GRID", grid, Cosine()),
        _of_fingerprints("grid-euclid", "Euclidean distance of GRID", grid, Euclid()),
        _of_fingerprints("rdf-emd", "earth mover's distance of the RDF", rdf, rdf_emd, as_shares=True),
        _of_fingerprints("rdf-cosine", "1 - cosine of the RDF", rdf, Cosine(), as_shares=True),
        Metric("amd", "mean difference of the group means (AMD)", "Å", MeansView(), MeanDistances()),
        Metric("sorted", "exact earth mover's distance without bins", "Å", SortedView(), SortedEarthMovers()),
        composition,
        shortest,
        _total("total", grid_emd, composition),
        _total("total-metric", grid_emd, shortest),
    )
    return {metric.name: metric for metric in every}


def _of_fingerprints(
    name: str, about: str, descriptor: Descriptor, distance: Distance, *, as_shares: bool = False
) -> Metric:
    return Metric(name, about, distance.unit, FingerprintView(descriptor, distance, as_shares), distance)


def _of_elements(name: str, ground: Ground) -> Metric:
    distance = CompositionEarthMovers(ground=ground)
    along = ", along shortest paths" if distance.is_metric else ""
    return Metric(
        name, f"earth mover's distance of the compositions{along}", distance.unit, ElementsView(ground), distance
    )


def _total(name: str, grid: Metric, elements: Metric) -> Metric:
    whole = _sum([(WEIGHT_OF_GRID, grid), (1.0, elements)])
    return replace(whole, name=name, about=f"10/Å times {grid.name} plus {elements.name}")
