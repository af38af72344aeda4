"""The page on axes says what the committed results say."""

from __future__ import annotations

import json
from pathlib import Path

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "axes.md").read_text(encoding="utf-8")
WAYS = json.loads((ROOT / "results" / "orientation-ways" / "results.json").read_text(encoding="utf-8"))


def percent(share):
    return f"{100 * share:.1f}"


def test_results_are_whole_and_of_the_shipped_models():
    assert not WAYS["quick"]
    # The models had other names when they were asked; the weights are the same.
    shipped = {load_manifest(name)[0].weights.onnx.sha256 for name in ("crystal-class", "crystal-class-image")}
    assert {provenance["weights_sha256"] for provenance in WAYS["models"].values()} == shipped


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
    assert WAYS["training"] is None
    assert "(b)" not in PAGE
    assert "(c)" not in PAGE


def test_the_times():
    for name, value in WAYS["ms_per_structure"].items():
        assert f"| {name} | {value:.1f} |" in PAGE
