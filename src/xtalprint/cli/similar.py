"""``xtalprint similar``: the most similar known crystals."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.catalogue import TAKEN, for_records
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.index import METRIC, built, known_crystals
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.pairs import distance_title, in_digits
from xtalprint.cli.records import Format, Record, check_folder, chosen_format, error_record, record_writer
from xtalprint.cli.spreading import Spreading, engine_options
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import SourceColumn, note, pad, shortened, visible
from xtalprint.errors import MissingExtraError, XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xtalprint.similarity import SimilarityIndex
    from xtalprint.similarity.direct_search import DirectSearch
    from xtalprint.similarity.search_job import Answer, Searcher, SearchJob

#: Labels that fit beside an id on a terminal, and their widths.
LABELS_SHOWN, LEAST, MOST = 4, 8, 14
ID_WIDTH = 28


class NeighbourTable:
    """Neighbours of each structure, for people.

    Parameters
    ----------
    paths
        The files to come.
    labels
        Names of those that are shown.
    unit
        Of the distances.
    """

    def __init__(self, paths: Sequence[str], labels: Sequence[str], unit: str) -> None:
        self._source = SourceColumn(paths)
        self._title = f"{distance_title(unit):>12}"
        self._widths = {name: min(max(len(name), LEAST), MOST) for name in labels[:LABELS_SHOWN]}

    def header(self) -> str:
        """Titles of the columns."""
        labels = "  ".join(pad(shortened(name, width), width) for name, width in self._widths.items())
        return f"{self._source.header()}  rank  {self._title}  {'id':<{ID_WIDTH}}  {labels}".rstrip()

    def line(self, record: Mapping[str, Any]) -> str:
        """One line for a neighbour, or for an input that failed."""
        source = self._source.cell(record)
        if record["status"] == "error":
            return "\n".join([f"{source}  error", *note(record["error"])])
        if record["rank"] > 1:
            source = " " * self._source.width
        labels = "  ".join(pad(_cell(record[name], width), width) for name, width in self._widths.items())
        name = pad(shortened(visible(record["id"]), ID_WIDTH), ID_WIDTH)
        line = f"{source}  {record['rank']:>4}  {in_digits(record['distance']):>12}  {name}  {labels}".rstrip()
        warnings = record["warnings"] if record["rank"] == 1 else ()
        return "\n".join([line, *(text for warning in warnings for text in note(warning))])


@click.command(
    short_help="Find the crystals of a table that are most like each structure.",
    epilog="""\b
Examples:
  xtalprint similar quartz.cif --table library.parquet
  xtalprint similar "relaxed/*.cif" --table library.parquet -k 3 --labels formula,band_gap
  xtalprint similar quartz.cif --table library.parquet --metric grid-emd:10 --metric composition:1
  xtalprint index library.parquet --output library.index
  xtalprint similar quartz.cif --index library.index --format json
  find . -name CONTCAR | xtalprint similar - --index library.index --format csv
""",
)
@click.argument("files", nargs=-1, required=True, metavar="QUERY...")
@click.option(
    "--table",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="T.parquet",
    help="The known crystals, as a crystal table: what xtalprint convert writes.",
)
@click.option(
    "--index",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The known crystals, as an index: what xtalprint index writes. It is open at once.",
)
@options.metric_option
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="How many are wanted.")
@click.option(
    "--approximate",
    is_flag=True,
    help="Let faiss look for candidates, of which 400 are compared exactly; one of the nearest may be missing. Up to "
    "100,000 crystals, the most that was measured, the exact search is faster; and each command builds the graph of "
    "faiss anew, in 20 s for so many.",
)
@options.labels_option
@options.elements_option
@options.format_option
@options.output_option
@options.threads_option
@engine_options
@options.quiet_option
@click.pass_context
def similar(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    table: Path | None,
    folder: Path | None,
    metric: str,
    k: int,
    approximate: bool,
    labels: Sequence[str] | None,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of engine_options
) -> None:
    """Find the crystals of a table that are most like each structure.

    QUERY is paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin; each frame is looked
    up. Distances are earth mover's distances of GRID in Å, which do not see elements, or those of another --metric,
    with --table only; then each query is compared with all rows. The search is exact. There is a record for each
    neighbour, nearest first, with its rank, id, distance, metric and labels (a label with the name of another entry
    of the record is called label_NAME); fewer than k where the table is smaller. A structure that is in the table
    finds itself. A query that fails gets a record with status "error", the others are looked up all
    the same, and the exit code is then 1.

    With --table, the table is fingerprinted first, by --engine; xtalprint index does that once for many searches. A
    row that has no fingerprint cannot be found: it gets an error record after all answers, and the exit code is 1. A
    table in which an id repeats is refused. Queries are looked up by threads of this process, which share the index:
    with --index, the engines processes and dask would have no work and are refused.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads)
    if (table is None) == (folder is None):
        raise click.UsageError("say what is to be searched: --table T.parquet or --index FOLDER, and not both")
    if folder and spreading.engine.name in {"processes", "dask"}:
        raise click.UsageError(
            f"--engine {spreading.engine.name} has no work with --index, whose queries are threads of this process; "
            "leave it out, or choose serial or threads"
        )
    if metric != METRIC and (folder or approximate):
        raise click.UsageError(
            f"{'an index' if folder else '--approximate'} searches by {METRIC} only; leave --metric {metric} out, or "
            "give --table T.parquet" + " without --approximate" * approximate
        )
    inputs = InputStream(files, elements)
    inputs.check_output(output)
    check_folder(output)
    format_ = chosen_format(format_, output)
    if approximate:
        _check_faiss()
    left_out: list[Record] = []
    if folder:
        known: SimilarityIndex | DirectSearch = _opened(folder, labels)
    else:
        known = _made(metric, table, spreading, labels, elements, quiet=quiet, report=left_out.append)
    job = _job(known, k, approximate=approximate)
    same = {"unit": _unit(metric), "metric": metric}
    look = NeighbourTable(inputs.paths, list(known.labels), same["unit"])
    columns = ["rank", "id", "distance", *same, *known.labels, "source", "frame", "status", "warnings", "error"]
    with record_writer(format_, output, table=look, columns=columns) as write:
        # Threads share the index, whoever made it.
        tally = spreading.each_in_threads(job.answer, inputs, lambda answer: _write(answer, same, write), quiet=quiet)
        for record in left_out:
            write(record)
    if not quiet:
        click.echo(summary("looked up", tally, time.perf_counter() - start), err=True)
    if left_out and not quiet:
        rows = "1 row" if len(left_out) == 1 else f"{len(left_out)} rows"
        click.echo(f"{rows} of {table} failed and could not be searched; each has a record", err=True)
    ctx.exit(SOME_FAILED if tally.failed or left_out else ALL_WELL)


