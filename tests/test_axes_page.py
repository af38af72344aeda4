"""The page on axes says what the committed results say."""

from __future__ import annotations

import json
from pathlib import Path

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "axes.md").read_text(encoding="utf-8")
WAYS = json.loads((ROOT / "results" / "orientation-ways" / "results.json").read_text(encoding="utf-8"))
DEGENERATE = json.loads((ROOT / "results" / "degenerate" / "results.json").read_text(encoding="utf-8"))
ORACLE = "moyopy, any tolerance right"


def percent(share):
    return f"{100 * share:.1f}"


def test_results_are_whole_and_of_the_shipped_models():
    assert not WAYS["quick"]
    assert not DEGENERATE["quick"]
    shipped = {load_manifest(name)[0].weights.onnx.sha256 for name in ("crystal-class", "crystal-class-image")}
    assert {provenance["weights_sha256"] for provenance in WAYS["models"].values()} == shipped
    assert DEGENERATE["model"]["weights_sha256"] == load_manifest("crystal-class")[0].weights.onnx.sha256


def test_what_was_trained():
    training = WAYS["training"]
    names = {"b": "(b) power spectrum", "c": "(c) averaging", "d": "(d) on the samples of (b)"}
    for key, name in names.items():
        numbers = (
            f"{training['parameters'][key]:,}",
            str(training["epochs"][key]),
            percent(training["right_in_last_epoch"][key]),
            f"{training['processor_seconds'][key]:,.0f}",
        )
        assert f"| {name} | {' | '.join(numbers)} |" in PAGE
    assert f"{training['samples']:,} samples: {training['crystals']:,} of" in PAGE.replace("\n", " ")
    assert f"{training['set']['n']:,} made crystals" in PAGE.replace("\n", " ")


def test_the_ways_over_all():
    for way, figures in WAYS["over_all"].items():
        low, high = figures["interval_95"]
        line = f"| {way} | {percent(figures['accuracy'])} | {percent(low)} to {percent(high)} | {figures['n']} |"
        assert line in PAGE


def test_the_ways_for_every_form_and_defect():
    ways = [way for way in WAYS["over_all"] if not way.startswith("moyopy")]
    for defect in dict.fromkeys(row["defects"] for row in WAYS["rows"]):
        for way in ways:
            of = [r for r in WAYS["rows"] if (r["way"], r["defects"]) == (way, defect)]
            assert f"| {defect} | {way} | {' | '.join(str(r['right']) for r in of)} |" in PAGE
    assert f"of {WAYS['structures']} structures" in PAGE


def test_the_times():
    for name, value in WAYS["ms_per_structure"].items():
        assert f"| {name} | {value:.1f} |" in PAGE


def test_how_near_to_a_lattice_of_higher_symmetry():
    summary, shown = DEGENERATE["summary"], 0
    distances = list(dict.fromkeys(row["distance"] for row in summary))
    assert f"| {' | '.join(f'{distance:g}' for distance in distances)} |" in PAGE
    for form, sigma, method in dict.fromkeys((r["form"], r["sigma"], r["method"]) for r in summary):
        of = [r for r in summary if (r["form"], r["sigma"], r["method"]) == (form, sigma, method)]
        assert [row["distance"] for row in of] == distances
        line = f"| {form} | {sigma:g} | {method} | {' | '.join(str(row['right']) for row in of)} |"
        shown += line in PAGE
        assert line in PAGE or (method.endswith("d_nn") and method != DEGENERATE["best_symprec"])
    assert {row["n"] for row in summary} == {6 * DEGENERATE["draws"]}
    assert f"{6 * DEGENERATE['draws']} crystals a point" in PAGE
    assert shown == 3 * (4 + 2)


def test_what_is_said_about_near_lattices():
    right = {(r["form"], r["sigma"], r["distance"], r["method"]): r["right"] for r in DEGENERATE["summary"]}
    n = 6 * DEGENERATE["draws"]
    for (_, _, distance, method), count in right.items():
        if method == "default model" and distance in {0.0, 0.1, 0.2}:
            assert count == n
        if method == "default model" and distance in {0.005, 0.01}:
            assert count <= 1
    assert right["box", 0.02, 0.05, ORACLE] == 2
    assert right["box", 0.02, 0.05, "own axes, symmetry search"] == n
    for form, distance in (("box", 0.005), ("turned piece", 0.01)):
        assert right[form, 0.0, distance, "own axes, symmetry search"] == n
