"""Records of a run in Parquet: the file of a shard, and the whole run in the order of the input."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xtalprint.compute import ShardFolder
from xtalprint.errors import XtalprintError
from xtalprint.files import as_text, whole_file
from xtalprint.io.quiet import first_line
from xtalprint.io.tables import pyarrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

#: Where the rest of what a record needs stands in a file.
KEY = b"xtalprint"
#: The column of a descriptor's values.
ARRAY = "array"
_PURPOSE = "a folder of shards"


class RecordFile(NamedTuple):
    """The records of a shard.

    Parameters
    ----------
    table
        A pyarrow table with a row for each record.
    constants
        What is the same in all records of the run, such as the model and its version.
    optional
        Columns that a record leaves out where they are empty.
    n_structures
        How many structures the records are of.
    """

    table: Any
    constants: dict[str, Any]
    optional: Sequence[str]
    n_structures: int

    def records(self, path: Path) -> Iterator[dict[str, Any]]:
        """Give the records as they were; for an array the path of the shard, and the row in it."""
        has_array = ARRAY in self.table.column_names
        table = self.table.drop_columns([ARRAY]) if has_array else self.table
        for number, row in enumerate(table.to_pylist()):
            if row["status"] == "error":
                yield {name: row[name] for name in ("source", "frame", "status", "error")} | self.constants
                continue
            left_out = {"error", *(name for name in self.optional if row[name] is None)}
            record = {name: value for name, value in row.items() if name not in left_out}
            where = {"path": str(path), "row": number} if has_array else {}
            yield record | where | self.constants

    def arrays(self) -> Iterator[NDArray[np.float32] | None]:
        """Give the array of each record in its shape; None for an error."""
        shapes = self.table.column("shape").to_pylist()
        column = self.table.column(ARRAY)
        for row, shape in enumerate(shapes):
            yield None if shape is None else column[row].values.to_numpy().reshape(shape)


def encode_records(
    records: Sequence[Mapping[str, Any]],
    schema: Any,  # noqa: ANN401 - pyarrow has no types
    *,
    constants: Mapping[str, Any],
    optional: Sequence[str] = (),
    n_structures: int | None = None,
) -> bytes:
    """Put records into a Parquet file: the same records give the same bytes, with the same version of pyarrow.

    Parameters
    ----------
    records
        With ``source, frame, status``, and ``error`` where that is the status.
    schema
        Columns of the file, in the order of the keys of a record.
    constants
        Stored once and not in the rows.
    optional
        Columns that a record leaves out where they are empty.
    n_structures
        How many structures the records are of; None if each has one.
    """
    pa, pq = pyarrow(_PURPOSE)
    columns = [pa.array([_plain(record.get(field.name)) for record in records], field.type) for field in schema]
    told = {
        "constants": dict(constants),
        "optional": list(optional),
        "failed": sum(record["status"] == "error" for record in records),
    }
    if n_structures not in {None, len(records)}:
        told["structures"] = n_structures
    table = pa.Table.from_arrays(columns, schema=schema.with_metadata({KEY: json.dumps(told)}))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=max(len(records), 1))
    payload: bytes = sink.getvalue().to_pybytes()
    return payload


def decode_records(payload: bytes) -> RecordFile:
    """Read the content of a shard."""
    pa, pq = pyarrow(_PURPOSE)
    table = pq.read_table(pa.BufferReader(payload))
    told = json.loads(table.schema.metadata[KEY])
    return RecordFile(table, told["constants"], told["optional"], told.get("structures", table.num_rows))


def count_records(payload: bytes) -> tuple[int, int]:
    """How many structures the records of a shard are of, and how many of them are errors."""
    pa, pq = pyarrow(_PURPOSE)
    metadata = pq.read_metadata(pa.BufferReader(payload))
    told = json.loads(metadata.metadata[KEY])
    return int(told.get("structures", metadata.num_rows)), int(told["failed"])


def read_run(folder: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """Read the records of a finished run in the order of the input; memory holds those of one shard.

    Parameters
    ----------
    folder
        That of ``--into``.

    Yields
    ------
    Each record as the command gives it; where the answer is an array, with the path of the shard and the row in it.

    Raises
    ------
    XtalprintError
        If the run is not finished, or a shard is missing or damaged.
    """
    for path, file in read_shards(folder):
        yield from file.records(path)


def read_arrays(
    folder: str | os.PathLike[str],
) -> Iterator[tuple[dict[str, Any], NDArray[np.float32] | None]]:
    """Read the records of a finished run of ``describe``, each with its array, or None for an error.

    Raises
    ------
    XtalprintError
        If the run is not finished, or a shard is missing or damaged.
    """
    for path, file in read_shards(folder):
        yield from zip(file.records(path), file.arrays(), strict=True)


def read_shards(folder: str | os.PathLike[str]) -> Iterator[tuple[Path, RecordFile]]:
    """Read the shards of a finished run, each with its path.

    Raises
    ------
    XtalprintError
        If the run is not finished, or a shard is missing or damaged.
    """
    place = ShardFolder(Path(folder))
    for name in place.finished():
        payload = place.read(name)
        if payload is None:
            raise place.damaged(name)
        yield place.path / name, decode_records(payload)


def merge_run(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> tuple[int, int]:
    """Put all shards of a finished run into one Parquet file, which appears complete or not at all.

    Returns
    -------
    Number of structures, and of errors among them.

    Raises
    ------
    XtalprintError
        If the run is not finished or is empty, a shard is missing or damaged, or the file cannot be written.
    """
    pa, pq = pyarrow(_PURPOSE)
    stream: Any = None
    finished = failed = 0
    try:
        with whole_file(path) as beside:
            for _, file in read_shards(folder):
                told = json.dumps({"constants": dict(file.constants), "optional": list(file.optional)})
                table = file.table.replace_schema_metadata({KEY: told})
                if stream is None:
                    stream = pq.ParquetWriter(beside, table.schema, compression="zstd")
                stream.write_table(table)
                finished += file.n_structures
                failed += table.column("status").to_pylist().count("error")
            if stream is None:
                raise empty_run(folder)
            stream.close()
    except (OSError, pa.ArrowException) as error:
        raise XtalprintError(
            f"cannot be written ({first_line(error)})", source=str(path), remedy="check the folder and make room"
        ) from error
    return finished, failed


def empty_run(folder: str | os.PathLike[str]) -> XtalprintError:
    """Error where records of a run are wanted that had no input."""
    return XtalprintError(
        "the run had no structures: there is nothing to collect",
        source=os.fspath(folder),
        remedy="begin another, in a new folder, with files to read",
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any type
    return as_text(value) if isinstance(value, str) else value
