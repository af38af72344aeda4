"""The page for people about a model, made from its manifest and from nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.models.manifest import KnownOutput, KnownRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xtalprint.models.manifest import Description, Manifest


def card(manifest: Manifest) -> str:
    """Markdown text of the card."""
    parts = [
        *opening(manifest),
        _facts(manifest),
        *_classes(manifest),
        "## What it is for\n\n" + bullets(manifest.intended_use),
        "## What it is not for\n\n" + bullets(manifest.out_of_scope),
        "## How good it is\n\n" + _accuracy(manifest),
        "## Where it falls short\n\n" + bullets(manifest.limitations),
        _unknown(manifest),
        "## How it was trained\n\n" + described_training(manifest),
        f"## Reference and licence\n\n{manifest.reference}\n\nLicence of the weights: {manifest.licence}.",
    ]
    return "\n\n".join(parts) + "\n"


def opening(manifest: Description) -> list[str]:
    """Title and summary, and a warning of a model that was trained to see that it runs."""
    parts = [f"# {manifest.name} {manifest.version}", manifest.summary]
    if "--quick" in manifest.training.command.split():
        parts.append("**Trained with `--quick`, to see that training runs. It is of no use for anything else.**")
    return parts


def _facts(manifest: Manifest) -> str:
    parameters = ", ".join(f"{k} = {plain(v)}" for k, v in manifest.descriptor.items() if k != "descriptor")
    rows = [
        ("Classes", ", ".join(manifest.classes)),
        ("Network", manifest.architecture),
        ("Input", f"{manifest.descriptor['descriptor']}: {parameters}"),
        ("Weights", f"`{manifest.weights.onnx.path}`, SHA-256 `{manifest.weights.onnx.sha256}`"),
        (
            "Weights for training",
            f"`{manifest.weights.safetensors.path}`, SHA-256 `{manifest.weights.safetensors.sha256}`",
        ),
        ("Made with", f"xtalprint {manifest.package_version}"),
    ]
    return markdown_table(("", ""), rows)


def _classes(manifest: Manifest) -> list[str]:
    """The class list, if the model was trained on one."""
    rows = manifest.training.data.get("prototypes")
    if rows is None:
        return []
    titles = ("class", "Strukturbericht", "AFLOW label", "example", "largest |ln| of axial ratios", "largest shift")
    keys = ("name", "strukturbericht", "aflow", "example", "strain", "shift")
    note = (
        "The class list is a file; `xtalprint train prototype --classes FILE` takes another. The last two columns "
        "say how far the learned structures vary: axial ratios beside the example's, and free coordinates (root mean "
        "square, as a share of the cube root of the volume per atom)."
    )
    return ["## The classes\n\n" + note, markdown_table(titles, [[plain(row[key]) for key in keys] for row in rows])]


def _accuracy(manifest: Manifest) -> str:
    parts = manifest.metrics
    rows = []
    for name in ("train", "validation", "test"):
        rows += _accuracy_rows(name, parts[name]) if name in parts else []
    counted = "atoms" if "none" in manifest.classes else "crystals"
    text = [markdown_table(("part of the made crystals", counted, "accuracy, %", "errors"), rows)]
    per_class = parts["test"]["per_class"]
    text.append(
        markdown_table(
            ("class, test part", counted, "accuracy, %"),
            [
                (name, str(v["n"]), "–" if v["accuracy"] is None else f"{100 * v['accuracy']:.2f}")
                for name, v in per_class.items()
            ],
        )
    )
    if parts.get("defective"):
        text.append("One label per structure, defective copies of the test part (one copy each):")
        text.append(
            markdown_table(
                ("defects", "crystals", "accuracy, %", "errors"),
                [row for name, figures in parts["defective"].items() for row in _accuracy_rows(name, figures)],
            )
        )
    error = parts["test"]["expected_calibration_error"]
    text.append(
        f"Expected calibration error on the test part: {error:.4f}; the probabilities are those of logits divided by "
        f"the temperature {manifest.temperature:.4g}."
    )
    return "\n\n".join(text)


def _accuracy_rows(name: str, figures: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """One row for all and, if there are several, one for each source of crystals."""
    sources = figures.get("by_source", {})
    apart = {f"{name}, {source}": value for source, value in sources.items()} if len(sources) > 1 else {}
    return [
        (title, str(value["n"]), f"{100 * value['accuracy']:.2f}", str(value["errors"]))
        for title, value in ({name: figures} | apart).items()
    ]


def _unknown(manifest: Manifest) -> str:
    if "none" in manifest.classes:
        return (
            "## When it answers “none” (known: no)\n\nThe networks have an output of their own for it, learned from "
            "liquids, disorder and other crystals; an atom is “none” if that is more probable than each class."
        )
    return "## When it answers “known: no”\n\n" + _known(manifest.known)


def _known(rule: KnownRule | KnownOutput | None) -> str:
    if rule is None:
        return "Never: the model has no rule for it."
    if isinstance(rule, KnownOutput):
        return _known_output(rule)
    kept = [(name, f"{100 * share:.1f}") for name, share in rule.kept_known.items()]
    auroc = [(name, f"{value:.3f}") for name, value in rule.auroc.items()]
    return "\n\n".join(
        (
            rule.method,
            f"No above distance {rule.distance:.4g} or diffuse share {rule.diffuse:.4g}. {rule.calibration}",
            markdown_table(("crystals of the classes, test part", "still known, %"), kept),
            markdown_table(
                (
                    "held-out inputs of none of the classes",
                    "AUROC against pristine and defective test crystals",
                ),
                auroc,
            ),
        )
    )


def _known_output(rule: KnownOutput) -> str:
    kept = [(name, f"{100 * share:.1f}") for name, share in rule.kept_known.items()]
    alarms = rule.false_alarms
    told = [(name, f"{value:.3f}", f"{100 * alarms[name]:.1f}") for name, value in rule.auroc.items()]
    return "\n\n".join(
        (
            rule.method,
            f"No above a probability of {rule.probability:.4g}. {rule.calibration}",
            markdown_table(("crystals of the classes, test part", "still known, %"), kept),
            markdown_table(
                (
                    "held-out inputs of none of the classes",
                    "AUROC against all presentations of the test part",
                    "called known at 95 % recall, %",
                ),
                told,
            ),
        )
    )


def described_training(manifest: Description) -> str:
    """How the weights came about, as a table."""
    record = manifest.training
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in record.seconds.items())
    rows = [
        ("Command", f"`{record.command}`"),
        ("Data", _listed({name: value for name, value in record.data.items() if name != "prototypes"})),
        ("Recipe", _listed(record.config)),
        ("Time", seconds),
        ("Versions", ", ".join(f"{name} {value}" for name, value in record.versions.items())),
        ("Finished", record.finished),
    ]
    return markdown_table(("", ""), rows)


def _listed(values: Mapping[str, Any]) -> str:
    """Names and values of what is set; what is None or empty stays out."""
    return "; ".join(f"{name} {text}" for name, value in values.items() if (text := plain(value)))


def bullets(sentences: Iterable[str]) -> str:
    """A list in Markdown."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def plain(value: Any) -> str:  # noqa: ANN401 - plain data
    """Plain data for people; nothing for None and what is empty."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, one in value.items() if (text := plain(one)))
    if isinstance(value, list | tuple):
        return "(" + ", ".join(plain(v) for v in value) + ")" if value else ""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
