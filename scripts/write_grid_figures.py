"""Write the measured figures of results/grid-speed.json into docs/grid.md; run it after benchmarks/grid.py."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "grid.md"
BEGIN, END = "test compares them. -->\n\n", "The loops are compiled and work"
ROWS = (
    ("GRID, 100 neighbours", "xtalprint GRID", "gridrdf", "gridrdf"),
    (
        "AMD, 100 neighbours",
        "xtalprint AMD",
        "average-minimum-distance",
        "average-minimum-distance, AMD against AMD",
    ),
    ("RDF up to 10 Å", "xtalprint RDF", "matminer RDF", "matminer RDF, RDF against RDF"),
)


def main() -> None:
    """Replace the part of the page between two marks."""
    result = json.loads((ROOT / "results" / "grid-speed.json").read_text(encoding="utf-8"))
    times, faster = result["milliseconds_per_crystal"], result["times_as_fast_as"]
    largest, first = result["noisy_fcc_boxes"][-1], result["first_use_cpu_seconds"]
    agree, versions = result["agreement"], result["versions"]
    apart = agree["GRID, mean earth mover's distance of these to gridrdf's in Å"]
    edges = agree["RDF, share of bins that differ by more than 1e-5 after division by the sites"]
    table = "\n".join(
        f"| {what} | {times[ours]['cpu_ms']:.3f} | {peer} | {times[peer]['cpu_ms']:.3f} | {faster[ratio]:g} |"
        for what, ours, peer, ratio in ROWS
    )
    text = f"""Measured in one run, each program in a process of its own with one thread, on the same
{result["crystals"]} real crystals of {result["sites"]["mean"]:g} sites on average (`python benchmarks/grid.py`).
Milliseconds of processor time per crystal, the best of several rounds:

| what | xtalprint | beside | its time | times faster |
|---|---|---|---|---|
{table}

GRID itself takes {faster["average-minimum-distance"]:g} times less than `amd.AMD`, the mean of each of its rows.
A noisy fcc box of {largest["sites"]:,} sites takes {largest["cpu_ms"]:.0f} ms.
The first use after installing compiles for {first["compiling"]:.0f} s; later ones take
{first["compiled"]:.1f} s from the start of Python to the first answer. The peers were gridrdf {versions["gridrdf"]},
average-minimum-distance {versions["average-minimum-distance"]} and matminer {versions["matminer"]}.

The numbers agree. AMD is the same to rounding. Rows of GRID that lie within 10 Å
differ from gridrdf's by an earth mover's distance of {apart:.4f} Å in the mean: it first puts distances into bins of
0.02 Å. {100 * edges:.1f} % of the bins of the RDF differ from matminer's, where a distance is within 1e-5 Å of an
edge.

"""
    page = PAGE.read_text(encoding="utf-8")
    begin = page.index(BEGIN) + len(BEGIN)
    PAGE.write_text(page[:begin] + text + page[page.index(END) :], encoding="utf-8")


if __name__ == "__main__":
    main()
