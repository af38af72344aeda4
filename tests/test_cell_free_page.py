"""The page on the cell-free model says what the committed results say, and these are of the model that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

from pages import filled
from write_cell_free_page import blocks

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "cell-free.md").read_text(encoding="utf-8")
MANIFEST = load_manifest("crystal-class")[0]


def result(name):
    return json.loads((ROOT / "results" / name / "results.json").read_text(encoding="utf-8"))


def percent(share):
    return f"{100 * share:.1f}"


def test_results_are_of_the_shipped_model():
    sha256 = MANIFEST.weights.onnx.sha256
    assert result("cell-free")["model"]["weights_sha256"] == sha256
    assert result("known")["model"]["weights_sha256"] == sha256
    for name in ("cell-free", "known"):
        assert not result(name)["quick"]


def test_boxes_with_a_symmetry_search():
    boxes = MANIFEST.metrics["defective"]
    pristine, slight, few = (
        percent(boxes[f"small boxes, {name}"]["accuracy"])
        for name in ("pristine", "displaced up to 0.05 bond lengths", "1 to 3 atoms missing")
    )
    assert f"test crystals is {pristine} % (pristine) and {slight} % (displaced by up to 0.05" in PAGE
    assert f"with a few atoms missing {few} % are right" in PAGE


def test_real_elemental_solids():
    figures = result("cell-free")
    for row in figures["elements"]:
        atoms = "–" if row["form"] == "as given" else str(row["atoms"])
        simple = f"{row['simple_right']} of {row['simple_n']}"
        assert f"| {row['form']} | {atoms} | {percent(row['accuracy'])} | {simple} |" in PAGE
    assert f"As given it names {figures['elements'][0]['right']} of 409" in PAGE


def test_settings_are_as_the_script_writes_them():
    figures = result("cell-free")
    assert filled(PAGE, blocks(figures), topic="settings") == PAGE
    assert not any(row["other_class"] or row["other_known"] for row in figures["settings"])


def test_snapshots():
    snapshots = result("cell-free")["snapshots"]
    assert snapshots["crystals"]["right"] == snapshots["crystals"]["n"]
    assert f"All {snapshots['crystals']['right']} frames of one class" in PAGE
    assert snapshots["liquid_frames"] == snapshots["liquid_frames_called_unknown"]
    assert f"all {snapshots['liquid_frames']} liquid frames are called unknown" in PAGE


def test_none_of_these_on_made_crystals_and_calibration():
    known, metrics = MANIFEST.known, MANIFEST.metrics
    auroc, alarms = known.auroc, known.false_alarms
    assert f"AUROC {auroc['other crystals']:.3f} for other crystals and {auroc['disordered']:.4f}" in PAGE
    assert f"{percent(alarms['other crystals'])} % and {percent(alarms['disordered'])} % are called known" in PAGE
    box = "other crystals, pristine boxes"
    assert f"it is {auroc[box]:.4f} and {percent(alarms[box])} %." in PAGE
    single = metrics["single_networks"]
    ensemble = percent(metrics["test"]["accuracy"])
    assert f"{percent(min(single))} to {percent(max(single))} % right one by one, {ensemble} % together" in PAGE
    calibration = metrics["calibration"]
    assert f"from {calibration['before']:.3f} to {calibration['after']:.3f}" in PAGE


def test_where_known_ends():
    known = MANIFEST.known
    assert f"where `probability_none` in the record is above {known.probability:.4f}, whatever" in PAGE
    assert "keeps 98 % of the" in known.calibration
    assert "The threshold keeps 98 % of the validation presentations known" in PAGE
    records = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    prototypes = load_manifest("prototype")[0].known
    assert f"[{known.probability:.4f}](cell-free.md) and for prototypes" in records
    assert f"[{prototypes.probability:.4f}](prototypes.md)" in records


def test_none_of_these_on_real_crystals():
    for row in result("known")["rows"]:
        low, high = row["interval_95"]
        alarms = f"{percent(row['false_alarms_at_95_recall'])} ({percent(low)} to {percent(high)})"
        assert f"| {row['form']} | {row['others']} | {row['n']} | {row['auroc']:.3f} | {alarms} |" in PAGE


def test_none_of_these_by_distance_from_the_classes():
    figures = result("known")
    for low in dict.fromkeys(row["further_than"] for row in figures["by_distance"]):
        of = [row for row in figures["by_distance"] if row["further_than"] == low]
        assert [row["form"] for row in of] == list(figures["forms"])
        cells = [f"{row['auroc']:.3f} ({percent(row['false_alarms_at_95_recall'])})" for row in of]
        assert f"| {low:g} d_nn | {of[0]['n']} | {' | '.join(cells)} |" in PAGE


def test_calibration_on_real_members():
    bins = result("known")["reliability"]
    n = sum(one["n"] for one in bins)
    error = sum(one["n"] * abs(one["probability"] - one["right"]) for one in bins) / n
    assert f"in all four forms it is {error:.3f}" in PAGE
    unsure = [one for one in bins if one["probability"] < 13 / 15]
    asked, right = sum(one["n"] for one in unsure), sum(one["n"] * one["right"] for one in unsure)
    assert f"of the {asked} answers there of a probability below 0.867 {right:.0f} are right" in " ".join(
        PAGE.split()
    )


def test_what_the_atoms_own_lattice_adds():
    own, table = MANIFEST.metrics["own_axes"], MANIFEST.own_axes
    assert f"no output has a probability of {table.sure:g} yet" in " ".join(PAGE.split())
    assert f"{table.table.tolerances[0]:g} and {table.table.tolerances[1]:g} errors" in " ".join(PAGE.split())
    assert f"that are asked ({percent(own['share_asked'])} % of all)" in PAGE
    assert f"the accuracy from {percent(own['before'])} to {percent(own['after'])} %" in PAGE
