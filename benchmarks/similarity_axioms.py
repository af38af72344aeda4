"""Test the axioms of a metric over random crystals, and say which tables of elements obey the triangle inequality.

Run ``python benchmarks/similarity_axioms.py``; it prints what it finds and writes results/similarity-axioms.json.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint import Crystal, __version__
from xtalprint.errors import XtalprintError
from xtalprint.geometry import random_rotation, rotated, sorted_distances, supercell
from xtalprint.similarity import (
    CompositionEarthMovers,
    EarthMovers,
    cumulative,
    earth_movers_distance,
    element_dissimilarity,
)
from xtalprint.similarity.composition import GROUNDS, elements, triangle_violations
from xtalprint.similarity.cumulative import WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET = Path(__file__).parents[1] / "results" / "similarity-axioms.json"
N_GROUPS, N_BINS, WIDTH = 100, 100, 0.1
#: Crystals whose triples are all tested together.
TOGETHER = 50


def random_crystal(seed: int, i: int) -> Crystal:
    """One to eight atoms anywhere in a random cell of 8 to 40 Å³ an atom."""
    rng = np.random.default_rng([seed, i])
    while True:
        n = int(rng.integers(1, 9))
        cell = np.eye(3) + 0.4 * rng.uniform(-1, 1, (3, 3))
        cell *= (n * rng.uniform(8, 40) / abs(np.linalg.det(cell))) ** (1 / 3)
        try:
            return Crystal(rng.random((n, 3)) @ cell, rng.integers(1, 84, n), cell=cell)
        except XtalprintError:  # two atoms on one place
            continue


def grid(crystal: Crystal) -> NDArray[np.float64]:
    """Plain histograms; a distance within 1e-4 of an edge belongs to the upper bin."""
    distances = sorted_distances(crystal, k=N_GROUPS)
    bins = np.minimum(np.floor(distances / WIDTH + 1e-4).astype(int), N_BINS)
    found = np.zeros((N_GROUPS, N_BINS + 1))
    np.add.at(found, (np.broadcast_to(np.arange(N_GROUPS), bins.shape), bins), 1 / len(distances))
    return found[:, :-1]


def triangles(distances: NDArray[np.float64]) -> float:
    """Largest excess of a direct way over one through a third, Å; not above zero for a metric."""
    return float((distances[:, :, None] - distances[:, None, :] - distances[None, :, :].transpose(0, 2, 1)).max())


def of_grids(n: int, seed: int) -> dict[str, Any]:
    """All triples of every fifty crystals, and each crystal in another cell."""
    rng = np.random.default_rng([seed, n])
    metric = EarthMovers(bin_width=WIDTH)
    worst = dict.fromkeys(("triangle", "asymmetry", "itself", "triangle_in_whole_numbers", "rounding"), -np.inf)
    other_cell: list[float] = []
    for start in range(0, n, TOGETHER):
        crystals = [random_crystal(seed, i) for i in range(start, min(start + TOGETHER, n))]
        grids = np.array([grid(crystal) for crystal in crystals])
        rows = cumulative(grids)
        exact = np.array([WIDTH / N_GROUPS * np.abs(rows - row).sum(axis=(1, 2)) for row in rows])
        table = metric.table(grids)
        whole = metric.distances(table, table)
        units = np.rint(whole / table.unit(WIDTH))
        for name, value in (
            ("triangle", triangles(exact)),
            ("asymmetry", np.abs(exact - exact.T).max()),
            ("itself", np.abs(np.diag(exact)).max()),
            ("triangle_in_whole_numbers", triangles(units)),
            ("rounding", np.abs(whole - exact).max()),
        ):
            worst[name] = max(worst[name], float(value))
        for crystal, fingerprint in zip(crystals, grids, strict=True):
            repeats = tuple(int(x) for x in rng.permutation([1, 1, 2]))
            turned = rotated(supercell(crystal, repeats), random_rotation(rng))
            other_cell.append(earth_movers_distance(fingerprint, grid(turned), bin_width=WIDTH))
        print(start + len(crystals), worst, max(other_cell), flush=True)
    return {
        "crystals": n,
        "triples": sum(len(range(start, min(start + TOGETHER, n))) ** 3 for start in range(0, n, TOGETHER)),
        "largest_excess_of_the_direct_way_A": worst["triangle"],
        "largest_asymmetry_A": worst["asymmetry"],
        "largest_distance_to_itself_A": worst["itself"],
        "largest_distance_to_itself_in_another_cell_A": max(other_cell),
        "in_another_cell_above_1e-9_A": sum(value > 1e-9 for value in other_cell),
        "whole_numbers": {
            "largest_excess_of_the_direct_way": worst["triangle_in_whole_numbers"],
            "largest_rounding_A": worst["rounding"],
            "bound_of_rounding_A": WIDTH * N_BINS / WHOLE,
        },
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
            triangles(distance.distances(table[i : i + TOGETHER], table[i : i + TOGETHER]))
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
        "grid": of_grids(options.crystals, options.seed),
        "composition": of_elements(options.crystals, options.seed),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
