"""``xtalprint predict``: bulk and shear modulus, with an interval and the reason."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.properties import PropertyTable, property_columns
from xtalprint.cli.records import Format, Record, chosen_format, record_writer
from xtalprint.cli.spreading import Spreading, spreading_options
from xtalprint.cli.summary import summary
from xtalprint.errors import ModelError
from xtalprint.models.stiffness_prediction import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xtalprint.models.stiffness_job import StiffnessJob
    from xtalprint.models.stiffness_prediction import StiffnessPrediction

DEFAULT_MODEL = "stiffness"


@click.command(
    short_help="Predict bulk and shear modulus of each structure, with the reason.",
    epilog="""\b
Examples:
  xtalprint predict Cu.cif
  xtalprint predict "relaxed/*.cif" --property bulk-modulus --format csv --output moduli.csv
  xtalprint predict NaCl.cif --format json | jq .neighbours
  find . -name CONTCAR | xtalprint predict -
  xtalprint predict library.parquet --engine processes --into moduli
  xtalprint collect moduli --output moduli.parquet
""",
)
@options.files_argument
@click.option(
    "--property",
    "properties",
    type=click.Choice(PROPERTIES),
    multiple=True,
    help="What to predict; give it twice for both. [default: both]",
)
@click.option(
    "--model", default=DEFAULT_MODEL, show_default=True, help="A shipped model, or a folder of a training run."
)
@options.elements_option
@options.format_option
@options.output_option
@options.threads_option
@spreading_options
@options.quiet_option
@click.pass_context
def predict(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    properties: Sequence[str],
    model: str,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of spreading_options
) -> None:
    """Predict bulk and shear modulus of each structure, in GPa.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin. A file may hold many
    frames; they are numbered from 0. There is a record for each structure and property: the value, an interval that
    holds nine of ten true values, and the most similar known crystals with their values and distances. "known" is
    false where the structure is far from all of them; the value is then a guess.

    A structure that has no modulus, such as a cluster without a cell, gets one record with status "error" and a
    sentence that says what to do; the others are predicted all the same, and the exit code is then 1.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads, elsewhere={"--output": output, "--format": format_})
    inputs = InputStream(files, elements)
    inputs.check_output(output)
    job = _job(model, properties, elements)
    if spreading.into is not None:
        tally = spreading.fill(job, inputs, quiet=quiet)
    else:
        columns, table = property_columns(job.constants), PropertyTable(inputs.paths)
        with record_writer(chosen_format(format_, output), output, table=table, columns=columns) as write:
            tally = spreading.each(job, inputs, lambda answer: _write_all(job, answer, write), quiet=quiet)
    if not quiet:
        click.echo(summary("predicted", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def _write_all(job: StiffnessJob, answer: StiffnessPrediction, write: Callable[[Record], Record]) -> Record:
    """Write the records of a structure; gives the last."""
    last: Record = {}
    for record in job.records(answer):
        last = write(dict(record))
    return last


def _job(model: str, properties: Sequence[str], elements: Sequence[str] | None) -> StiffnessJob:
    from xtalprint.models.stiffness_job import StiffnessJob  # noqa: PLC0415 - NumPy is not needed for --help

    try:
        return StiffnessJob(model, tuple(dict.fromkeys(properties)) or PROPERTIES, elements)
    except ModelError as error:
        raise click.BadParameter(str(error), param_hint="--model") from error
