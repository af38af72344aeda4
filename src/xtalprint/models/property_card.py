"""The page for people about a model of moduli, made from its manifest and from nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.models.card import bullets, card, described_training, markdown_table, opening, plain
from xtalprint.models.manifest import PropertyManifest, QuestionsManifest
from xtalprint.models.property_class_card import questions_card

if TYPE_CHECKING:
    from xtalprint.models.registry import AnyManifest


def card_of(manifest: AnyManifest) -> str:
    """Markdown text of the card of any model."""
    if isinstance(manifest, QuestionsManifest):
        return questions_card(manifest)
    return property_card(manifest) if isinstance(manifest, PropertyManifest) else card(manifest)


def property_card(manifest: PropertyManifest) -> str:
    """Markdown text of the card."""
    parts = [
        *opening(manifest),
        _facts(manifest),
        "## What it is for\n\n" + bullets(manifest.intended_use),
        "## What it is not for\n\n" + bullets(manifest.out_of_scope),
        "## How good it is\n\n" + _errors(manifest),
        "## The intervals\n\n" + _intervals(manifest),
        "## When it answers “known: no”\n\n" + _far(manifest),
        "## Where it falls short\n\n" + bullets(manifest.limitations),
        "## How it was trained\n\n" + described_training(manifest),
        f"## Reference and licence\n\n{manifest.reference}\n\nLicence: {manifest.licence}.",
    ]
    return "\n\n".join(parts) + "\n"


_ERRORS = """\
Each crystal was predicted by a model of the same recipe that learned from the other folds only; mean and
standard error over the folds. “random” parts all {n:,} crystals at random; “by formula” so that no formula is
in two of the {folds} folds. “both” is what the model answers. The shipped weights learned from all crystals.
The recipe was chosen with some of these crystals at hand, so that the figures may be slightly too good."""
_INTERVALS = """\
An interval shall hold {percent:.0f} % of the true values. It is the answer ± factor · (constant + disagreement
· s + remoteness · d + softness · b) of log10: s is the standard deviation of the answers of the kernel and of
each network, d the distance from the nearest known crystal, b how far log10 of the answer is below {stiff:g}.
The coefficients follow the errors of the random folds by least squares; the factor makes that share of them lie
inside."""
_COVERAGE = """\
How many they hold was measured with a rule that is fitted as the shipped one, to errors of the random folds, but
without the crystals whose intervals are measured. For the random folds the whole share is near {percent:.0f} % by
construction; for the folds by formula it is not. The next table has the coverage in fifths of the crystals: from
the narrowest to the widest intervals, from the nearest crystals to the most remote, from the lowest predicted value
to the highest, from the truly softest to the truly stiffest. Its last column is the mean error of log10 in the
latter fifths: above 0 where the answers are too high."""
#: Titles and keys of what parts the crystals.
_FIFTHS = {
    "by width, %": "by_width",
    "by distance, %": "by_distance",
    "by predicted value, %": "by_predicted_value",
    "by true value, %": "by_true_value",
}
_FAR = """\
Where the nearest known crystal is at more than {distance:.3f}, the distance within which {percent:g} % of the
known crystals have another one; and for slabs and wires in a partly empty cell. Nearer than {same:g}, the
crystal is probably one of the known ones, and a warning says what a model said that had not seen it."""


def _facts(manifest: PropertyManifest) -> str:
    files = manifest.files
    seen = ", ".join(f"{key} {plain(value)}" for key, value in manifest.descriptor.items() if key != "descriptor")
    return markdown_table(
        ("", ""),
        [
            ("Properties", f"{', '.join(manifest.properties)}, {manifest.unit}"),
            ("Model", manifest.architecture),
            ("Input", f"{manifest.descriptor['descriptor']}: {seen}"),
            ("Weights", f"`{files.weights.path}`, SHA-256 `{files.weights.sha256}`"),
            ("Known crystals", f"`{files.known.path}`, SHA-256 `{files.known.sha256}`"),
            ("Made with", f"xtalprint {manifest.package_version}"),
        ],
    )


def _folds(manifest: PropertyManifest) -> int:
    figures: dict[str, Any] = manifest.metrics[next(iter(manifest.properties))][_splits(manifest)[0]]
    return len(figures["errors"]["both"]["by_fold"])


def _splits(manifest: PropertyManifest) -> list[str]:
    return list(manifest.metrics[next(iter(manifest.properties))])


def _errors(manifest: PropertyManifest) -> str:
    rows = []
    for name in manifest.properties:
        for split in _splits(manifest):
            for part, errors in manifest.metrics[name][split]["errors"].items():
                rows.append(
                    (
                        name,
                        split,
                        part,
                        f"{errors['MAE, GPa']:.2f} ± {errors['standard error, MAE, GPa']:.2f}",
                        f"{errors['median error, GPa']:.2f}",
                        f"{errors['RMSE, GPa']:.1f}",
                        f"{errors['MAE of log10']:.4f} ± {errors['standard error, MAE of log10']:.4f}",
                    )
                )
    titles = ("property", "folds", "part", "MAE, GPa", "median error, GPa", "RMSE, GPa", "MAE of log10")
    return "\n\n".join(
        (
            _ERRORS.format(n=manifest.metrics["n"], folds=_folds(manifest)),
            markdown_table(titles, rows),
        )
    )


def _intervals(manifest: PropertyManifest) -> str:
    whole, fifths = [], []
    for name in manifest.properties:
        for split in _splits(manifest):
            found = manifest.metrics[name][split]["intervals"]
            half = f"{found['median_half_width_of_log10']:.3f}"
            whole.append((name, split, f"{100 * found['coverage']:.1f}", half))
            shares = (", ".join(f"{100 * share:.0f}" for share in found[key]) for key in _FIFTHS.values())
            bias = ", ".join(f"{error:+.3f}" for error in found["mean_error_of_log10_by_true_value"])
            fifths.append((name, split, *shares, bias))
    rules = [
        (name, *(f"{value:.4g}" for value in (r.constant, r.disagreement, r.remoteness, r.softness, r.factor)))
        for name, r in manifest.properties.items()
    ]
    level = next(iter(manifest.properties.values())).level
    return "\n\n".join(
        (
            _INTERVALS.format(percent=100 * level, stiff=next(iter(manifest.properties.values())).stiff),
            markdown_table(("property", "constant", "disagreement", "remoteness", "softness", "factor"), rules),
            _COVERAGE.format(percent=100 * level),
            markdown_table(("property", "folds", "coverage, %", "median half width of log10"), whole),
            markdown_table(("property", "folds", *_FIFTHS, "mean error by true value"), fifths),
        )
    )


def _far(manifest: PropertyManifest) -> str:
    far = manifest.far
    name = next(iter(manifest.properties))
    rows = [
        (
            f"{row['from']:.2f} to {row['to']:.2f}",
            str(row["n"]),
            f"{row['MAE, GPa']:.1f}",
            f"{row['MAE of log10']:.3f}",
        )
        for row in manifest.metrics[name]["random"]["by_distance"]
    ]
    return "\n\n".join(
        (
            _FAR.format(distance=far.distance, percent=100 * far.share, same=far.same),
            f"Errors of {name} by that distance, random folds:",
            markdown_table(("distance", "crystals", "MAE, GPa", "MAE of log10"), rows),
        )
    )
