"""What all distances between crystals have in common, and weighted sums of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.similarity.composition import CompositionEarthMovers
from xtalprint.similarity.earth_movers import EarthMovers
from xtalprint.similarity.fingerprints import positive
from xtalprint.similarity.making import NOTHING, check_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@runtime_checkable
class Table(Protocol):
    """Many crystals, prepared for a distance: it has a length, and slices of successive rows."""

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def __getitem__(self, rows: slice, /) -> Any:  # noqa: ANN401 - a table of its own kind
        """Successive rows."""
        ...


@runtime_checkable
class Distance(Protocol):
    """A distance between crystals: `table` prepares them once, `distances` compares all rows of two tables.

    A value depends on its two rows only, to the last bit, and on neither the size nor the order of the tables.
    """

    @property
    def name(self) -> str:
        """Short name, for records."""
        ...

    @property
    def unit(self) -> str:
        """Å, or 1."""
        ...

    @property
    def is_metric(self) -> bool:
        """Whether it obeys the triangle inequality."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """Name and parameters, as plain data."""
        ...

    def table(self, items: Any, /) -> Any:  # noqa: ANN401 - each distance has its own kinds
        """Prepare crystals."""
        ...

    def distances(self, a: Any, b: Any, /) -> NDArray[np.float64]:  # noqa: ANN401 - what `table` returned
        """(len(a), len(b)) distances."""
        ...


class Part(NamedTuple):
    """A distance and its weight in a sum."""

    weight: float
    distance: Distance


@dataclass(frozen=True, eq=False)
class TableOfParts:
    """The same crystals, prepared for each part of a sum."""

    tables: tuple[Any, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.tables[0])

    def __getitem__(self, rows: slice) -> TableOfParts:
        """Successive rows."""
        return TableOfParts(tuple(table[rows] for table in self.tables))


class WeightedSum:
    """A weighted sum of distances; a metric if all its parts are.

    Parameters
    ----------
    parts
        Pairs of weight and distance. None is the sum that Zhang, Seth and Cumby (2023) took: ten times the earth
        mover's distance of GRID in Å, plus that of the compositions.

    Raises
    ------
    WrongUsageError
        If there are no parts, one is no pair of weight and distance, or a weight is not positive.

    Examples
    --------
    >>> total = WeightedSum()
    >>> [(part.weight, part.distance.name) for part in total.parts]
    [(10.0, 'grid-emd'), (1.0, 'composition-emd')]
    """

    name = "weighted-sum"
    unit = "1"

    def __init__(self, parts: Sequence[tuple[float, Distance]] | None = None) -> None:
        chosen = [Part(10.0, EarthMovers()), Part(1.0, CompositionEarthMovers())] if parts is None else parts
        if not chosen:
            raise WrongUsageError("a sum of distances needs at least one part")
        self.parts = tuple(_checked_part(part) for part in chosen)

    @property
    def is_metric(self) -> bool:
        """Whether it obeys the triangle inequality."""
        return all(part.distance.is_metric for part in self.parts)

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, weights and parts, as plain data."""
        return {
            "distance": self.name,
            "parts": [{"weight": part.weight} | part.distance.parameters for part in self.parts],
        }

    def table(self, items: Sequence[Any]) -> TableOfParts:
        """Prepare crystals for each part: one entry for each, in their order, of what that part takes.

        Raises
        ------
        WrongUsageError
            If the entries differ from the parts in number, or from each other in length.
        """
        if len(items) != len(self.parts):
            raise WrongUsageError(
                "give one set of fingerprints or compositions for each part",
                value=len(items),
                remedy=f"the parts are {', '.join(part.distance.name for part in self.parts)}",
            )
        tables = tuple(part.distance.table(item) for part, item in zip(self.parts, items, strict=True))
        lengths = {len(table) for table in tables}
        if len(lengths) > 1:
            raise WrongUsageError(
                "the parts are not of the same crystals", value=" and ".join(f"{n} rows" for n in sorted(lengths))
            )
        return TableOfParts(tables)

    def distances(self, a: TableOfParts, b: TableOfParts) -> NDArray[np.float64]:
        """(len(a), len(b)) sums, in the order of the parts."""
        check_tables(self.name, TableOfParts, a=a, b=b)
        out = np.zeros((len(a), len(b)))
        for part, of_a, of_b in zip(self.parts, a.tables, b.tables, strict=True):
            # The same table twice may be compared by halves.
            out += part.weight * part.distance.distances(of_a, of_a if a is b else of_b)
        return out


def described(distance: Distance, table: object) -> dict[str, Any]:
    """`parameters` of a distance, with what a table knows of its fingerprints: descriptor and width of bins.

    Examples
    --------
    >>> from xtalprint import GRID, Crystal
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> emd = EarthMovers()
    >>> found = described(emd, emd.table([GRID(smearing=0).compute(polonium)]))
    >>> found["bin_width"], found["seen"]["smearing"]
    (0.1, 0)
    """
    known = dict(distance.parameters)
    if isinstance(distance, WeightedSum) and isinstance(table, TableOfParts):
        known["parts"] = [
            {"weight": part.weight} | described(part.distance, of_part)
            for part, of_part in zip(distance.parts, table.tables, strict=True)
        ]
    making = getattr(table, "making", NOTHING)
    if making.descriptor is not None:
        known.setdefault("seen", making.descriptor)
    if "bin_width" in known and known["bin_width"] is None:
        known["bin_width"] = making.bin_width
    return known


def check_comparable(distance: Distance, a: Table, b: Table) -> None:
    """Refuse what is no distance, and tables that it cannot compare: it is tried on one row of each.

    Raises
    ------
    WrongUsageError
        Naming what was given.
    """
    given: Any = distance
    if not hasattr(given, "distances"):
        raise WrongUsageError(
            "this is no distance",
            value=repr(given),
            remedy='give one, such as EarthMovers() or metric_named("grid-emd")',
        )
    for table in (a, b):
        if not isinstance(table, Table):
            raise WrongUsageError(
                "this is no table of a distance",
                value=type(table).__name__,
                remedy="make one with its table(…)",
            )
    if 0 in {len(a), len(b)}:
        raise WrongUsageError("there is nothing to compare", value=f"{len(a)} × {len(b)} crystals")
    distance.distances(a[:1], b[:1])


def _checked_part(part: tuple[float, Distance]) -> Part:
    given: Any = part
    if not isinstance(given, tuple) or len(given) != len(Part._fields) or not isinstance(given[1], Distance):
        raise WrongUsageError(
            "a part of a sum is a weight and a distance",
            value=repr(part),
            remedy="give it as in Part(10.0, EarthMovers())",
        )
    return Part(positive(given[0], "the weight of a part"), given[1])
