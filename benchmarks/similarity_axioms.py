"""Say what whole numbers cost and keep, and which tables of elements obey the triangle inequality.

The axioms of all distances between crystals are measured by ``xtalprint study similarity-metric``, whose crystals and
triples these are. Run ``python benchmarks/similarity_axioms.py``; it prints what it finds and writes
results/similarity-axioms.json.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np

from xtalprint import GRID, __version__
from xtalprint.similarity import CompositionEarthMovers, EarthMovers, cumulative, element_dissimilarity
from xtalprint.similarity.composition import GROUNDS, elements, triangle_violations
from xtalprint.similarity.whole_numbers import WHOLE
from xtalprint.studies.random_crystals import random_crystal
from xtalprint.studies.similarity_metric import triangle

TARGET = Path(__file__).parents[1] / "results" / "similarity-axioms.json"
#: Crystals whose triples are all tested together.
TOGETHER = 50


def of_whole_numbers(n: int, seed: int) -> dict[str, Any]:
    """GRID in whole numbers beside double precision: what the rounding costs, and all triples of every fifty."""
    metric = EarthMovers(bin_width=GRID().bin_width)
    worst = dict.fromkeys(("triangle in double precision", "triangle in whole numbers", "rounding"), -np.inf)
    for start in range(0, n, TOGETHER):
        some = range(start, min(start + TOGETHER, n))
        crystals = [random_crystal(np.random.default_rng([seed, 0, i])) for i in some]
        grids = GRID().compute_many(crystals, threads=1).array
        rows = cumulative(grids)
        exact = np.array([metric.bin_width * np.abs(rows - row).mean(axis=1).sum(axis=1) for row in rows])
        table = metric.table(grids)
        whole = metric.distances(table, table)
        for name, value in (
            ("triangle in double precision", triangle(exact)[0]),
            ("triangle in whole numbers", triangle(np.rint(whole / table.unit(metric.bin_width)))[0]),
            ("rounding", np.abs(whole - exact).max()),
        ):
            worst[name] = max(worst[name], float(value))
        print(start + len(crystals), worst, flush=True)
    return {
        "crystals": n,
        "together": TOGETHER,
        "largest_excess_of_the_direct_way_in_double_precision_A": worst["triangle in double precision"],
        "largest_excess_of_the_direct_way_in_whole_numbers": worst["triangle in whole numbers"],
        "largest_rounding_A": worst["rounding"],
        "bound_of_rounding_A": metric.bin_width * GRID().n_bins / WHOLE,
    }


def of_elements(n: int, seed: int) -> dict[str, Any]:
    """Each table over all triples of elements, and its earth mover's distance over random compositions."""
    result: dict[str, Any] = {}
    for ground in GROUNDS:
        matrix = element_dissimilarity(ground)
        found = triangle_violations(matrix)
        distance = CompositionEarthMovers(ground=ground)
        table = distance.table([composition(seed, i) for i in range(n)])
        worst = max(
            triangle(distance.distances(table[i : i + TOGETHER], table[i : i + TOGETHER]))[0]
            for i in range(0, n, TOGETHER)
        )
        result[ground] = {
            "triples_of_elements": int(found["triples"]),
            "violations": int(found["violations"]),
            "share_of_pairs_shortened": round(found["pairs_shortened"], 4),
            "largest_violation": round(found["worst"], 3) if found["violations"] else 0.0,
            "range": [round(float(matrix[matrix > 0].min()), 3), round(float(matrix.max()), 3)],
            "compositions": n,
            "largest_excess_of_the_direct_way": float(f"{worst:.3g}"),
            "metric": bool(distance.is_metric),
        }
        print(ground, result[ground], flush=True)
    return result


def composition(seed: int, i: int) -> dict[str, float]:
    """Whole amounts, from 1 to 6, of one to five elements."""
    rng = np.random.default_rng([seed, i, 1])
    chosen = rng.choice(len(elements()), int(rng.integers(1, 6)), replace=False)
    return {elements()[k]: float(rng.integers(1, 7)) for k in chosen}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crystals", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args()
    result = {
        "command": "python benchmarks/similarity_axioms.py",
        "seed": options.seed,
        "versions": {"xtalprint": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "whole_numbers": of_whole_numbers(options.crystals, options.seed),
        "composition": of_elements(options.crystals, options.seed),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
