"""The page on predicted moduli says what the card of the shipped model and the committed timing say."""

from __future__ import annotations

import json
from pathlib import Path

from xtalprint.models.registry import read_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = " ".join((ROOT / "docs" / "predict.md").read_text(encoding="utf-8").split())
MANIFEST = read_manifest("stiffness")[0]
SPEED = json.loads((ROOT / "results" / "predict-speed.json").read_text(encoding="utf-8"))
SPLITS = ("random", "by formula")


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def test_errors_and_intervals():
    for name in MANIFEST.properties:
        for split in SPLITS:
            found = MANIFEST.metrics[name][split]
            errors, held = found["errors"]["both"], found["intervals"]
            assert (
                row(
                    name.replace("-", " "),
                    split,
                    f"{errors['MAE, GPa']:.1f} ± {errors['standard error, MAE, GPa']:.1f}",
                    f"{errors['median error, GPa']:.1f}",
                    f"{errors['MAE of log10']:.3f} ± {errors['standard error, MAE of log10']:.3f}",
                )
                in PAGE
            )
            fifths = [*held["by_width"], *held["by_distance"], *held["by_value"]]
            assert (
                row(
                    name.replace("-", " "),
                    split,
                    f"{100 * held['coverage']:.1f}",
                    f"{100 * min(fifths):.0f} to {100 * max(fifths):.0f}",
                    f"{10 ** held['median_half_width_of_log10']:.2f}",
                )
                in PAGE
            )


def test_targets_that_were_reached_stay_reached():
    bulk = MANIFEST.metrics["bulk-modulus"]
    for split in SPLITS:
        assert bulk[split]["errors"]["both"]["MAE, GPa"] <= 11.0
        assert bulk[split]["errors"]["both"]["MAE of log10"] <= 0.062
        for name in MANIFEST.properties:
            held = MANIFEST.metrics[name][split]["intervals"]
            assert abs(held["coverage"] - 0.9) < 0.01
            assert min(*held["by_width"], *held["by_distance"], *held["by_value"]) > 0.8
    assert SPEED["in a batch, 1 thread, ms a structure"] < 50


def test_distance():
    for part in MANIFEST.metrics["bulk-modulus"]["random"]["by_distance"]:
        cells = (f"{part['from']:.2f} to {part['to']:.2f}", f"{part['n']:,}")
        assert row(*cells, f"{part['MAE, GPa']:.1f}", f"{part['MAE of log10']:.3f}") in PAGE
    far = MANIFEST.far
    assert f'"known" is "no" beyond {far.distance:.2f}: {100 * far.share:g} % of the known crystals' in PAGE


def test_sizes_and_speed():
    files = MANIFEST.files
    assert (
        f"the weights, {files.weights.bytes / 1e6:.1f} MB, and the known crystals, {files.known.bytes / 1e6:.1f} MB"
        in PAGE
    )
    assert SPEED["model"]["weights_sha256"] == files.weights.sha256
    alone, numbers = (SPEED[f"{what}, 1 thread, ms a structure"] for what in ("in a batch", "numbers alone"))
    assert f"an answer takes {alone:.1f} ms on one core" in PAGE
    assert f"{numbers:.1f} ms of it for the numbers, and {SPEED['against size, ms']['32000'] / 1e3:.1f} s for" in PAGE
    assert f"It took {sum(MANIFEST.training.seconds.values()) / 60:.0f} minutes on two cores" in PAGE
    assert f"from the {MANIFEST.training.data['n']:,} crystals" in PAGE


def test_the_changelog():
    text = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    for split, words in (("random", "in five random folds"), ("by formula", "on formulas never seen")):
        errors = [MANIFEST.metrics[name][split]["errors"]["both"]["MAE, GPa"] for name in MANIFEST.properties]
        assert f"{errors[0]:.1f} and {errors[1]:.1f} GPa {words}" in text
