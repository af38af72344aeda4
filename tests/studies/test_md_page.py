"""The page on thermal crystals says what the committed results say, which are of the shipped models and all files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from xtalprint.geometry.symmetry import MAX_NOISY_SITES
from xtalprint.models.registry import load_manifest
from xtalprint.studies.md_counts import CNA, MODELS, ORACLE, PUBLISHED_ATOMS, SINGLE

ROOT = Path(__file__).resolve().parents[2]
#: Columns of the tables of the page.
STRUCTURES = (*MODELS, "PTM, no cutoff", "PTM, rmsd < 0.1", CNA, SINGLE, ORACLE)
LIQUIDS = (*MODELS, "PTM, no cutoff", "PTM, rmsd < 0.1", CNA)
ATOMS = ("xtalprint", "PTM, no cutoff", "PTM, rmsd < 0.1", CNA)
#: Systems beside which published figures stand.
PUBLISHED = {"al_fcc": "fcc Al", "li_bcc": "bcc Li", "ti_hcp": "hcp Ti"}
NAMES = {
    "al_fcc": "fcc Al",
    "al_turned_fcc": "fcc Al, turned box",
    "fe_bcc": "bcc Fe",
    "fe_turned_bcc": "bcc Fe, turned box",
    "mg_hcp": "hcp Mg",
    "ti_hcp": "hcp Ti",
    "si_diam": "diamond Si",
    "po_sc": "simple cubic (springs)",
    "li_bcc": "bcc Li",
}
PAGE = (ROOT / "docs" / "md.md").read_text(encoding="utf-8")
RESULTS = json.loads((ROOT / "results" / "md" / "results.json").read_text(encoding="utf-8"))
CRYSTALS = [s for s in RESULTS["systems"] if s["set"] == "made" and s["class"] != "liquid"]


def counts(figures, names):
    return " | ".join(f"{figures[name]['right']} of {figures[name]['n']}" for name in names)


def percents(atoms, names=ATOMS):
    return " | ".join(f"{100 * atoms[name]['accuracy']:.1f}" if name in atoms else "–" for name in names)


@pytest.mark.parametrize("system", CRYSTALS, ids=lambda system: system["system"])
def test_the_page_says_what_was_found_of_structures_and_atoms(system):
    name, hot = NAMES[system["system"]], system["temperatures"][-1]
    assert f"\n| {name} | {counts(system['structures'], STRUCTURES)} |\n" in PAGE
    assert hot["T_over_Tm"] == 1.0
    beside = PUBLISHED.get(system["system"])
    published = " | ".join(f"{of[beside]:.1f}" if beside else "–" for of in PUBLISHED_ATOMS.values())
    assert f"\n| {name} | {percents(hot['atoms'])} | {published} |\n" in PAGE


@pytest.mark.parametrize("of_set", ["made", "collected"])
def test_the_page_says_what_was_found_of_each_set(of_set):
    assert f"\n| all {of_set} | {counts(RESULTS['structures'][of_set], STRUCTURES)} |\n" in PAGE
    assert f"\n| {of_set} | {counts(RESULTS['liquids'][of_set], LIQUIDS)} |\n" in PAGE


def test_the_page_says_who_is_wrong():
    made, (image, free) = RESULTS["structures"]["made"], MODELS
    assert made[free]["right"] == made[free]["n"] == made["PTM, no cutoff"]["right"]
    assert not any(RESULTS["systems_where_others_have_more_right"][free].values())
    assert f"crystal-class names all {made[free]['n']} crystals of the made set and all of the collected one" in PAGE
    hot = [s["temperatures"][-1]["structures"][ORACLE] for s in CRYSTALS if s["class"] in {"fcc", "bcc", "hcp"}]
    assert f"names {sum(of['right'] for of in hot)} of the {sum(of['n'] for of in hot)} fcc, bcc and hcp" in PAGE
    wrong = RESULTS["wrong"]
    assert {entry["model"] for entry in wrong} == {image}
    assert all("no symmetry was found" in entry["warnings"] for entry in wrong)
    turned = [system["structures"][image] for system in CRYSTALS if "turned" in system["system"]]
    assert not any(of["right"] for of in turned)
    assert f"wrong for all {sum(of['n'] for of in turned)} crystals in turned\nboxes" in PAGE
    others = [entry for entry in wrong if "turned" not in entry["file"]]
    assert {entry["file"][:2] for entry in others} == {"cu", "ti"}
    assert f"and for {len(others)} of the collected set, hot copper and hot titanium" in PAGE


def test_the_page_says_what_is_called_a_crystal():
    known, (image, free) = RESULTS["crystals_called_known"], MODELS
    made = known["made"]
    assert made[image]["right"] == made[image]["n"]
    assert (
        f"calls all {made[image]['n']} crystals of the made set known, crystal-class {made[free]['right']}." in PAGE
    )
    assert made[free]["n"] - made[free]["right"] == 1
    assert "The other is hcp Ti at the melting temperature" in PAGE
    collected = known["collected"]
    assert collected[image]["right"] == collected[free]["right"] == collected[free]["n"]
    assert f"Of the {collected[free]['n']} crystals of the collected set both call all known" in PAGE
    with (ROOT / "results" / "md" / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["class"] != "liquid"]
    assert {row["file"] for row in rows if row[f"{free}: known"] == "False"} == {"ti_hcp_100.extxyz.gz"}
    for system in (s for s in CRYSTALS if s["class"] in {"fcc", "bcc", "hcp"}):
        assert system["temperatures"][-1]["atoms"]["PTM, rmsd < 0.1"]["accuracy"] < 0.5
    for liquids in RESULTS["liquids"].values():
        assert liquids["PTM, no cutoff"]["right"] == 0
        assert liquids["PTM, rmsd < 0.1"]["accuracy"] == liquids[CNA]["accuracy"] == 1
    assert "PTM without cutoff takes every liquid for a crystal, PTM with the cutoff and CNA take none" in PAGE


def test_atoms_at_the_melting_temperature_and_in_liquids():
    hot = [system["temperatures"][-1]["atoms"] for system in CRYSTALS]
    assert f"{100 * min(atoms['xtalprint']['accuracy'] for atoms in hot):.1f} % of the atoms of each system" in PAGE
    metals = [a["PTM, no cutoff"]["accuracy"] for a in hot if a["PTM, no cutoff"]["accuracy"] < 0.99]
    assert f"PTM has {100 * min(metals):.1f} to {100 * max(metals):.1f} % in the metals" in PAGE
    for system in (s for s in RESULTS["systems"] if s["class"] == "liquid"):
        assert f"| {percents(system['temperatures'][0]['atoms'])} |\n" in PAGE


def test_the_least_right_frame_of_the_made_set():
    with (ROOT / "results" / "md" / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["set"] == "made" and row["class"] != "liquid"]
    shares = {(row["file"], row["frame"]): int(row["atoms: xtalprint"]) / int(row["n_atoms"]) for row in rows}
    (file, _), least = min(shares.items(), key=lambda item: item[1])
    assert file == "li_bcc_100.extxyz.gz"
    assert f"(four frames together; of one frame of Li {100 * least:.1f} %)" in PAGE


def test_the_page_says_how_the_symmetry_search_is_guarded():
    assert f"more than {MAX_NOISY_SITES} sites" in PAGE


def test_the_results_are_of_the_shipped_models_and_all_files():
    for model in MODELS:
        assert RESULTS["models"][model]["weights_sha256"] == load_manifest(model)[0].weights.onnx.sha256
    assert not RESULTS["quick"]
    made = [system for system in RESULTS["systems"] if system["set"] == "made"]
    with (ROOT / "data" / "md" / "index.csv").open(encoding="utf-8", newline="") as stream:
        listed = list(csv.DictReader(stream))
    frames = sum(level["structures"][MODELS[0]]["n"] for system in made for level in system["temperatures"])
    assert frames == sum(int(entry["n_frames"]) for entry in listed)
