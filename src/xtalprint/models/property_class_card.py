"""The page for people about a model of property classes, made from its manifest and from nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.models.card import bullets, described_training, markdown_table, opening, plain
from xtalprint.models.manifest import SPLITS

if TYPE_CHECKING:
    from xtalprint.models.manifest import QuestionsManifest

_FIGURES = """\
Area under the curve, accuracy, F1, average precision and expected calibration error, with 95 % intervals, of test
crystals that the networks had not seen; of the crystal system the mean over the classes. “by formula”: no formula
of the test is among those learned from, and these are the networks that are shipped. “random”: others of the same
recipe, where it may be."""
_FAR = """\
Where the input is at more than so many standard deviations from each of the crystals learned from (of {examples:,}
that lie far apart and cover the others, along the {directions} directions of the largest spread), within which
{percent:g} % of the crystals lie that were held out to watch the training: {distances}. And for slabs and wires in a
partly empty cell."""


def questions_card(manifest: QuestionsManifest) -> str:
    """Markdown text of the card."""
    parts = [
        *opening(manifest),
        _facts(manifest),
        "## The questions\n\n" + _questions(manifest),
        "## What it is for\n\n" + bullets(manifest.intended_use),
        "## What it is not for\n\n" + bullets(manifest.out_of_scope),
        "## How good it is\n\n" + _quality(manifest),
        "## When it answers “known: no”\n\n" + _far(manifest),
        "## Where it falls short\n\n" + bullets(manifest.limitations),
        "## How it was trained\n\n" + described_training(manifest),
        f"## Reference and licence\n\n{manifest.reference}\n\nLicence: {manifest.licence}.",
    ]
    return "\n\n".join(parts) + "\n"


def _far(manifest: QuestionsManifest) -> str:
    asked = {
        place: [name for name, one in manifest.questions.items() if one.far_by == place] for place in manifest.far
    }
    distances = "; ".join(f"{', '.join(asked[name])} {one.distance:.1f}" for name, one in manifest.far.items())
    one = next(iter(manifest.far.values()))
    return _FAR.format(percent=100 * one.share, distances=distances, examples=one.examples, directions=one.directions)


def _facts(manifest: QuestionsManifest) -> str:
    parameters = ", ".join(f"{k} = {plain(v)}" for k, v in manifest.descriptor.items() if k != "descriptor")
    files = manifest.weights
    rows = [
        ("Networks", manifest.architecture),
        ("Input", f"{manifest.descriptor['descriptor']}: {parameters}"),
        ("Weights", f"`{files.onnx.path}`, SHA-256 `{files.onnx.sha256}`"),
        ("Weights for training", f"`{files.safetensors.path}`, SHA-256 `{files.safetensors.sha256}`"),
        ("Made with", f"xtalprint {manifest.package_version}"),
    ]
    return markdown_table(("", ""), rows)


def _questions(manifest: QuestionsManifest) -> str:
    rows = [
        (name, question.meaning, ", ".join(question.classes), question.caveat, f"{question.temperature:.3g}")
        for name, question in manifest.questions.items()
    ]
    return markdown_table(("question", "meaning", "answers", "beware", "temperature"), rows)


def _quality(manifest: QuestionsManifest) -> str:
    names = ("auc", "accuracy", "f1", "average_precision")
    rows = []
    for question in manifest.questions:
        for split in SPLITS:
            found = manifest.metrics[question][split]
            cells = [
                f"{found[name]:.3f} ({found['interval_95'][name][0]:.3f} to {found['interval_95'][name][1]:.3f})"
                for name in names
            ]
            rows.append((question, split, str(found["n"]), *cells, f"{found['expected_calibration_error']:.3f}"))
    titles = ("question", "parts", "crystals", "AUC", "accuracy", "F1", "average precision", "calibration error")
    return "\n\n".join((_FIGURES, markdown_table(titles, rows)))
