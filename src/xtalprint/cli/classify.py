"""``xtalprint classify``: which crystal class is this, how sure."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import click

from xtalprint.cli import options
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.progress import ProgressBar
from xtalprint.cli.records import Format, chosen_format, record_writer
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import ClassTable
from xtalprint.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from xtalprint.models import Classifier
    from xtalprint.models.answering import AnsweringModel
    from xtalprint.models.prediction import Prediction

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
@options.quiet_option
@click.pass_context
def classify(
    ctx: click.Context,
    *,
    files: Sequence[str],
    model: str,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
) -> None:
    """Say which crystal class each structure has, and how sure that is.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin. A file may hold many
    frames; they are numbered from 0. The classes are bcc, bct_139, bct_141, diam, fcc, hex/rh and sc;
    with --model prototype those of 38 prototypes of elements and binaries.

    A structure that cannot be classified gets a record with status "error" and a sentence that says what to do; the
    others are classified all the same, and the exit code is then 1.
    """
    start = time.perf_counter()
    inputs = InputStream(files, elements)
    inputs.check_output(output)
    classifier = _load(model)
    prototypes = classifier.manifest.answers == "prototype"
    columns = csv_columns(classifier.classes, classifier.provenance, prototypes=prototypes)
    finished = failed = 0
    with (
        record_writer(
            chosen_format(format_, output),
            output,
            table=ClassTable(inputs.paths, classifier.classes),
            columns=columns,
        ) as write,
        closing(_predictions(classifier, inputs, threads)) as predictions,
        ProgressBar("structures", files=inputs.number_of_files, enabled=not quiet) as bar,
    ):
        for prediction in predictions:
            write(prediction.to_record())
            finished += 1
            failed += prediction.status == "error"
            bar.update(finished, inputs.finished_files(finished))
    if not quiet:
        click.echo(summary("classified", finished, failed, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if failed else ALL_WELL)


def csv_columns(classes: Sequence[str], provenance: Mapping[str, str], *, prototypes: bool = False) -> list[str]:
    """Columns of the CSV file: one for the probability of each class, one more where the classes are prototypes."""
    return [
        *("source", "frame", "status", "class", *(["prototype"] if prototypes else []), "probability"),
        *(f"probabilities.{name}" for name in classes),
        *("known", "probability_none", "warnings", "error"),
        *provenance,
    ]


def _predictions(
    classifier: Classifier, inputs: InputStream, threads: int | None
) -> Generator[Prediction, None, None]:
    """Make a generator of it, whose closing stops the work at once after Ctrl-C."""
    yield from classifier.predict_iter(inputs, threads=threads)


def _load(model: str) -> AnsweringModel:
    from xtalprint.models import load_model  # noqa: PLC0415 - NumPy is not needed to print a usage error

    try:
        found = load_model(model)
    except ModelError as error:
        raise click.BadParameter(str(error), param_hint="--model") from error
    if found.labels_atoms:
        raise click.BadParameter(
            f"{model} labels every atom, not the structure; choose another, such as {DEFAULT_MODEL}, or "
            "call load_model(…).predict_atoms(crystal) in Python",
            param_hint="--model",
        )
    return found
