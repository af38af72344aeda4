"""Crystal tables: Parquet files with a crystal and its labels in each row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import MissingExtraError, UnreadableFileError, XtalprintError
from xtalprint.io.frames import frame_or_error
from xtalprint.io.quiet import first_line
from xtalprint.io.species import checked_elements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.io.input_file import InputFile

#: Columns that describe the crystal; all others are labels.
CRYSTAL_COLUMNS = ("id", "cell", "numbers", "frac", "source", "occupancies", "pbc", "positions", "frac64")


@dataclass(frozen=True, repr=False)
class CrystalTable:
    """A table that was read: crystals are made when they are asked for.

    Parameters
    ----------
    path
        The file.
    ids
        One for each row.
    crystals
        A sequence: ``table.crystals[i]`` makes a `Crystal` with the path as source and the row as frame, or raises an
        `XtalprintError` that names them.
    sources
        Where each crystal came from before it was in the table.
    labels
        The other columns, by name; a missing value is None.
    """

    path: str
    ids: Sequence[str]
    crystals: CrystalColumn
    sources: Sequence[str | None]
    labels: Mapping[str, list[Any]]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)

    def __repr__(self) -> str:
        """File, number of rows and names of the labels."""
        return f"CrystalTable({self.path!r}, {len(self)} crystals, labels: {', '.join(self.labels) or 'none'})"


class CrystalColumn(Sequence[Crystal]):
    """The crystals of a table, each made when it is asked for."""

    def __init__(self, table: Any, source: str, elements: Sequence[str] | None) -> None:  # noqa: ANN401 - pyarrow has no types
        self._source = source
        self._elements = elements
        self._n = table.num_rows
        names = table.column_names
        self._lists = {
            name: _Lists(table.column(name), name)
            for name in CRYSTAL_COLUMNS
            if name in names and name not in {"id", "source"} and not _is_empty(table.column(name))
        }
        self._species_known = table.column("species_known").to_pylist() if "species_known" in names else None

    def __len__(self) -> int:
        """Number of rows."""
        return int(self._n)

    @overload
    def __getitem__(self, row: int) -> Crystal: ...
    @overload
    def __getitem__(self, row: slice) -> list[Crystal]: ...
    def __getitem__(self, row: int | slice) -> Crystal | list[Crystal]:
        """Make the crystal of a row, or those of a slice."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self.crystal(row % len(self))

    def crystal(self, row: int, *, frame: int | None = None) -> Crystal:
        """Make the crystal of a row, under another number where these rows are not the first of the file."""
        frame = row if frame is None else frame
        try:
            return self._make(row, frame)
        except XtalprintError as error:
            raise error.located(source=self._source, frame=frame) from None

    def numbers_of(self, row: int) -> NDArray[np.int64]:
        """Atomic numbers of a row, without making its crystal; none where they are missing."""
        found = self._lists["numbers"][row] if "numbers" in self._lists else None
        return np.zeros(0, dtype=np.int64) if found is None else found.astype(np.int64)

    def _make(self, row: int, frame: int) -> Crystal:
        values = {name: lists[row] for name, lists in self._lists.items()}
        numbers, cell, pbc = values.get("numbers"), values.get("cell"), values.get("pbc")
        frac = values.get("frac64") if values.get("frac64") is not None else values.get("frac")
        positions = values.get("positions")
        if numbers is None or (positions is None and (frac is None or cell is None)):
            raise UnreadableFileError("the row lacks cell, numbers or frac", remedy="complete or remove the row")
        if self._species_known is not None and not self._species_known[row]:
            numbers = self._of_types(numbers)
        if positions is None:
            if cell is None or frac is None or cell.size != 9 or frac.size != 3 * numbers.size:  # noqa: PLR2004 - 3×3
                raise UnreadableFileError(
                    "cell, numbers and frac differ in length",
                    remedy="write 9 numbers in cell, 3 in frac for each atom",
                )
            cell = cell.reshape(3, 3)
            positions = frac.reshape(-1, 3).astype(np.float64) @ cell
        else:
            positions = positions.reshape(-1, 3)
        return Crystal(
            positions,
            numbers.astype(np.int64),
            cell=None if cell is None else cell.reshape(3, 3),
            occupancies=values.get("occupancies"),
            pbc=None if pbc is None else (bool(pbc[0]), bool(pbc[1]), bool(pbc[2])),
            source=self._source,
            frame=frame,
        )

    def _of_types(self, types: NDArray[Any]) -> NDArray[np.int64]:
        if self._elements is None or types.max(initial=0) > len(self._elements) or types.min(initial=1) < 1:
            raise UnreadableFileError(
                "the row names types, not elements", remedy="give one element for each type, as in --elements Cu,Zr"
            )
        return np.array([ATOMIC_NUMBERS[symbol] for symbol in self._elements])[types.astype(np.int64) - 1]


