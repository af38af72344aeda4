"""``xtalprint models``: which trained models there are, how good they are, and their cards."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.records import Format, chosen_format, printable, record_writer
from xtalprint.errors import ModelError
from xtalprint.models.property_class_prediction import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xtalprint.models.registry import AnyManifest

COLUMNS = [
    *("name", "version", "summary", "classes", "test_accuracy", "properties", "errors.bulk-modulus"),
    *("errors.shear-modulus", *(f"auc.{name}" for name in QUESTIONS), "weights_sha256", "weights", "card"),
]
#: Width of the column that says how good a model is.
GOOD = 27


class ModelTable:
    """Name, version, accuracy on the test set, and where the card is."""

    def header(self) -> str:
        """Titles of the columns."""
        return f"{'name':<24}  {'version':<9}  {'how good':<{GOOD}}  card"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line."""
        return f"{record['name']:<24}  {record['version']:<9}  {_quality(record):<{GOOD}}  {record['card']}"


def _quality(record: Mapping[str, Any]) -> str:
    if record["auc"]:
        return f"AUC {min(record['auc'].values()):.2f} to {max(record['auc'].values()):.2f}"
    if record["test_accuracy"] is not None:
        return f"test accuracy {100 * record['test_accuracy']:.2f} %"
    bulk, shear = record["errors"].values()
    return f"mean errors {bulk:.1f}, {shear:.1f} GPa"


@click.command(
    short_help="List the trained models, or print the card of one.",
    epilog="""\b
Examples:
  xtalprint models
  xtalprint models --format json
  xtalprint models crystal-class
  xtalprint models runs/first
""",
)
@click.argument("name", required=False)
@options.format_option
@options.output_option
def models(*, name: str | None, format_: Format | None, output: Path | None) -> None:
    """List the trained models; with NAME, or the folder of a training run, print its card.

    The card says what the model is for and what it is not for, what it was trained on, how good it is, and where it
    is known to fail.
    """
    from xtalprint.models.property_card import card_of  # noqa: PLC0415 - pydantic is not needed for a usage error
    from xtalprint.models.registry import model_names, read_manifest  # noqa: PLC0415 - as above

    try:
        found = [read_manifest(each) for each in ([name] if name else model_names())]
    except ModelError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    if name and format_ is None and output is None:
        click.echo(printable(card_of(found[0][0]), sys.stdout), nl=False)
        return
    with record_writer(chosen_format(format_, output), output, table=ModelTable(), columns=COLUMNS) as write:
        for manifest, folder in found:
            write(_record(manifest, folder))


def _record(manifest: AnyManifest, folder: Path) -> dict[str, Any]:
    from xtalprint.models import manifest as kinds  # noqa: PLC0415 - pydantic is not needed to print a usage error

    weights = manifest.files.weights if isinstance(manifest, kinds.PropertyManifest) else manifest.weights.onnx
    record: dict[str, Any] = {
        "name": manifest.name,
        "version": manifest.version,
        "summary": manifest.summary,
        "classes": [],
        "test_accuracy": None,
        "properties": [],
        "errors": {},
        "auc": {},
    }
    if isinstance(manifest, kinds.Manifest):
        record |= {"classes": list(manifest.classes), "test_accuracy": manifest.metrics["test"]["accuracy"]}
    elif isinstance(manifest, kinds.PropertyManifest):
        record |= {"properties": list(manifest.properties), "errors": manifest.errors}
    else:
        record |= {"properties": list(manifest.questions), "auc": manifest.areas}
    return record | {
        "weights_sha256": weights.sha256,
        "weights": str(folder / weights.path),
        "card": str(folder / manifest.card),
    }
