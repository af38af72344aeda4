"""The page on GRID says what the committed result of its benchmark says."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "grid.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "results" / "grid-speed.json").read_text(encoding="utf-8"))


def test_times_of_the_programs():
    times = RESULT["milliseconds_per_crystal"]
    faster = RESULT["times_as_fast_as"]
    rows = {
        "GRID, 100 neighbours": ("xtalprint GRID", "gridrdf", faster["gridrdf"]),
        "AMD, 100 neighbours": (
            "xtalprint AMD",
            "average-minimum-distance",
            faster["average-minimum-distance, AMD against AMD"],
        ),
        "RDF up to 10 Å": ("xtalprint RDF", "matminer RDF", faster["matminer RDF, RDF against RDF"]),
    }
    for what, (ours, theirs, ratio) in rows.items():
        line = f"| {what} | {times[ours]['cpu_ms']:.3f} | {theirs} | {times[theirs]['cpu_ms']:.3f} | {ratio:g} |"
        assert line in PAGE, line
    assert f"{RESULT['crystals']} real crystals of {RESULT['sites']['mean']:g} sites on average" in PAGE
    amd = faster["average-minimum-distance"]
    assert f"GRID itself takes {amd:g} times less than `amd.AMD`" in PAGE
    assert faster["gridrdf"] >= 50
    assert amd > 1


def test_agreement_with_the_programs():
    agree = RESULT["agreement"]
    assert agree["AMD, largest difference in Å"] < 1e-9
    share = agree["RDF, share of bins that differ by more than 1e-5 after division by the sites"]
    assert f"{100 * share:.1f} % of the bins of the RDF differ from matminer's" in PAGE
    mean = agree["GRID, mean earth mover's distance of these to gridrdf's in Å"]
    assert f"differ from gridrdf's by an earth mover's distance of {mean:.4f} Å in the mean" in PAGE


def test_large_boxes():
    last = RESULT["noisy_fcc_boxes"][-1]
    assert f"{last['sites']:,} sites takes {last['cpu_ms']:.0f} ms" in PAGE
    first = RESULT["first_use_cpu_seconds"]
    later = f"{first['compiled']:.1f} s from the start of Python"
    assert f"compiles for {first['compiling']:.0f} s; later ones take\n{later}" in PAGE