class _Lists:
    """A column of lists as one array and offsets; a row is a view."""

    def __init__(self, column: Any, name: str) -> None:  # noqa: ANN401 - pyarrow has no types
        import pyarrow.compute as pc  # noqa: PLC0415 - an extra
        from pyarrow.types import is_boolean, is_floating, is_integer  # noqa: PLC0415 - likewise

        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        values = array.flatten()  # without those of missing rows
        whole = is_integer(values.type)
        if name == "numbers" and not whole and len(values):
            raise UnreadableFileError(
                "numbers must be lists of whole numbers", value=values.type, remedy="write the atomic numbers"
            )
        if not (whole or is_floating(values.type) or is_boolean(values.type)) and len(values):
            raise UnreadableFileError(f"{name} must be lists of numbers", value=values.type)
        self._name = name
        self._offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        self._incomplete: set[int] = set()
        if values.null_count:
            missing = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
            self._incomplete = set((np.searchsorted(self._offsets, missing, side="right") - 1).tolist())
            values = values.fill_null(False if is_boolean(values.type) else 0)
        self._values = values.to_numpy(zero_copy_only=False)
        self._valid = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None

    def __getitem__(self, row: int) -> NDArray[Any] | None:
        if self._valid is not None and not self._valid[row]:
            return None
        if row in self._incomplete:
            raise UnreadableFileError(
                f"a number is missing inside the list in {self._name}", remedy="complete or remove the row"
            )
        found: NDArray[Any] = self._values[self._offsets[row] : self._offsets[row + 1]]
        return found


