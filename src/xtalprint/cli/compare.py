"""``xtalprint compare``: how different structures are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.comparison import Comparison, check_number_drawn
from xtalprint.cli.gathering import gather, prepare_share
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.records import Format, Record, check_folder, check_new_folder, chosen_format, record_writer
from xtalprint.cli.spreading import Spreading, preparing_options
from xtalprint.cli.summary import summary
from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TWO = 2


@click.command(
    short_help="Say how different structures are, by one of several metrics.",
    epilog="""\b
Metrics (a metric obeys the triangle inequality; all are symmetric, and 0 for
equal structures; only composition, total, their -metric forms and sums with
one of them see elements, H to Bi without noble gases: a structure with
another element is an error there):
  grid-emd            earth mover's distance of GRID: how far the first, second
                      ... hundredth neighbours lie apart; in Å; a metric
  grid-euclid         Euclidean distance of GRID; a metric
  grid-cosine         1 - cosine of GRID; no metric
  rdf-emd             earth mover's distance of the RDF; in Å; a metric
  rdf-cosine          1 - cosine of the RDF; no metric
  amd                 mean difference of the mean distances of the neighbours;
                      in Å; a metric, never above sorted
  sorted              as grid-emd, exact and without bins; in Å; a metric
  composition         earth mover's distance of the elements, as released; no
                      metric
  composition-metric  the same along shortest paths of elements; a metric
  total               10 times grid-emd plus composition; no metric
  total-metric        10 times grid-emd plus composition-metric; a metric

\b
Weighted sums: NAME:WEIGHT for each part, joined by + or in options of their
own; a sum has no unit, and is a metric if all its parts are. For several
metrics beside each other, give the command once for each.

\b
Examples:
  xtalprint compare copper.cif magnesium.poscar
  xtalprint compare "phases/*.cif" --pictures pictures
  xtalprint compare "phases/*.cif" --metric total --format csv --output distances.csv
  xtalprint compare "phases/*.cif" --metric grid-emd:10 --metric composition:0.5
  xtalprint compare trajectory.extxyz --metric amd --format json
  xtalprint compare library.parquet --matrix distances.npy --engine processes
  xtalprint compare library.parquet --into fingerprints --metric grid-cosine --matrix cosines.npy
""",
)
@options.files_argument
@options.metric_option
@click.option(
    "--matrix",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.npy",
    help="Write the whole matrix, in single precision, and beside it FILE.npy.json, which says what made it, instead "
    "of records of pairs; the records then say which row each structure is. A run that was stopped goes on.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Draw matrix.png (with the tree that orders it), tree.png and map.png into this folder.",
)
@options.elements_option
@options.format_option
@options.output_option
@options.threads_option
@preparing_options
@options.quiet_option
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    metric: str,
    matrix: Path | None,
    pictures: Path | None,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of preparing_options
) -> None:
    """Say how different structures are, by one of several metrics or a weighted sum of them.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin; all frames of all files
    are compared with each other. There is a record for each pair, in the order of the input; for people, a matrix for
    3 to 12 structures. A row of a crystal table is named by its id. An input that fails gets a record with status
    "error" after all others, the rest are compared all the same, and the exit code is then 1.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads)
    spreading.check_share({"--output": output, "--format": format_, "--matrix": matrix, "--pictures": pictures})
    inputs = InputStream(files, elements)
    if spreading.is_share:
        prepare_share(metric, inputs, spreading, elements=elements, quiet=quiet)
    inputs.check_output(output)
    check_folder(output)
    _check_places(matrix, pictures)
    if pictures is not None:
        check_number_drawn(inputs.least_structures())
    format_ = chosen_format(format_, output)
    errors: list[Record] = []
    gathered, tally = gather(metric, inputs, spreading, elements=elements, quiet=quiet, report=errors.append)
    if len(gathered) < _TWO and not errors:
        raise click.UsageError("one structure has nothing to be compared with; name another file")
    comparison = Comparison(gathered, matrix, format_ == "table", spreading.threads, quiet=quiet)
    with record_writer(format_, output, table=comparison.look(inputs.paths), columns=comparison.columns) as write:
        if len(gathered) >= _TWO:
            comparison.run(write, pictures)
        for record in errors:
            write(record)
    if not quiet:
        compared = len(gathered) >= _TWO
        click.echo(summary("compared" if compared else "prepared", tally, time.perf_counter() - start), err=True)
        if not compared:
            left = "one structure is left, which has nothing to be compared with" if len(gathered) else "none is left"
            click.echo(f"nothing was compared: {left}", err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def _check_places(matrix: Path | None, pictures: Path | None) -> None:
    """Say before the work that something cannot be written."""
    from xtalprint.similarity.one_writer import only_writer  # noqa: PLC0415 - not for --help

    if matrix is not None and matrix.suffix != ".npy":
        raise click.BadParameter(f"{matrix}: give a name ending with .npy", param_hint="--matrix")
    if matrix is not None and not matrix.exists():
        try:
            with only_writer(matrix):
                pass
        except WrongUsageError as error:
            raise click.BadParameter(str(error), param_hint="--matrix") from error
    if pictures is not None:
        check_new_folder(pictures, "--pictures")
