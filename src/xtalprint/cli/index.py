"""``xtalprint index``: a crystal table prepared for ``xtalprint similar``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.catalogue import Catalogue
from xtalprint.cli.gathering import gather, prepare_share
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.records import Format, Record, check_new_folder, record_writer
from xtalprint.cli.spreading import Spreading, preparing_options
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import SourceColumn, note
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xtalprint.cli.summary import Tally
    from xtalprint.similarity import SimilarityIndex

#: What `similar` searches by.
METRIC = "grid-emd"
COLUMNS = ["path", "crystals", "failed", "labels", "bytes", "source", "frame", "status", "error"]


class IndexTable:
    """What went into an index, for people.

    Parameters
    ----------
    paths
        The files to come.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._source = SourceColumn(paths)

    def header(self) -> str:
        """Nothing stands above; the line says all."""
        return "index"

    def line(self, record: Mapping[str, Any]) -> str:
        """The index, or a structure that is not in it."""
        if record["status"] == "error":
            return "\n".join([f"{self._source.cell(record)}  error", *note(record["error"])])
        labels = ", ".join(record["labels"]) or "none"
        size = f"{record['bytes'] / 1e6:.1f} MB"
        return f"{record['path']}  {record['crystals']} crystals, {record['failed']} failed, {size}; labels: {labels}"


@click.command(
    short_help="Prepare a crystal table for similar, once for many searches.",
    epilog="""\b
Examples:
  xtalprint index library.parquet --output library.index
  xtalprint index library.parquet --labels formula,band_gap --output library.index --engine processes
  xtalprint index "cifs/*.cif" --output cifs.index --overwrite
  xtalprint similar quartz.cif --index library.index
""",
)
@options.files_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The index; it appears complete or not at all. Needed, except with --shard.",
)
@click.option(
    "--overwrite", is_flag=True, help="Replace an index that is there; until the new one is, the old one is found."
)
@options.labels_option
@options.elements_option
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@options.threads_option
@preparing_options
@options.quiet_option
@click.pass_context
def index(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    output: Path | None,
    overwrite: bool,
    labels: Sequence[str] | None,
    elements: Sequence[str] | None,
    format_: Format,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of preparing_options
) -> None:
    """Prepare a crystal table for similar, once for many searches.

    FILES are crystal tables (xtalprint convert writes them) or any structure files. The index holds the packed GRID
    of each crystal, its id and its labels; the crystals themselves are not in it. A crystal that has no fingerprint
    gets an error record, the others go in all the same, and the exit code is then 1. The last record tells what was
    written. A structure that is no row of a table has the id FILE#FRAME, and "(2)" behind it where its file is named
    for the second time. A table in which an id repeats is refused.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads)
    spreading.check_share({"--output": output})
    inputs = InputStream(files, elements)
    if spreading.is_share:
        prepare_share(METRIC, inputs, spreading, elements=elements, quiet=quiet)
    if output is None:
        raise click.MissingParameter(ctx=ctx, param=next(p for p in ctx.command.params if p.name == "output"))
    if output.exists() and not overwrite:
        raise click.BadParameter(f"{output} is there already; add --overwrite to replace it", param_hint="--output")
    check_new_folder(output.parent, "--output")
    with record_writer(format_, None, table=IndexTable(inputs.paths), columns=COLUMNS) as write:
        known, tally = known_crystals(
            METRIC, inputs, spreading, labels=labels, elements=elements, quiet=quiet, report=write
        )
        made = built(**known)
        made.save(output, overwrite=overwrite)
        write(
            {
                "path": str(output),
                "crystals": len(made),
                "failed": tally.failed,
                "labels": list(made.labels),
                "bytes": sum(path.stat().st_size for path in output.iterdir()),
                "status": "ok",
            }
        )
    if not quiet:
        click.echo(summary("indexed", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def known_crystals(
    metric: str,
    inputs: InputStream,
    spreading: Spreading,
    *,
    labels: Sequence[str] | None,
    elements: Sequence[str] | None,
    quiet: bool,
    report: Callable[[Record], object],
) -> tuple[dict[str, Any], Tally]:
    """What a search needs: the table that a metric compares, ids and labels of all structures of the input.

    Parameters
    ----------
    metric
        Its name.
    inputs, spreading, elements, quiet
        Of the command.
    labels
        Which labels; None means all.
    report
        Called at once with the error record of each input that fails.

    Raises
    ------
    XtalprintError
        If no structure has a fingerprint, or an id repeats.
    """
    catalogue = Catalogue(labels)
    catalogue.check_tables(inputs.paths)
    gathered, tally = gather(metric, inputs, spreading, elements=elements, quiet=quiet, report=report)
    if not gathered.places:
        first = gathered.failures[0][1]["error"] if gathered.failures else None
        raise XtalprintError("there is no structure with a fingerprint", remedy=first and f"the first error: {first}")
    ids = catalogue.ids_of(gathered.places)
    catalogue.check(gathered.places, ids)
    return {"table": gathered.table(), "ids": ids, "labels": catalogue.labels_of(gathered.places)}, tally


def built(*, table: Any, ids: Sequence[str], labels: Mapping[str, Sequence[Any]]) -> SimilarityIndex:  # noqa: ANN401 - that of the distance
    """Make an index of `known_crystals` of `METRIC`."""
    from xtalprint.similarity import SimilarityIndex  # noqa: PLC0415 - not for --help
    from xtalprint.similarity.fingerprinting import default_descriptor  # noqa: PLC0415 - likewise

    return SimilarityIndex.build(table, ids=ids, labels=labels, descriptor=default_descriptor())
