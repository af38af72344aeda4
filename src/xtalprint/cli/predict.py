"""``xtalprint predict``: moduli with an interval and the reason; crystal system, metal, stable and stiff."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.properties import PropertyTable, class_columns, property_columns
from xtalprint.cli.records import Format, Record, chosen_format, record_writer
from xtalprint.cli.spreading import Spreading, spreading_options
from xtalprint.cli.summary import summary
from xtalprint.errors import ModelError
from xtalprint.models.property_class_prediction import QUESTIONS
from xtalprint.models.stiffness_prediction import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xtalprint.models.model_job import ModelJob

#: Models of the moduli and of the classes.
MODULI, CLASSES = "stiffness", "property-classes"


@click.command(
    short_help="Predict moduli, with the reason; crystal system, metal, stable, stiff.",
    epilog="""\b
Examples:
  xtalprint predict Cu.cif
  xtalprint predict "relaxed/*.cif" --property bulk-modulus --format csv --output moduli.csv
  xtalprint predict NaCl.cif --format json | jq .neighbours
  xtalprint predict NaCl.cif --property metal --property crystal-system
  find . -name CONTCAR | xtalprint predict -
  xtalprint predict library.parquet --engine processes --into moduli
  xtalprint collect moduli --output moduli.parquet
""",
)
@options.files_argument
@click.option(
    "--property",
    "properties",
    type=click.Choice((*PROPERTIES, *QUESTIONS)),
    multiple=True,
    help="What to predict; give it several times for several. [default: both moduli]",
)
@click.option(
    "--model",
    help=f"A shipped model, or a folder of a training run.  [default: {MODULI}, or {CLASSES} for what is no modulus]",
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
    model: str | None,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of spreading_options
) -> None:
    """Predict bulk and shear modulus of each structure, in GPa, or classes of properties.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin. A file may hold many
    frames; they are numbered from 0. There is a record for each structure and property. Of a modulus: the value, an
    interval that holds nine of ten true values, and the most similar known crystals with their values and distances.
    "known" is false where the structure is far from what the model learned from; the value is then a guess.

    metal, stable (at most 0.02 eV/atom above the hull), stiff (bulk modulus over 85 GPa), shear-stiff (shear modulus
    over 34 GPa) are true or false, in the records with the probability that they are true, in the table with that of
    the answer; crystal-system is a name, with its probability. They are told from the diffraction of the crystal and
    the distances of neighbours, not in one run with moduli; crystal-system takes an --into of its own.

    A structure that has no modulus, such as a cluster without a cell, gets one record with status "error" and a
    sentence that says what to do; the others are predicted all the same, and the exit code is then 1.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads, elsewhere={"--output": output, "--format": format_})
    inputs = InputStream(files, elements)
    inputs.check_output(output)
    job = _job(model, properties, elements)
    if spreading.into is not None:
        _check_one_type(properties)
        tally = spreading.fill(job, inputs, quiet=quiet)
    else:
        columns = (property_columns if _moduli(properties) else class_columns)(job.constants)
        table = PropertyTable(inputs.paths, moduli=_moduli(properties))
        with record_writer(chosen_format(format_, output), output, table=table, columns=columns) as write:
            tally = spreading.each(job, inputs, lambda answer: _write_all(job, answer, write), quiet=quiet)
    if not quiet:
        for caveat in job.caveats:
            click.echo(caveat, err=True)
        click.echo(summary("predicted", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def _write_all(job: ModelJob[Any, Any], answer: Any, write: Callable[[Record], Record]) -> Record:  # noqa: ANN401 - of the job
    """Write the records of a structure; gives the last."""
    last: Record = {}
    for record in job.records(answer):
        last = write(dict(record))
    return last


def _moduli(properties: Sequence[str]) -> bool:
    return all(name in PROPERTIES for name in properties)


def _check_one_type(properties: Sequence[str]) -> None:
    """A column of a Parquet file has values of one type."""
    if "crystal-system" in properties and len(set(properties)) > 1:
        raise click.UsageError("crystal-system is a name and the others true or false: give it an --into of its own")


def _job(model: str | None, properties: Sequence[str], elements: Sequence[str] | None) -> ModelJob[Any, Any]:
    # Imported here: NumPy is not needed for --help.
    from xtalprint.models.property_class_job import PropertyClassJob  # noqa: PLC0415 - see above
    from xtalprint.models.stiffness_job import StiffnessJob  # noqa: PLC0415 - see above

    asked = tuple(dict.fromkeys(properties)) or PROPERTIES
    try:
        if _moduli(asked):
            return StiffnessJob(model or MODULI, asked, elements)
        if any(name in PROPERTIES for name in asked):
            raise click.UsageError("moduli and classes are told by different models: ask for them in two runs")
        return PropertyClassJob(model or CLASSES, asked, elements)
    except ModelError as error:
        raise click.BadParameter(str(error), param_hint="--model") from error
