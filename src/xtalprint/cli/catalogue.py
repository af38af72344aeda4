"""Ids and labels of structures: those of the table that they stand in, or source and frame."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtalprint.cli.gathering import Place
    from xtalprint.io.table_labels import TableLabels

#: Keys of a record that a label must not take.
TAKEN = frozenset({"rank", "id", "distance", "unit", "source", "frame", "status", "warnings", "error"})


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

    def id_of(self, place: Place) -> str:
        """The id in the table, or ``source#frame``."""
        table = self._table(place.source)
        if table is None or place.frame is None:
            source = (place.source or "?").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            return f"{source}#{place.frame or 0}"
        return table.ids[place.frame]

    def labels_of(self, places: Sequence[Place]) -> dict[str, list[Any]]:
        """Values for each structure by name, as plain data; None where its file has no such label."""
        tables = [self._table(place.source) for place in places]
        names = dict.fromkeys(name for table in dict.fromkeys(tables) if table is not None for name in table.labels)
        columns: dict[str, list[Any]] = {}
        for name in names:
            key = name
            while key in TAKEN or key in columns:
                key = f"label_{key}"
            columns[key] = [
                plain(table.labels[name][place.frame])
                if table and place.frame is not None and name in table.labels
                else None
                for table, place in zip(tables, places, strict=True)
            ]
        return columns

    def _table(self, source: str | None) -> TableLabels | None:
        if source not in self._tables:
            from xtalprint.io.table_labels import is_table, read_labels  # noqa: PLC0415 - not for --help

            known = source is not None and is_table(source)
            self._tables[source] = read_labels(source, names=self._names) if known and source is not None else None
        return self._tables[source]


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
