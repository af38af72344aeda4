"""Time the geometry: from a small cell to its scaled cluster, neighbours beside ASE and pymatgen, large noisy boxes.

Run ``python benchmarks/geometry.py``; it prints what it measures and writes results/geometry.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

import moyopy
import numpy as np

from xtalprint import Crystal, __version__, to_ase, to_pymatgen
from xtalprint.defects import displace_gaussian
from xtalprint.geometry import (
    nearest_distances,
    neighbour_distances,
    scaled,
    sorted_distances,
    standard_cell,
    supercell,
    supercell_to,
    to_cluster,
)
from xtalprint.geometry.symmetry import find_symmetry

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = Path(__file__).parents[1] / "results" / "geometry.json"
FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
HEXAGONAL = np.array([[3.209, 0, 0], [-1.6045, 3.209 * np.sqrt(0.75), 0], [0, 0, 5.211]])
CUTOFF = 10.0


def milliseconds(call: Callable[[], object], repeats: int = 30) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return round(1000 * float(np.median(times)), 4)


def fcc(n: int, sigma: float = 0.0) -> Crystal:
    cell = Crystal(3.615 * FACE, ["Cu"] * 4, cell=3.615 * np.eye(3))
    return displace_gaussian(supercell(cell, (n, n, n)), sigma, np.random.default_rng(0))


def chain() -> dict[str, dict[str, float]]:
    """Milliseconds of each step from a cell of one to eight atoms to the scaled cluster."""
    crystals = {
        "fcc, primitive": Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * (np.ones((3, 3)) - np.eye(3))),
        "hcp": Crystal(np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.5]]) @ HEXAGONAL, ["Mg"] * 2, cell=HEXAGONAL),
        "diamond": Crystal(5.431 * np.concatenate([FACE, FACE + 0.25]), ["Si"] * 8, cell=5.431 * np.eye(3)),
    }
    result = {}
    for name, crystal in crystals.items():

        def fresh(crystal: Crystal = crystal) -> Crystal:
            return Crystal(crystal.positions, crystal.numbers, cell=crystal.cell)

        def everything(crystal: Crystal = crystal) -> Crystal:
            cell = standard_cell(Crystal(crystal.positions, crystal.numbers, cell=crystal.cell))
            return scaled(to_cluster(supercell_to(cell)), 1 / nearest_distances(cell).mean())

        cell = standard_cell(crystal)
        search = moyopy.Cell(crystal.cell.tolist(), crystal.frac.tolist(), crystal.numbers.tolist())
        box = supercell_to(cell)
        validated = milliseconds(fresh)
        result[name] = {
            "validation": validated,
            "moyopy alone": milliseconds(lambda search=search: moyopy.MoyoDataset(search, symprec=0.1)),
            "standard_cell": round(milliseconds(lambda fresh=fresh: standard_cell(fresh())) - validated, 4),
            "supercell_to": milliseconds(lambda cell=cell: supercell_to(cell)),
            "to_cluster and scaled": milliseconds(lambda box=box: scaled(to_cluster(box), 0.4)),
            "nearest_distances": milliseconds(lambda cell=cell: nearest_distances(cell)),
            "all together": milliseconds(everything),
        }
        print(name, result[name])
    return result


def neighbours() -> list[dict[str, float]]:
    """Milliseconds for all neighbours up to 10 Å and for the nearest, NumPy first, then compiled, then the peers."""
    from ase.neighborlist import neighbor_list  # noqa: PLC0415 - a peer, beside the others

    boxes = [fcc(n, 0.05) for n in (1, 2, 3, 4, 6, 8)]
    rows: list[dict[str, float]] = [{"atoms": len(box)} for box in boxes]
    for compiled in (False, True):
        if compiled:
            import numba  # noqa: F401, PLC0415 - loaded, it is used
        for box, row in zip(boxes, rows, strict=True):
            kind = "Numba" if compiled else "NumPy"
            row[f"10 Å, {kind}"] = milliseconds(lambda box=box: neighbour_distances(box, cutoff=CUTOFF), 5)
            row[f"nearest, {kind}"] = milliseconds(lambda box=box: nearest_distances(box), 10)
            row[f"100 nearest, {kind}"] = milliseconds(lambda box=box: sorted_distances(box, k=100), 5)
    for box, row in zip(boxes, rows, strict=True):
        structure, atoms = to_pymatgen(box), to_ase(box)
        row["10 Å, pymatgen"] = milliseconds(lambda structure=structure: structure.get_neighbor_list(CUTOFF), 5)
        if len(box) <= 300:
            row["10 Å, ASE"] = milliseconds(lambda atoms=atoms: neighbor_list("id", atoms, CUTOFF), 1)
        print(row)
    return rows


def large_boxes() -> list[dict[str, object]]:
    """Seconds for the symmetry search of noisy fcc boxes; moyopy alone only where it ends in reasonable time."""
    rows: list[dict[str, object]] = []
    for n, sigma in (
        (5, 0.0),
        (5, 0.02),
        (5, 0.03),
        (8, 0.0),
        (8, 0.02),
        (12, 0.02),
        (12, 0.1),
        (17, 0.0),
        (17, 0.03),
    ):
        box = fcc(n, sigma)
        start = time.perf_counter()
        found = find_symmetry(box, symprec=0.1)
        row = {
            "atoms": len(box),
            "sigma_A": sigma,
            "seconds": round(time.perf_counter() - start, 3),
            "space_group": None if found is None else found.number,
        }
        if len(box) <= 500 or (len(box) <= 2048 and sigma == 0):
            cell = moyopy.Cell(box.cell.tolist(), box.frac.tolist(), box.numbers.tolist())
            start = time.perf_counter()
            row["moyopy_alone_space_group"] = moyopy.MoyoDataset(cell, symprec=0.1).number
            row["moyopy_alone_seconds"] = round(time.perf_counter() - start, 3)
        print(row)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TARGET)
    output = parser.parse_args().output
    result = {
        "command": "python benchmarks/geometry.py",
        "cores": os.cpu_count(),
        "versions": {
            "xtalprint": __version__,
            "numpy": np.__version__,
            "moyopy": moyopy.__version__,
            "python": platform.python_version(),
        },
        "chain_milliseconds": chain(),
        "neighbours_milliseconds": neighbours(),
        "large_boxes": large_boxes(),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
