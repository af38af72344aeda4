"""The page on the per-atom model says what the committed results say, and these are of the model that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "atoms.md").read_text(encoding="utf-8")
MANIFEST = load_manifest("atom-class")[0]
RESULT = json.loads((ROOT / "results" / "atom-class" / "results.json").read_text(encoding="utf-8"))


def percent(share):
    return f"{100 * share:.1f}"


def test_results_are_of_the_shipped_model():
    assert RESULT["model"]["weights_sha256"] == MANIFEST.weights.onnx.sha256
    assert not RESULT["quick"]
    assert MANIFEST.weights.onnx.bytes < 1_500_000


def test_tables():
    for row in RESULT["made"]:
        cells = (row["name"], f"{row['temperature']:g}", str(row["atoms"]), percent(row["right"]))
        assert f"| {' | '.join(cells)} |" in PAGE
    for row in RESULT["frames"]:
        shares = (percent(row[key]) for key in ("right", "ptm_0.1", "ptm_no_cutoff"))
        assert f"| {' | '.join((row['name'], row['class'], str(row['atoms']), *shares))} |" in PAGE
    edges = RESULT["boundaries"]["edges"]
    assert edges[:9:2] == [0, 0.5, 1, 1.5, 2]
    assert "| boundary | 0–0.5 | 0.5–1 | 1–1.5 | 1.5–2 | from 1 on |" in PAGE
    for row in RESULT["boundaries"]["rows"]:
        bins = row["right_by_distance"]
        pairs = (percent((bins[k] + bins[k + 1]) / 2) for k in (0, 2, 4, 6))
        cells = (row["boundary"].replace(" | ", ", "), *pairs, percent(row["right_from_1_d_nn"]))
        assert f"| {' | '.join(cells)} |\n" in PAGE


def test_template_matching_has_the_same_figures_as_in_the_study_of_heat():
    heat = json.loads((ROOT / "results" / "md" / "results.json").read_text(encoding="utf-8"))["systems"]
    atoms = {system["system"]: system["temperatures"][0]["atoms"] for system in heat if system["set"] == "collected"}
    assert {row["name"] for row in RESULT["frames"]} == set(atoms)
    for row in RESULT["frames"]:
        for ours, theirs in (
            ("ptm_0.1", "PTM, rmsd < 0.1"),
            ("ptm_no_cutoff", "PTM, no cutoff"),
            ("right", "xtalprint"),
        ):
            assert row[ours] == round(atoms[row["name"]][theirs]["accuracy"], 4)


def test_figures_in_the_text():
    test = MANIFEST.metrics["test"]
    assert f"{test['n']:,} atoms" in PAGE
    assert f"{percent(test['accuracy'])} % are right" in PAGE
    assert f"{RESULT['speed']['atoms_per_cpu_second']:,} atoms per second" in PAGE