def _is_empty(column: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """Whether a column has no type because no row has a value, as pandas writes it."""
    from pyarrow.types import is_null  # noqa: PLC0415 - an extra

    return bool(is_null(column.type))


def read_table(path: str | os.PathLike[str], *, elements: Sequence[str] | None = None) -> CrystalTable:
    """Read a crystal table.

    Parameters
    ----------
    path
        A Parquet file with the columns ``id``, ``cell`` (9 numbers, the rows a, b, c in Å), ``numbers`` (atomic
        numbers), ``frac`` (3 numbers for each atom) and ``source``; optionally ``occupancies``, ``pbc`` and, for
        clusters, ``positions`` (Å). Other columns are labels.
    elements
        Elements of the types 1, 2, … in rows whose column ``species_known`` is false.

    Raises
    ------
    XtalprintError
        If it is missing, damaged, or lacks one of these columns.
    """
    from xtalprint.io.input_file import InputFile  # noqa: PLC0415 - a cycle of names otherwise

    source = os.fspath(path)
    try:
        file = InputFile(source)
        file.check_content()
        return _table(file, checked_elements(elements))
    except XtalprintError as error:
        raise error.located(source=source) from None


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read row by row; no more than a row group is in memory, unless the file is compressed as a whole."""
    with _opened(file) as table:
        if not table.metadata.num_rows:
            raise UnreadableFileError("a table without rows", remedy="check what wrote it")
        yield from _rows(file, table, elements, 0, table.metadata.num_rows)


def rows(file: InputFile, elements: Sequence[str] | None, first: int, end: int) -> Iterator[Crystal | XtalprintError]:
    """Read the rows from ``first`` to the one before ``end``."""
    with _opened(file) as table:
        yield from _rows(file, table, elements, first, end)


def number_of_rows(file: InputFile) -> int:
    """How many rows a crystal table has.

    Raises
    ------
    XtalprintError
        If it is no sound crystal table.
    """
    with _opened(file) as table:
        _column(table.schema_arrow.empty_table(), file, None)
        return int(table.metadata.num_rows)


@contextmanager
def _opened(file: InputFile) -> Iterator[Any]:
    pa, pq = pyarrow("reading a crystal table")
    try:
        with pq.ParquetFile(file.path if file.compression is None else pa.BufferReader(file.content())) as table:
            _check_columns(table.schema_arrow.names)
            yield table
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"not a sound Parquet file ({first_line(error)})", remedy="copy or write the file again"
        ) from error


def _rows(
    file: InputFile,
    table: Any,  # noqa: ANN401 - pyarrow has no types
    elements: Sequence[str] | None,
    first: int,
    end: int,
) -> Iterator[Crystal | XtalprintError]:
    start = 0
    wanted = [name for name in table.schema_arrow.names if name in {*CRYSTAL_COLUMNS, "species_known"}]
    for group in range(table.num_row_groups):
        n = table.metadata.row_group(group).num_rows
        low, high = max(first, start) - start, min(end, start + n) - start
        if low < high:
            crystals = _column(table.read_row_group(group, columns=wanted).slice(low, high - low), file, elements)
            for row in range(start + low, start + high):
                yield frame_or_error(
                    lambda crystals=crystals, row=row, shift=start + low: crystals.crystal(row - shift, frame=row),  # type: ignore[misc] # bound now
                    source=file.source,
                    frame=row,
                    what="the row",
                )
        start += n


def _table(file: InputFile, elements: Sequence[str] | None) -> CrystalTable:
    with _opened(file) as parquet:
        table = parquet.read()
    names = table.column_names
    return CrystalTable(
        file.source,
        [str(i) for i in table.column("id").to_pylist()],
        _column(table, file, elements),
        table.column("source").to_pylist() if "source" in names else [None] * table.num_rows,
        {name: table.column(name).to_pylist() for name in names if name not in CRYSTAL_COLUMNS},
    )


def _check_columns(names: Sequence[str]) -> None:
    check_names(names)
    missing = [name for name in ("id", "cell", "numbers", "frac") if name not in names]
    if missing:
        raise UnreadableFileError(
            f"no crystal table: the column {missing[0]} is missing",
            value=", ".join(names),
            remedy="a crystal table has id, cell, numbers and frac; xtalprint convert writes one",
        )


def check_names(names: Sequence[str]) -> None:
    """Refuse a table in which a column stands twice.

    Raises
    ------
    UnreadableFileError
        Naming the first.
    """
    for name in names:
        if names.count(name) > 1:
            raise UnreadableFileError(
                "two columns of the table have the same name", value=name, remedy="rename one, or remove it"
            )


def _column(table: Any, file: InputFile, elements: Sequence[str] | None) -> CrystalColumn:  # noqa: ANN401 - pyarrow has no types
    pa, _ = pyarrow("reading a crystal table")
    try:
        return CrystalColumn(table, file.source, elements)
    except (pa.ArrowException, AttributeError, TypeError) as error:
        raise UnreadableFileError(
            f"the columns of the crystals are of the wrong type ({first_line(error)})",
            remedy="cell, numbers and frac are lists of numbers",
        ) from error


def pyarrow(purpose: str) -> tuple[Any, Any]:
    """Import pyarrow and its Parquet module; without it, say which line installs it."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        import pyarrow.parquet as pq  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise MissingExtraError.of("pyarrow", "tables", purpose) from error
    return pa, pq