def _unit(metric: str) -> str:
    from xtalprint.similarity.metrics import metric_named  # noqa: PLC0415 - not for --help

    return metric_named(metric).unit


def _write(answer: Answer | XtalprintError, same: Record, write: Callable[[Record], Record]) -> Record:
    """Write the records of one query, with what is the same in all; returns the last."""
    if isinstance(answer, XtalprintError):
        return write(error_record(answer))
    about = {"source": answer.source, "frame": answer.frame, "status": "ok", "warnings": list(answer.warnings)}
    record: Record = about
    for found in answer.neighbours.records():
        entry = {key: found.pop(key) for key in ("rank", "id", "distance")}
        record = write({**entry, **same, **found, **about})
    return record


def _check_faiss() -> None:
    """Say before the work that faiss is missing."""
    from importlib.util import find_spec  # noqa: PLC0415 - for this only

    if find_spec("faiss") is None:
        raise MissingExtraError.of("faiss-cpu", "search", "approximate search")


def _opened(folder: Path, labels: Sequence[str] | None) -> SimilarityIndex:
    from xtalprint.similarity import SimilarityIndex  # noqa: PLC0415 - not for --help

    try:
        known = SimilarityIndex.load(folder)
    except MissingExtraError:
        raise
    except XtalprintError as error:
        raise click.BadParameter(str(error), param_hint="--index") from error
    wanted = list(known.labels) if labels is None else [_as_in_index(name, known) for name in labels]
    missing = [name for name in wanted if name not in known.labels]
    if missing:
        raise click.BadParameter(
            f"{missing[0]} is no label of the index; it has {', '.join(known.labels) or 'none'}",
            param_hint="--labels",
        )
    plain = for_records({name: known.labels[name] for name in wanted})
    return replace(known, labels={name: tuple(values) for name, values in plain.items()})


def _as_in_index(name: str, known: SimilarityIndex) -> str:
    """A label with the name of an entry of the record is in an index under the name that records give it."""
    in_records = f"label_{name}"
    return in_records if name not in known.labels and name in TAKEN and in_records in known.labels else name


def _made(
    metric: str,
    table: Path | None,
    spreading: Spreading,
    labels: Sequence[str] | None,
    elements: Sequence[str] | None,
    *,
    quiet: bool,
    report: Callable[[Record], object],
) -> SimilarityIndex | DirectSearch:
    """Prepare a table for a search; ``report`` takes the records of rows that are left out."""
    from xtalprint.io.table_labels import read_labels  # noqa: PLC0415 - not for --help
    from xtalprint.similarity.direct_search import DirectSearch  # noqa: PLC0415 - likewise
    from xtalprint.similarity.metrics import metric_named  # noqa: PLC0415 - likewise

    try:
        read_labels(str(table), names=labels)  # said before the work, not after it
    except MissingExtraError:
        raise
    except XtalprintError as error:
        raise click.BadParameter(str(error), param_hint="--table") from error
    inputs = InputStream([str(table)])
    known, _ = known_crystals(metric, inputs, spreading, labels=labels, elements=elements, quiet=quiet, report=report)
    return built(**known) if metric == METRIC else DirectSearch(metric_named(metric), **known)


def _job(known: SimilarityIndex | DirectSearch, k: int, *, approximate: bool) -> SearchJob:
    from xtalprint.similarity import SimilarityIndex  # noqa: PLC0415 - not for --help
    from xtalprint.similarity.search_job import SearchJob  # noqa: PLC0415 - likewise

    searcher: Searcher = known
    if approximate and isinstance(known, SimilarityIndex):
        from xtalprint.similarity.approximate import ApproximateSearch  # noqa: PLC0415 - faiss

        searcher = ApproximateSearch.of(known)
    return SearchJob(searcher, k)


def _cell(value: object, width: int) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"
