"""The page on accuracy says what the committed results say, and these are of the model that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
MANIFEST = load_manifest("crystal-class")[0]
IMAGE = "crystal-class-image"


def result(name):
    return json.loads((ROOT / "results" / name).read_text(encoding="utf-8"))


def percent(share, digits=2):
    return f"{100 * share:.{digits}f} %".replace("100.00 %", "100 %").replace("100.0 %", "100 %")


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def test_results_are_of_the_shipped_models():
    sha256 = MANIFEST.weights.onnx.sha256
    assert result("real-elements/results.json")["model"]["weights_sha256"] == sha256
    assert result("classify-speed.json")["model"]["weights_sha256"] == sha256
    image = load_manifest(IMAGE)[0]
    assert (
        result("real-elements/results.json")["image_network"]["model"]["weights_sha256"] == image.weights.onnx.sha256
    )
    assert result("training.json")["runs"][IMAGE]["test"]["errors"] == image.metrics["test"]["errors"]
    assert not result("real-elements/results.json")["quick"]
    assert f"crystal-class {MANIFEST.version}" in PAGE


def test_made_crystals_by_what_was_done_to_them():
    metrics = MANIFEST.metrics
    assert f"{metrics['test']['n']:,} presentations of the test part" in PAGE
    pristine = sum(v["n"] for name, v in metrics["defective"].items() if name.startswith("pristine"))
    share = round(100 * (1 - pristine / metrics["test"]["n"]))
    assert f"defects in {share} of 100 cases: {percent(metrics['test']['accuracy'], 1)}\nright" in PAGE
    for name, figures in metrics["defective"].items():
        of = [figures["by_source"][source] for source in ("AFLOW prototypes", "random orbits")]
        assert row(name, *(text for v in of for text in (f"{v['n']:,}", percent(v["accuracy"], 1)))) in PAGE
    calibration = metrics["calibration"]
    assert f"is {calibration['after']:.3f} (before calibration {calibration['before']:.3f})" in PAGE


def test_the_image_network():
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


def test_the_default_model_is_the_run_that_its_command_made():
    run = result("training.json")["runs"]["crystal-class"]
    assert run["seconds"] == MANIFEST.training.seconds
    assert run["test"]["errors"] == MANIFEST.metrics["test"]["errors"]
    assert sum(run["seconds"].values()) < 40 * 60


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
    image = result("real-elements/results.json")["image_network"]["accuracy"][group]
    low, high = figures["interval_95"]
    interval = f"{100 * low:.1f} to {percent(high, 1)}"
    shares = (percent(figures["accuracy"], 1), interval, percent(image["accuracy"], 1))
    assert row(words, str(figures["n"]), *shares) in PAGE


def test_every_error_on_a_real_solid_is_looked_at():
    errors = result("real-elements/results.json")["errors"]
    for error in errors:
        [line] = [line for line in PAGE.splitlines() if line.startswith("| mp-") and error["id"] in line]
        answer = line.split(" | ")[2]
        assert answer.startswith(error["answer"])
        assert f"{error['probability']:.2f}" in answer
        assert error["known"] or "not known" in answer
        if not error["class_agree"]:
            overruled = "3 of 3 networks answer otherwise" in error["warnings"]
            assert ("overrules" in line or "the networks say otherwise" in line) == overruled
    known = sum(error["known"] for error in errors)
    assert f"{known} of the {len(errors)} wrong answers are called known" in PAGE


def test_warnings_and_strangers_among_real_solids():
    results = result("real-elements/results.json")
    warned, wrong = results["with_a_warning"], len(results["errors"])
    right = results["accuracy"]["members of the 7 classes"]["right"]
    said = f"{warned['wrong_answers']} of the {wrong} wrong answers carry a warning"
    assert f"{said}, and {warned['right_answers']} of the {right} right ones" in PAGE
    unknown, known = (
        results["known"][f"share_of_{name}"] for name in ("others_called_unknown", "members_called_known")
    )
    assert f"it calls {percent(unknown, 1)} unknown" in PAGE
    assert f"of the 409 members {percent(known, 1)} known" in PAGE
    assert results["known"]["without_an_answer"] == 0


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
    assert f"| {speed['file to answer, all cores, ms a structure']:.1f} ms a structure |" in PAGE
    made = speed[IMAGE]["cells as made"]
    network = made["1 thread"] - made["fingerprint alone, 1 thread"]
    assert f"| {network:.1f} ms (published: 70 ms) |" in PAGE
    kinds = ("boxes", "perfect boxes", "pieces")
    times = [speed["crystal-class"][f"{kind} of 250 atoms"]["2 threads"] for kind in kinds]
    assert speed["file to answer, all cores, ms a structure"] < 10
    assert ("of one process, with two threads, there are fewer" in PAGE) == (max(times) > 10)
    assert f"| {', '.join(f'{time:.1f}' for time in times)} ms |" in PAGE
    commands = speed["by classify --engine processes, from file to records, ms a structure"]
    times = [commands[f"{kind} of 250 atoms"] for kind in kinds]
    assert f"| {', '.join(f'{time:.1f}' for time in times)} ms |" in PAGE
    assert f"`classify --engine processes` answers {1e3 / max(times):.0f} to {1e3 / min(times):.0f};" in PAGE
    large = [speed[f"crystal-class against size, σ = {noise} Å, ms"]["108000"] / 1e3 for noise in (0.1, 0.025)]
    assert f"| {large[0]:.1f}, {large[1]:.1f} s |" in PAGE
    assert f"| {speed['cold start of classify one.cif, s']:.2f} s |" in PAGE
    rate = round(image["structures per second"]["image alone, 2 threads"])
    assert f"| {rate:,} a second; {image['250 atoms']['ratio, ring only']:.0f} times the direct sum" in PAGE
    assert f"| {result('training.json')['runs']['published']['seconds']['training']:.0f} s (published: 80 min" in PAGE


def test_seconds_of_training():
    page = " ".join((ROOT / "docs" / "training.md").read_text(encoding="utf-8").split())
    seconds = MANIFEST.training.seconds
    assert f"train in {seconds['training']:.0f} s together" in page
    assert f"whole run takes {sum(seconds.values()) / 60:.0f} minutes: " in page
    assert f"{seconds['data']:,.0f} s for the crystals, {seconds['fingerprints']:,.0f} s for their" in page
    assert f"{seconds['evaluation']:.0f} s for measuring" in page
    atoms, prototypes = (
        sum(load_manifest(name)[0].training.seconds.values()) for name in ("atom-class", "prototype")
    )
    assert f"per-atom model took {atoms:.0f} s, the one of the prototypes {prototypes:,.0f} s" in page


def test_twins_in_training():
    twins = result("elemental-solids.json")["test_crystals_with_a_twin_in_training"]
    cubic = [twins[name] for name in ("bcc", "diam", "fcc", "sc")]
    words = f"{int(100 * min(cubic) + 0.5)} to {int(100 * max(cubic) + 0.5)} %"
    defects = (ROOT / "docs" / "defects.md").read_text(encoding="utf-8")
    assert PAGE.count(words) == 2
    assert words in defects


def is_made_crystal(system):
    return system["set"] == "made" and system["class"] != "liquid" and system["temperatures"][-1]["T_over_Tm"] == 1


def test_readme():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    members = result("real-elements/results.json")["accuracy"]["members of the 7 classes"]
    assert f"Of {members['n']} real elemental solids of its classes it names {members['right']}" in text
    pieces = [r["accuracy"] for r in result("cell-free/results.json")["elements"] if "40 % vacancies" in r["form"]]
    low, high = (100 * share for share in (min(pieces), max(pieces)))
    assert f"with 40 % of the atoms missing {low:.1f} to {high:.1f} %" in text
    snapshots = result("md/results.json")["structures"]
    both = [snapshots[of]["crystal-class"] for of in ("made", "collected")]
    assert sum(of["right"] for of in both) == sum(of["n"] for of in both)
    assert f"of {sum(of['n'] for of in both)} snapshots of molecular dynamics" in text
    systems = result("md/results.json")["systems"]
    hot = [s["temperatures"][-1]["atoms"]["xtalprint"]["accuracy"] for s in systems if is_made_crystal(s)]
    assert (
        f"at least {percent(min(hot), 1)} of the atoms of each made system right at the melting temperature" in text
    )
    frames = {row["name"]: row["right"] for row in result("atom-class/results.json")["frames"]}
    solids = [row for row in result("atom-class/results.json")["frames"] if row["class"] != "none"]
    assert min(solids, key=lambda row: row["right"])["name"] == "cu_bcc_3400K"
    assert f"(of superheated bcc copper {percent(frames['cu_bcc_3400K'], 1)})" in text
    as_given = [row for row in result("known/results.json")["rows"] if row["form"] == "as given"]
    real = next(row for row in as_given if row["others"].startswith("real elements"))
    assert f"(AUROC {real['auroc']:.2f}, but a symmetry search made these labels" in text
    pieces = [
        row["auroc"]
        for row in result("known/results.json")["rows"]
        if row["form"] in {"turned piece of 200", "the same, 25 % vacancies, σ = 0.03 d_nn"}
        and row["others"].startswith(("real elements", "AFLOW"))
    ]
    assert len(pieces) == 4
    assert f"less well in a piece without a cell ({min(pieces):.2f} to {max(pieces):.2f})" in text
