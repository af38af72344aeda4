"""The page on axes says what the committed results say of nearly cubic lattices."""

from __future__ import annotations

import json
from pathlib import Path

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "axes.md").read_text(encoding="utf-8")
DEGENERATE = json.loads((ROOT / "results" / "degenerate" / "results.json").read_text(encoding="utf-8"))
ORACLE = "moyopy, any tolerance right"


def test_results_are_whole_and_of_the_shipped_model():
    assert not DEGENERATE["quick"]
    assert DEGENERATE["model"]["weights_sha256"] == load_manifest("crystal-class")[0].weights.onnx.sha256


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


def is_box_at_the_edge(row):
    return (row["method"], row["form"], row["distance"]) == ("default model", "box", 0.02)


def is_box_further_off(row):
    return (row["method"], row["form"], row["distance"], row["family"]) == (
        "default model",
        "box",
        0.05,
        "rh near fcc",
    )


def test_what_is_said_about_near_lattices():
    right = {(r["form"], r["sigma"], r["distance"], r["method"]): r["right"] for r in DEGENERATE["summary"]}
    n = 6 * DEGENERATE["draws"]
    for (_, _, distance, method), count in right.items():
        if method == "default model" and distance in {0.0, 0.1, 0.2}:
            assert count == n
        if method == "default model" and distance in {0.005, 0.01}:
            assert count == 0
    assert f"right for {right['box', 0.02, 0.05, ORACLE]} of 24 boxes" in " ".join(PAGE.split())
    assert right["box", 0.02, 0.05, "own axes, symmetry search"] == n
    for sigma in (0.0, 0.02):
        edge = [row for row in DEGENERATE["rows"] if is_box_at_the_edge(row) and row["sigma"] == sigma]
        near = {row["family"]: row["right"] for row in edge}
        assert sorted(near.values()) == [0, 2, 4, 4, 4, 4]
        assert (near["rh near fcc"], near["bct_139 near fcc"]) == (0, 2)
    assert {row["right"] for row in DEGENERATE["rows"] if is_box_further_off(row)} == {0}
    box, piece = (right[form, 0.02, 0.02, "default model"] for form in ("box", "turned piece"))
    noisy_box, noisy_piece = (right[form, 0.05, 0.02, "default model"] for form in ("box", "turned piece"))
    words = f"names {box} of 24 boxes, and {piece} of 24 of the same crystals as pieces without a cell; at σ = 0.05"
    assert f"{words} {noisy_box} and {noisy_piece}." in " ".join(PAGE.split())
    for form, distance in (("box", 0.005), ("turned piece", 0.01)):
        assert right[form, 0.0, distance, "own axes, symmetry search"] == n
