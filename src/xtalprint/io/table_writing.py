"""Writing crystal tables: whole or not at all, a few thousand rows in memory at a time."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import WrongUsageError, XtalprintError, not_a_crystal
from xtalprint.files import PARQUET, as_text, whole_file
from xtalprint.io.quiet import first_line
from xtalprint.io.tables import CRYSTAL_COLUMNS, pyarrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType


#: Rows written at a time.
CHUNK = 2000


def write_table(
    crystals: Iterable[Crystal],
    path: str | os.PathLike[str],
    *,
    ids: Sequence[str] | None = None,
    labels: Mapping[str, Sequence[Any]] | None = None,
) -> int:
    """Write a crystal table; it appears complete or not at all.

    Fractional coordinates are wrapped into [0, 1) and stored in single precision, as in all crystal tables: 1e-7 of
    a cell length. Positions of clusters are stored in double precision.

    Parameters
    ----------
    crystals
        In the order of the rows; may be a generator.
    path
        The file, ending with .parquet or .pq; an old one is replaced.
    ids
        One for each crystal; default: source and frame.
    labels
        Columns of values for the rows; None is a missing value.

    Returns
    -------
    Number of rows.

    Raises
    ------
    XtalprintError
        If the file cannot be written or has another ending, ids or labels differ in number from the crystals, or a
        label has the name of a column that every table has.
    """
    for name in labels or ():
        if name in CRYSTAL_COLUMNS:
            raise WrongUsageError(
                "a label has the name of a column of the table", value=name, remedy="give the label another name"
            )
    with TableWriter(path) as writer:
        for row, crystal in enumerate(crystals):
            if ids is not None and row >= len(ids):
                raise XtalprintError("fewer ids than crystals", source=os.fspath(path), value=len(ids))
            writer.add(crystal, id=None if ids is None else ids[row])
        for name, column in {"ids": ids or (), **(labels or {})}.items():
            if len(column) != len(writer) and (name != "ids" or ids is not None):
                raise XtalprintError(
                    f"{len(column)} values of {name} for {len(writer)} crystals", remedy="give one for each"
                )
        writer.labels = labels or {}
        return len(writer)


class TableWriter:
    """Writes a crystal table crystal by crystal; use it in a ``with`` statement. The file appears at its end.

    Parameters
    ----------
    path
        The file, ending with .parquet or .pq; an old one is replaced.

    Raises
    ------
    WrongUsageError
        If it has another ending.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not os.fspath(path).lower().endswith(PARQUET):
            raise WrongUsageError(
                "a crystal table is a Parquet file", value=str(path), remedy="give a name ending with .parquet"
            )
        self._pa, self._pq = pyarrow("writing a crystal table")
        self.path = Path(path).resolve()
        self.labels: Mapping[str, Sequence[Any]] = {}
        self._place = ExitStack()
        self._beside = self.path
        self._rows: list[dict[str, Any]] = []
        self._stream: Any = None
        self._n = 0

    def __enter__(self) -> Self:
        """Check that the folder is there, and that no device or folder would be replaced."""
        if self.path.exists() and not self.path.is_file():
            raise XtalprintError("not a regular file", source=str(self.path), remedy="name a file for the table")
        if not self.path.parent.is_dir():
            raise XtalprintError("no such folder", source=str(self.path.parent), remedy="make it first")
        self._beside = self._place.enter_context(whole_file(self.path))
        return self

    def __len__(self) -> int:
        """Number of crystals added."""
        return self._n

    def add(self, crystal: Crystal, *, id: str | None = None) -> str:  # noqa: A002 - the name of the column
        """Add one crystal; returns its id."""
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        name = _id(crystal, self._n) if id is None else id
        self._rows.append(_row(crystal, name))
        self._n += 1
        if len(self._rows) >= CHUNK:
            self._pack()
        return name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the file into its place, unless an error ends the work."""
        try:
            if kind is not None:
                self._place.__exit__(kind, error, trace)
                return
            with self._place:
                self._pack()
                self._stream.close()
                if self.labels:
                    self._add_labels()
        except (OSError, self._pa.ArrowException) as failure:
            raise XtalprintError(
                f"cannot be written ({first_line(failure)})", source=str(self.path), remedy="check folder and labels"
            ) from failure

    def _pack(self) -> None:
        """Write the rows so far, so that memory does not grow with their number."""
        if self._stream is None:
            self._stream = self._pq.ParquetWriter(self._beside, self._schema(), compression="zstd")
        self._stream.write_batch(self._pa.RecordBatch.from_pylist(self._rows, schema=self._schema()))
        self._rows = []

    def _add_labels(self) -> None:
        """Write the file again with the columns of labels, a group of rows at a time, as it will be read."""
        columns = {name: self._pa.array(list(column)) for name, column in self.labels.items()}
        schema = self._schema()
        for name, column in columns.items():
            schema = schema.append(self._pa.field(name, column.type))
        with (
            whole_file(self._beside) as labelled,
            self._pq.ParquetFile(self._beside) as bare,
            self._pq.ParquetWriter(labelled, schema, compression="zstd") as stream,
        ):
            first = 0
            for group in range(bare.num_row_groups):
                table = bare.read_row_group(group)
                for name, column in columns.items():
                    table = table.append_column(name, column.slice(first, table.num_rows))
                stream.write_table(table)
                first += table.num_rows

    def _schema(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        pa = self._pa
        return pa.schema(
            [
                ("id", pa.string()),
                # Not a list of fixed size: pyarrow before 26 cannot read one that has a null in it.
                ("cell", pa.list_(pa.float64())),
                ("numbers", pa.list_(pa.uint8())),
                ("frac", pa.list_(pa.float32())),
                ("source", pa.string()),
                ("occupancies", pa.list_(pa.float64())),
                ("pbc", pa.list_(pa.bool_())),
                ("positions", pa.list_(pa.float64())),
            ]
        )


def _id(crystal: Crystal, row: int) -> str:
    if crystal.source is None:
        return str(row)
    return crystal.source if crystal.frame is None else f"{crystal.source}#{crystal.frame}"


def _row(crystal: Crystal, name: str) -> dict[str, Any]:
    row = {
        "id": as_text(name),
        "numbers": crystal.numbers.astype(np.uint8),
        "source": None if crystal.source is None else as_text(crystal.source),
        "occupancies": None if crystal.is_ordered else crystal.occupancies,
        "pbc": list(crystal.pbc),
    }
    if crystal.cell is None:
        return row | {"positions": crystal.positions.ravel()}
    frac = crystal.frac
    frac = frac - np.where(crystal.pbc, np.floor(frac), 0.0)
    single = frac.astype(np.float32)
    single[(single >= 1) & np.array(crystal.pbc)] = 0.0  # rounded up to 1
    return row | {"cell": crystal.cell.ravel(), "frac": single.ravel()}
