"""The page on accuracy says what the committed results say, and these are of the model that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
MANIFEST = load_manifest("crystal-class-image")[0]
IMAGE = "crystal-class-image"


def result(name):
    return json.loads((ROOT / "results" / name).read_text(encoding="utf-8"))


def percent(share, digits=2):
    return f"{100 * share:.{digits}f} %".replace("100.00 %", "100 %").replace("100.0 %", "100 %")


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def test_results_are_of_the_shipped_model():
    sha256 = MANIFEST.weights.onnx.sha256
    assert result("real-elements/results.json")["model"]["weights_sha256"] == sha256
    assert result("classify-speed.json")["model"]["weights_sha256"] == sha256
    assert result("training.json")["runs"][IMAGE]["test"]["errors"] == MANIFEST.metrics["test"]["errors"]
    assert not result("real-elements/results.json")["quick"]
    assert f"crystal-class-image {MANIFEST.version}" in PAGE


def test_made_crystals():
    runs = result("training.json")["runs"]
    for name in ("published", "structure-types"):
        test = runs[name]["test"]
        assert f"| {test['n']:,} | {percent(test['accuracy'])} |" in PAGE
    for figures in runs[IMAGE]["test"]["by_source"].values():
        assert f"| {figures['n']:,} | {percent(figures['accuracy'])} |" in PAGE
    defective = runs[IMAGE]["defective"].values()
    assert row(*(percent(v["by_source"]["AFLOW prototypes"]["accuracy"]) for v in defective)) in PAGE
    assert f"is {runs[IMAGE]['test']['expected_calibration_error']:.3f}." in PAGE
    assert f"All {len(runs[IMAGE]['wrong_in_test'])} errors are crystals of random orbits" in PAGE
    assert all(wrong["origin"].startswith("orbits") for wrong in runs[IMAGE]["wrong_in_test"])


def test_targets_that_were_reached_stay_reached():
    assert result("training.json")["runs"][IMAGE]["test"]["by_source"]["AFLOW prototypes"]["accuracy"] >= 0.999
    assert result("training.json")["runs"]["published"]["seconds"]["training"] < 20 * 60
    assert result("real-elements/results.json")["accuracy"]["members of the 7 classes"]["accuracy"] >= 0.98
    speed = result("classify-speed.json")
    assert speed["file to answer, all cores, ms a structure"] < 10
    assert speed["cold start of classify one.cif, s"] < 1.5
    image = result("diffraction-image.json")["250 atoms"]
    assert image["ratio, ring only"] > 50
    assert image["largest error, share of the maximum"] < 1e-4


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("members of the 7 classes", "members of the seven classes"),
        ("members, label agreed at 0.1, 0.01, 0.001 Å", "with the same class at 0.1, 0.01 and 0.001 Å"),
        ("simple prototypes", "simple prototypes (one atom per lattice point; diamond, hcp)"),
        ("other prototypes", "other prototypes"),
    ],
)
def test_real_elemental_solids(group, words):
    figures = result("real-elements/results.json")["accuracy"][group]
    low, high = figures["interval_95"]
    interval = f"{100 * low:.1f} to {percent(high, 1)}"
    assert row(words, str(figures["n"]), percent(figures["accuracy"], 1), interval) in PAGE


def test_every_error_on_a_real_solid_is_looked_at():
    for error in result("real-elements/results.json")["errors"]:
        assert error["id"] in PAGE


def test_warnings_beside_wrong_answers():
    warned = result("real-elements/results.json")["with_a_warning"]
    assert warned["right_answers"] == 0
    assert warned["wrong_answers"] == len(result("real-elements/results.json")["errors"]) == 6
    assert f"stands beside {warned['others']} of them" in PAGE


def test_real_files():
    figures = result("real-files/results.json")
    md = figures["accuracy_md"]
    assert (
        f"{figures['n_records']} records, no failure. Of {md['n']} frames of one class {md['right']} are right"
        in PAGE
    )
    assert figures["n_errors"] == 0
    unknown, frames = figures["liquid_frames_called_unknown"], figures["liquid_frames"]
    assert f"{unknown} of {frames} liquid frames are called unknown" in PAGE


def test_speed():
    speed = result("classify-speed.json")
    image = result("diffraction-image.json")
    rate = round(image["structures per second"]["image alone, 2 threads"])
    assert f"| {speed['file to answer, all cores, ms a structure']:.1f} ms a structure |" in PAGE
    made = speed[IMAGE]["cells as made"]
    network = made["1 thread"] - made["fingerprint alone, 1 thread"]
    assert f"| {network:.1f} ms (published: 70 ms) |" in PAGE
    free = speed["crystal-class"]
    assert free["boxes of 250 atoms"]["2 threads"] < 10
    boxes, pieces = (free[f"{kind} of 250 atoms"]["2 threads"] for kind in ("boxes", "pieces"))
    assert f"{boxes:.1f} ms for a box, {pieces:.1f} ms for a piece of 250 atoms" in PAGE
    assert f"| {speed['cold start of classify one.cif, s']:.2f} s |" in PAGE
    assert f"| {rate:,} a second; {image['250 atoms']['ratio, ring only']:.0f} times the direct sum" in PAGE
    assert f"| {result('training.json')['runs']['published']['seconds']['training']:.0f} s (published: 80 min" in PAGE
