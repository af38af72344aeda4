"""``xtalprint convert``: any structure files into one crystal table."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.catalogue import Catalogue, Place, Times
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.progress import ProgressBar
from xtalprint.cli.records import Format, Record, check_folder, error_record, record_writer
from xtalprint.cli.summary import Tally, summary
from xtalprint.cli.tables import SourceColumn
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.io import TableWriter

COLUMNS = ["source", "frame", "status", "row", "id", "formula", "n_atoms", "error"]


class RowTable:
    """What became of each structure, for people.

    Parameters
    ----------
    paths
        The files to come.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._source = SourceColumn(paths)

    def header(self) -> str:
        """Titles of the columns."""
        return f"{self._source.header()}  row      formula"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line."""
        source = self._source.cell(record)
        if record["status"] == "error":
            return f"{source}  error    {record['error']}"
        return f"{source}  {record['row']:<7}  {record['formula']}"


@click.command(
    short_help="Write the structures of many files into one crystal table.",
    epilog="""\b
Examples:
  xtalprint convert "cifs/*.cif" --output library.parquet
  find . -name CONTCAR | xtalprint convert - --output relaxed.parquet
  xtalprint convert run.dump --elements Cu,Zr --output run.parquet --format json
""",
)
@options.files_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="TABLE.parquet",
    help="The table; it appears complete or not at all, and replaces an old one.",
)
@options.elements_option
@options.format_option
@options.quiet_option
@click.pass_context
def convert(
    ctx: click.Context,
    *,
    files: Sequence[str],
    output: Path,
    elements: Sequence[str] | None,
    format_: Format | None,
    quiet: bool,
) -> None:
    """Write the structures of many files into one crystal table.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin. The table is a Parquet
    file with a row for each structure: id, cell, numbers, frac, source, and occupancies, pbc and positions where they
    are needed. It is read as quickly as any table, and by xtalprint like any other file. The id is FILE#FRAME, and
    "FILE#FRAME (2)" where a file is named for the second time. Rows of a crystal table keep their ids and labels.

    A structure that cannot be read gets an error record on stderr; the others are written all the same, and the exit
    code is then 1. With --format json or csv, a record for each structure goes to stdout instead. If no structure can
    be read, no table is written.
    """
    from xtalprint.io import TableWriter  # noqa: PLC0415 - NumPy is not needed for --help

    start = time.perf_counter()
    check_folder(output)
    inputs = InputStream(files, elements)
    inputs.check_output(output)
    times, catalogue = Times(), Catalogue()
    catalogue.check_tables(inputs.paths)
    places: list[Place] = []
    finished = failed = 0
    with (
        _records(format_, inputs.paths) as write,
        ProgressBar("structures", files=inputs.number_of_files, enabled=not quiet) as bar,
        TableWriter(output) as writer,
    ):
        for item in inputs:
            if not isinstance(item, XtalprintError):
                places.append(Place(item.source, item.frame))
            write(_record(item, writer, times, catalogue))
            finished += 1
            failed += isinstance(item, XtalprintError)
            bar.update(finished, inputs.finished_files(finished))
        if finished == failed:
            raise XtalprintError("no structure could be read, so no table is written", source=str(output))
        writer.labels = catalogue.columns_of(places)
    if not quiet:
        click.echo(summary("written", Tally(finished, failed), time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if failed else ALL_WELL)


@contextmanager
def _records(format_: Format | None, paths: Sequence[str]) -> Iterator[Callable[[Record], Record]]:
    """Write all records to stdout if a format was asked for, else the errors to stderr."""
    if format_ is None:
        yield _complain
    else:
        with record_writer(format_, None, table=RowTable(paths), columns=COLUMNS) as write:
            yield write


def _complain(record: Record) -> Record:
    if record["status"] == "error":
        click.echo(f"error: {record['error']}", err=True)
    return record


def _record(item: Crystal | XtalprintError, writer: TableWriter, times: Times, catalogue: Catalogue) -> Record:
    if isinstance(item, XtalprintError):
        return error_record(item)
    row, known = len(writer), catalogue.id_in_table(Place(item.source, item.frame))
    return {
        "source": item.source,
        "frame": item.frame,
        "status": "ok",
        "row": row,
        "id": writer.add(item, id=times.id_of(item.source, item.frame, known)),
        "formula": item.formula,
        "n_atoms": len(item),
    }
