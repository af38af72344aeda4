"""``xtalprint collect``: the records of a folder of shards, in the order of the input."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.classify import csv_columns
from xtalprint.cli.describe import COLUMNS
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.properties import PropertyTable, class_columns, property_columns
from xtalprint.cli.records import Format, Table, chosen_format, record_writer
from xtalprint.cli.summary import Tally, summary
from xtalprint.cli.tables import ClassTable, FileTable
from xtalprint.errors import WrongUsageError
from xtalprint.files import PARQUET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtalprint.io.record_files import RecordFile

#: As in xtalprint.similarity.preparing_job, which is not imported for --help.
PREPARED = "prepared"


@click.command(
    short_help="Give the records of a folder that another command wrote --into.",
    epilog="""\b
Examples:
  xtalprint collect classes --format csv --output classes.csv
  xtalprint collect classes --output classes.parquet
  xtalprint collect classes --format json | jq .class
""",
)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@options.format_option
@options.output_option
@options.quiet_option
@click.pass_context
def collect(ctx: click.Context, *, folder: Path, format_: Format | None, output: Path | None, quiet: bool) -> None:
    """Give the records of a folder that classify, describe or predict wrote --into, in the order of the input.

    Every shard is checked on the way. If --output ends in .parquet, all are put into one Parquet file; arrays of
    describe go there too. The folder can also be read as it is by whatever reads a folder of Parquet files.

    The exit code is that of the run: 1 if some structures failed.
    """
    from xtalprint.io.record_files import merge_run  # noqa: PLC0415 - not for --help

    start = time.perf_counter()
    if output is None or output.suffix.lower() not in PARQUET:
        tally = _write(folder, chosen_format(format_, output), output)
    elif format_ is not None:
        raise click.UsageError("a Parquet file has one format; leave --format out, or give another ending")
    else:
        tally = Tally(*merge_run(folder, output))
    if not quiet:
        click.echo(summary("collected", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def _write(folder: Path, format_: Format, output: Path | None) -> Tally:
    from xtalprint.io.record_files import empty_run, read_shards  # noqa: PLC0415 - not for --help

    shards = read_shards(folder)
    first = next(shards, None)
    if first is None:
        raise empty_run(folder)
    table, columns = _look(first[1])
    finished = failed = 0
    with record_writer(format_, output, table=table, columns=columns) as write:
        for path, file in chain([first], shards):
            for record in file.records(path):
                failed += write(record)["status"] == "error"
            finished += file.n_structures
    return Tally(finished, failed)


def _look(file: RecordFile) -> tuple[Table, Sequence[str]]:
    """How the records look to people, and the columns of their CSV file."""
    fields: Any = file.table.schema
    if PREPARED in fields.names:
        raise WrongUsageError(
            "these are fingerprints for compare, index and duplicates, not answers",
            remedy="give one of these commands, with the same files and --into",
        )
    if "array" in fields.names:
        return FileTable([]), [*COLUMNS[:4], "row", *(name for name in COLUMNS[4:] if name != "picture")]
    if "property" in fields.names:
        moduli = "probabilities" not in fields.names
        return PropertyTable([], moduli=moduli), (property_columns if moduli else class_columns)(file.constants)
    classes = [field.name for field in fields.field("probabilities").type]
    return ClassTable([], classes), csv_columns(classes, file.constants, prototypes="prototype" not in file.optional)
