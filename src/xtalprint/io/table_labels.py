"""Ids and labels of a crystal table, without its crystals."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io.quiet import first_line
from xtalprint.io.tables import CRYSTAL_COLUMNS, check_names, pyarrow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, repr=False, eq=False)
class TableLabels:
    """What a crystal table says about its crystals.

    Parameters
    ----------
    path
        The file.
    ids
        One for each row.
    labels
        The columns that do not describe the crystal, by name; a missing value is None.
    """

    path: str
    ids: Sequence[str]
    labels: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)

    def __repr__(self) -> str:
        """File, number of rows and names of the labels."""
        return f"TableLabels({self.path!r}, {len(self)} rows, labels: {', '.join(self.labels) or 'none'})"


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a crystal table by its name or content; False for what is not there."""
    from xtalprint.io.formats import format_of  # noqa: PLC0415 - only where it is asked
    from xtalprint.io.input_file import InputFile  # noqa: PLC0415 - as above

    try:
        return format_of(InputFile(os.fspath(path))).title == "crystal table"
    except XtalprintError:
        return False


def read_labels(path: str | os.PathLike[str], *, names: Sequence[str] | None = None) -> TableLabels:
    """Read ids and labels of a crystal table.

    Parameters
    ----------
    path
        A crystal table, see `xtalprint.io.tables.read_table`.
    names
        Which labels; None means all.

    Raises
    ------
    XtalprintError
        If it is missing, damaged or no crystal table, a row has no id, or a label of ``names`` is missing.
    """
    from xtalprint.io.input_file import InputFile  # noqa: PLC0415 - a cycle of names otherwise

    source = os.fspath(path)
    pa, pq = pyarrow("reading a crystal table")
    try:
        file = InputFile(source)
        file.check_content()
        with pq.ParquetFile(file.path if file.compression is None else pa.BufferReader(file.content())) as table:
            wanted = _wanted(table.schema_arrow.names, names)
            columns = table.read(columns=["id", *wanted])
        ids = columns.column("id").to_pylist()
        if None in ids:
            raise UnreadableFileError(
                f"row {ids.index(None)} has no id", remedy="give every row an id, or remove the row"
            )
        labels = {name: columns.column(name).to_pylist() for name in wanted}
        return TableLabels(source, [str(name) for name in ids], labels)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"not a sound Parquet file ({first_line(error)})", source=source, remedy="copy or write the file again"
        ) from error
    except XtalprintError as error:
        raise error.located(source=source) from None


def _wanted(columns: Sequence[str], names: Sequence[str] | None) -> list[str]:
    check_names(columns)
    if "id" not in columns:
        raise UnreadableFileError(
            "no crystal table: the column id is missing",
            value=", ".join(columns),
            remedy="a crystal table has id, cell, numbers and frac; xtalprint convert writes one",
        )
    known = [name for name in columns if name not in CRYSTAL_COLUMNS]
    if names is None:
        return known
    missing = [name for name in names if name not in known]
    if missing:
        raise UnreadableFileError(
            f"there is no label {missing[0]}", remedy=f"its labels are {', '.join(known) or 'none'}"
        )
    return list(names)
