"""The page on momentum clouds says what the committed results say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "momentum-cloud.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "results" / "momentum-cloud-speed.json").read_text(encoding="utf-8"))
KINDS = ("primitive, 343 points", "conventional, 343 points", "primitive, sphere of 1/Å")


def lines_of_the_page():
    """Every line, or part of one, that has a figure of the results."""
    again, published = RESULT["same cloud in another setting"], RESULT["same cloud as of pymatgen's standard cell"]
    for system, counts in again.items():
        cells = [system, str(counts["structures"]), *(str(counts[kind]) for kind in KINDS)]
        yield "| " + " | ".join(cells) + " |"
    for system, counts in published.items():
        cells = [system, *(str(counts[name]) for name in ("structures", "primitive", "conventional"))]
        yield "| " + " | ".join(cells) + " |"
    sums, stages, rates = RESULT["direct sums"], RESULT["stages"], RESULT["structures per second"]
    for name in ("one reflection after the other, as released", "one NumPy expression", "ours"):
        yield f"| {name} | {sums[name]['processor, ms']:.3f} |"
    for name in ("symmetry search and lattice vectors", "cloud of the cell as given", "features"):
        yield f"| {name} | {stages[name]['processor, ms']:.3f} |"
    for name in ("whole, cell as given", "whole, primitive cell"):
        yield f"| {name} | {stages[name]['processor, ms']:.3f} |"
    yield f"{sums['ratio to as released']:.0f} times as fast as the released way"
    yield f"{sums['ratio to one NumPy expression']:.1f} times as fast as one NumPy expression"
    yield f"{rates['given, 1 threads']:,.0f} structures a second with one thread"
    of_primitive = [rates[f"primitive, {way}"] for way in ("1 threads", "2 threads", "2 processes")]
    yield "primitive cell {:,.0f} and {:,.0f}, and {:,.0f} in two".format(*of_primitive)
    yield f"{RESULT['crystals']['structures']:,} structures of at most {RESULT['crystals']['most atoms']} atoms"
    yield f"a load of {RESULT['load before']:.1f}"
    gemmi, powder = RESULT["gemmi"], RESULT["pymatgen"]
    share = gemmi["largest difference, share of the maximum"]
    yield f"{gemmi['structures']} structures differ from gemmi's by at most {share:.0e}"
    share = powder["largest difference, share of the strongest peak"]
    yield f"{powder['structures']} powder patterns ({powder['peaks']:,} peaks) from pymatgen's by at most {share:.0e}"


@pytest.mark.parametrize("line", list(lines_of_the_page()))
def test_the_page_has_the_figure(line):
    assert line in PAGE or line in " ".join(PAGE.split())
