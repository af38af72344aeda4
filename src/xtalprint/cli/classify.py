"""``xtalprint classify``: which crystal class is this, how sure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.records import Format, chosen_format, record_writer
from xtalprint.cli.spreading import Spreading, spreading_options
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import ClassTable
from xtalprint.errors import ModelError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xtalprint.models.class_job import ClassJob

DEFAULT_MODEL = "crystal-class"


@click.command(
    short_help="Say which crystal class each structure has, and how sure that is.",
    epilog="""\b
Examples:
  xtalprint classify Cu.cif
  xtalprint classify "run/**/CONTCAR" --format csv --output classes.csv
  xtalprint classify trajectory.extxyz.gz --format json | jq .class
  find . -name "*.cif" | xtalprint classify -
  xtalprint classify melt.dump --elements Cu,Zr
  xtalprint classify NaCl.cif --model prototype
  xtalprint classify library.parquet --engine processes --into classes
""",
)
@options.files_argument
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
def classify(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    model: str,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of spreading_options
) -> None:
    """Say which crystal class each structure has, and how sure that is.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin. A file may hold many
    frames; they are numbered from 0. The classes are bcc, bct_139, bct_141, diam, fcc, hex/rh and sc;
    with --model prototype those of 38 prototypes of elements and binaries.

    A structure that cannot be classified gets a record with status "error" and a sentence that says what to do; the
    others are classified all the same, and the exit code is then 1.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads, elsewhere={"--output": output, "--format": format_})
    inputs = InputStream(files, elements)
    inputs.check_output(output)
    job = _job(model, elements)
    if spreading.into is not None:
        tally = spreading.fill(job, inputs, quiet=quiet)
    else:
        columns = csv_columns(job.classes, job.constants, prototypes=job.names_prototypes)
        table = ClassTable(inputs.paths, job.classes)
        with record_writer(chosen_format(format_, output), output, table=table, columns=columns) as write:
            tally = spreading.each(job, inputs, lambda prediction: write(prediction.to_record()), quiet=quiet)
    if not quiet:
        click.echo(summary("classified", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def csv_columns(classes: Sequence[str], provenance: Mapping[str, str], *, prototypes: bool = False) -> list[str]:
    """Columns of the CSV file: one for the probability of each class, one more where the classes are prototypes."""
    return [
        *("source", "frame", "status", "class", *(["prototype"] if prototypes else []), "probability"),
        *(f"probabilities.{name}" for name in classes),
        *("known", "probability_none", "probability_spread", "warnings", "error"),
        *provenance,
    ]


def _job(model: str, elements: Sequence[str] | None) -> ClassJob:
    from xtalprint.models.class_job import ClassJob  # noqa: PLC0415 - NumPy is not needed to print a usage error

    try:
        return ClassJob(model, elements)
    except ModelError as error:
        raise click.BadParameter(str(error), param_hint="--model") from error
    except WrongUsageError as error:
        raise click.BadParameter(
            f"{model} labels every atom, not the structure; choose another, such as {DEFAULT_MODEL}, or "
            "call load_model(…).predict_atoms(crystal) in Python",
            param_hint="--model",
        ) from error
