"""Ids and labels of structures: those of the table that they stand in, or source and frame."""

from __future__ import annotations

from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.files import PARQUET, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.io.table_labels import TableLabels

#: Keys of a record that a label must not take.
TAKEN = frozenset({"rank", "id", "distance", "unit", "metric", "source", "frame", "status", "warnings", "error"})


class Place(NamedTuple):
    """Where a structure came from."""

    source: str | None
    frame: int | None


class Times:
    """For the how manieth time each structure comes, where files may be named more than once.

    Memory grows with the number of files, not of structures.

    Examples
    --------
    >>> times = Times()
    >>> [times.id_of("a.xyz", frame) for frame in (0, 1, 0, 1)]
    ['a.xyz#0', 'a.xyz#1', 'a.xyz#0 (2)', 'a.xyz#1 (2)']
    """

    def __init__(self) -> None:
        self._times: dict[str | None, int] = {}
        self._last: tuple[str | None, int] = (None, -1)

    def id_of(self, source: str | None, frame: int | None, known: str | None = None) -> str:
        """Id of the next structure: the known one, or file and frame; with its number from the second time on."""
        frame = frame or 0
        before, last = self._last
        if source != before or frame <= last:
            self._times[source] = self._times.get(source, 0) + 1
        self._last = source, frame
        name = as_text(f"{source or '?'}#{frame}") if known is None else known
        number = self._times[source]
        return name if number == 1 else f"{name} ({number})"


class Catalogue:
    """What is known about structures by the files that they come from.

    Parameters
    ----------
    names
        Labels that are wanted, None for all, none at all for ids only.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self._names = names
        self._tables: dict[str | None, TableLabels | None] = {}

    def ids_of(self, places: Sequence[Place]) -> list[str]:
        """The id in the table, or ``FILE#FRAME``; ``… (2)`` where a file is named for the second time."""
        times = Times()
        return [times.id_of(*place, self.id_in_table(place)) for place in places]

    def check(self, places: Sequence[Place], ids: Sequence[str]) -> None:
        """Refuse ids that repeat, naming file and row of both.

        Raises
        ------
        WrongUsageError
            For the first.
        """
        first: dict[str, Place] = {}
        for place, name in zip(places, ids, strict=True):
            before = first.setdefault(name, place)
            if before is not place:
                raise WrongUsageError(
                    f"this id is in {self._where(before)} and in {self._where(place)}",
                    value=name,
                    remedy="give each row an id of its own",
                )

    def check_tables(self, paths: Sequence[str]) -> None:
        """Refuse ids that repeat in tables, before any work is done; what is no sound table is told elsewhere.

        Raises
        ------
        WrongUsageError
            For the first.
        """
        places: list[Place] = []
        for path in paths:
            table = None
            with suppress(XtalprintError):
                table = self._table(path) if path.lower().endswith(PARQUET) else None
            places.extend(Place(path, row) for row in range(len(table or ())))
        self.check(places, self.ids_of(places))

    def id_in_table(self, place: Place) -> str | None:
        """Id of a structure in the crystal table that it is a row of; None for other files."""
        table = self._table(place.source)
        return None if table is None or place.frame is None else table.ids[place.frame]

    def _where(self, place: Place) -> str:
        return f"{place.source}, {'row' if self._table(place.source) else 'frame'} {place.frame}"

    def labels_of(self, places: Sequence[Place]) -> dict[str, list[Any]]:
        """Values for each structure by name, as plain data for records; None where its file has no such label."""
        return for_records(self.columns_of(places))

    def columns_of(self, places: Sequence[Place]) -> dict[str, list[Any]]:
        """Values for each structure by name, as they are in its file; None where it has no such label."""
        tables = [self._table(place.source) for place in places]
        names = dict.fromkeys(name for table in dict.fromkeys(tables) if table is not None for name in table.labels)
        return {
            name: [
                table.labels[name][place.frame]
                if table and place.frame is not None and name in table.labels
                else None
                for table, place in zip(tables, places, strict=True)
            ]
            for name in names
        }

    def _table(self, source: str | None) -> TableLabels | None:
        if source not in self._tables:
            from xtalprint.io.table_labels import is_table, read_labels  # noqa: PLC0415 - not for --help

            known = source is not None and is_table(source)
            self._tables[source] = read_labels(source, names=self._names) if known and source is not None else None
        return self._tables[source]


def for_records(labels: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Labels as plain data, under names that no entry of a record has.

    Examples
    --------
    >>> for_records({"gap": [1.5, float("nan")], "status": ["new", None]})
    {'gap': [1.5, None], 'label_status': ['new', None]}
    """
    columns: dict[str, list[Any]] = {}
    for name, values in labels.items():
        key = name
        while key in TAKEN or key in columns:
            key = f"label_{key}"
        columns[key] = [plain(value) for value in values]
    return columns


def plain(value: object) -> Any:  # noqa: ANN401 - plain data
    """What JSON can hold: a number, a truth value, text, or None for a missing value or what is no number.

    Examples
    --------
    >>> plain(float("nan")), plain(3), plain(["a", 1])
    (None, 3, "['a', 1]")
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
