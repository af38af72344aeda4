"""Compare ways to find the bond length of a noisy crystal with vacancies; choose the one that `bond_length` uses.

Run ``python benchmarks/scaling.py``; it prints a table and writes results/scaling.json. Each figure is the deviation
from the bond length of the pristine crystal in per cent, over `SEEDS` copies of about 256 atoms.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xtalprint import Crystal, __version__
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import bond_length, nearest_distances, neighbour_distances, standard_cell, supercell_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Method = Callable[[Crystal], float]

TARGET = Path(__file__).parents[1] / "results" / "scaling.json"
SEEDS = 10
#: Standard deviation of each Cartesian component in units of the bond length, and share of missing atoms.
DEFECTS = [
    *((sigma, 0.0) for sigma in (0.01, 0.02, 0.04, 0.06, 0.08, 0.10)),
    *((0.0, share) for share in (0.25, 0.4, 0.7)),
    *((0.04, 0.4), (0.08, 0.4)),
]
FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])


def from_cell(symbol: str, cell: NDArray[np.float64], places: NDArray[np.float64]) -> Crystal:
    return Crystal(places @ cell, [symbol] * len(places), cell=cell)


def crystals() -> dict[str, Crystal]:
    """Elements with their experimental lattice parameters in Å."""
    hexagonal = np.array([[3.209, 0, 0], [-1.6045, 3.209 * np.sqrt(0.75), 0], [0, 0, 5.211]])
    body = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
    return {
        "fcc Cu": from_cell("Cu", 3.615 * np.eye(3), FACE),
        "bcc Fe": from_cell("Fe", 2.866 * np.eye(3), body),
        "hcp Mg": from_cell("Mg", hexagonal, np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.5]])),
        "diam Si": from_cell("Si", 5.431 * np.eye(3), np.concatenate([FACE, FACE + 0.25])),
        "sc Po": from_cell("Po", 3.359 * np.eye(3), np.zeros((1, 3))),
        "bct In": from_cell("In", np.diag([3.253, 3.253, 4.947]), body),
    }


def median(crystal: Crystal) -> float:
    return float(np.median(nearest_distances(crystal)))


def first_shell(crystal: Crystal) -> float:
    """Mean of the distances around the last answer, until it stays."""
    length = median(crystal)
    _, distances = neighbour_distances(crystal, cutoff=1.6 * length)
    for _ in range(30):
        length = float(distances[np.abs(distances / length - 1) < 0.15].mean())
    return length


def half_sample_mode(crystal: Crystal) -> float:
    """Keep the densest half of the distances until few are left (Bickel and Frühwirth 2006)."""
    length = median(crystal)
    _, distances = neighbour_distances(crystal, cutoff=1.35 * length)
    distances = np.sort(distances)
    while len(distances) > 3:
        half = (len(distances) + 1) // 2
        start = int(np.argmin(distances[half - 1 :] - distances[: len(distances) - half + 1]))
        distances = distances[start : start + half]
    return float(distances.mean())


METHODS: dict[str, Method] = {
    "mean": bond_length,
    "median": median,
    "first-shell mean": first_shell,
    "half-sample mode": half_sample_mode,
    "robust": lambda crystal: bond_length(crystal, method="robust"),
}


def deviations() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, crystal in crystals().items():
        box = supercell_to(standard_cell(crystal), min_atoms=256)
        true = bond_length(crystal)
        for sigma, share in DEFECTS:
            row: dict[str, object] = {"crystal": name, "sigma_per_bond": sigma, "vacancies": share}
            found: dict[str, list[float]] = {method: [] for method in METHODS}
            for seed in range(SEEDS):
                rng = np.random.default_rng(seed)
                copy = displace_gaussian(vacancies(box, share, rng), sigma * true, rng)
                for method, length in METHODS.items():
                    found[method].append(100 * (length(copy) / true - 1))
            for method, values in found.items():
                row[method] = {"mean": round(float(np.mean(values)), 3), "sd": round(float(np.std(values)), 3)}
            rows.append(row)
    return rows


def root_mean_squares(rows: list[dict[str, object]]) -> dict[str, float]:
    return {
        method: round(float(np.sqrt(np.mean([row[method]["mean"] ** 2 + row[method]["sd"] ** 2 for row in rows]))), 2)
        for method in METHODS
    }


def milliseconds() -> dict[str, float]:
    box = supercell_to(standard_cell(crystals()["fcc Cu"]), min_atoms=256)
    copy = displace_gaussian(box, 0.1, np.random.default_rng(0))
    times = {}
    for method, length in METHODS.items():
        length(copy)
        start = time.perf_counter()
        for _ in range(10):
            length(copy)
        times[method] = round(100 * (time.perf_counter() - start), 2)
    return times


def copper() -> dict[str, float]:
    """The factors that methods.md states for the mean: 0.947 and 0.916."""
    box = supercell_to(standard_cell(crystals()["fcc Cu"]), min_atoms=4000)
    return {
        f"{sigma} Å": round(bond_length(displace_gaussian(box, sigma, np.random.default_rng(0))) / 2.55619, 4)
        for sigma in (0.06, 0.10)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TARGET)
    output = parser.parse_args().output
    rows = deviations()
    print(f"{'':9s}{'σ/d':>5s}{'vac':>6s}" + "".join(f"{method:>20s}" for method in METHODS))
    for row in rows:
        cells = "".join(f"{row[m]['mean']:12.2f} ± {row[m]['sd']:5.2f}" for m in METHODS)
        print(f"{row['crystal']:9s}{row['sigma_per_bond']:5.2f}{row['vacancies']:6.2f}{cells}")
    result = {
        "command": "python benchmarks/scaling.py",
        "what": "deviation of the bond length from that of the pristine crystal, per cent",
        "seeds": SEEDS,
        "versions": {"xtalprint": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "root_mean_square": root_mean_squares(rows),
        "milliseconds_256_atoms": milliseconds(),
        "mean_shrinks_fcc_copper": copper(),
        "rows": rows,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for key in ("root_mean_square", "milliseconds_256_atoms", "mean_shrinks_fcc_copper"):
        print(key, result[key])
    print(f"wrote {output.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
