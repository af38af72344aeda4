"""Measure the melting temperature of each potential of ``data/md`` by crystal and melt in contact.

Half of a long box is melted, both halves meet at a guess of the melting temperature, and the box runs at constant
enthalpy and zero pressure: its temperature goes to where crystal and melt coexist. The mean of the last two thirds is
taken, with the standard error of five blocks. A run counts only if neither phase has eaten the other.

    python scripts/measure_melting_points.py --output data/md/melting.csv
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from md_systems import (
    AL,
    BCC,
    DIAMOND,
    FCC,
    FE,
    HCP_ORTHOGONAL,
    MG,
    SI,
    Potential,
    box_of,
    engine,
    load,
    positions_of,
)

from xtalprint import Crystal
from xtalprint.studies.baselines import ptm_types


@dataclass(frozen=True)
class Coexistence:
    """One long box: orthogonal cell in Å near melting, sites, repeats (long last), first guess, length of the run."""

    element: str
    structure: str
    potential: Potential
    cell: tuple[float, float, float]
    sites: tuple[tuple[float, float, float], ...]
    repeats: tuple[int, int, int]
    guess_k: float
    picoseconds: float
    rmsd_cutoff: float = 0.12


RUNS = (
    Coexistence("Al", "fcc", AL, (4.14, 4.14, 4.14), FCC, (5, 5, 20), 920.0, 50.0),
    Coexistence("Fe", "bcc", FE, (2.94, 2.94, 2.94), BCC, (6, 6, 28), 1770.0, 50.0, 0.2),
    Coexistence("Mg", "hcp", MG, (3.26, 5.65, 5.30), HCP_ORTHOGONAL, (6, 4, 20), 910.0, 50.0),
    Coexistence("Si", "diam", SI, (5.47, 5.47, 5.47), DIAMOND, (4, 4, 14), 1680.0, 50.0),
)


def run(setup: Coexistence, seed: int) -> dict[str, Any]:
    """Bring crystal and melt together until both last; with less heat where the crystal melted, more where it grew."""
    guess = setup.guess_k
    for attempt in range(4):
        found = _run_once(setup, guess, seed + attempt)
        print(found, flush=True)
        if 0.15 < found["crystalline_share"] < 0.85:
            return found
        guess *= 0.98 if found["crystalline_share"] < 0.5 else 1.02
    message = f"{setup.element}: no coexistence in 4 runs"
    raise RuntimeError(message)


def _run_once(setup: Coexistence, guess: float, seed: int) -> dict[str, Any]:
    repeats = np.array(setup.repeats)
    steps = np.stack(np.meshgrid(*(np.arange(n) for n in repeats), indexing="ij"), -1).reshape(-1, 1, 3)
    positions = ((steps + np.array(setup.sites)) * np.array(setup.cell)).reshape(-1, 3)
    lmp = engine()
    load(lmp, setup.potential, np.diag(repeats * np.array(setup.cell)), positions)
    half = repeats[2] * setup.cell[2] / 2
    per_ps = round(1 / setup.potential.dt_ps)
    warm = f"langevin {guess} {guess} 0.2 {seed + 11} zero yes"
    lmp.commands_list(
        [
            f"velocity all create {2 * guess} {seed + 1} loop all",
            "fix move all nph aniso 0 0 1.0",
            f"fix warm all {warm}",
            f"run {8 * per_ps}",
            "unfix move",
            "unfix warm",
            f"region top block INF INF INF INF {half} INF",
            "group top region top",
            f"velocity top create {4 * guess} {seed + 2} loop all",
            "fix move top nph z 0 0 1.0 dilate top",
            f"fix warm top langevin {3 * guess} {3 * guess} 0.2 {seed + 12}",
            f"run {8 * per_ps}",
            "unfix warm",
            f"fix warm top langevin {guess} {guess} 0.1 {seed + 13}",
            f"run {4 * per_ps}",
            "unfix move",
            "unfix warm",
            "velocity all zero linear",
            "fix move all nph z 0 0 1.0",
            f"fix warm all {warm}",
            f"run {2 * per_ps}",
            "unfix warm",
            "fix drift all momentum 100 linear 1 1 1",
        ]
    )
    temperatures = []
    for _ in range(round(setup.picoseconds * 10)):
        lmp.command(f"run {per_ps // 10} post no")
        temperatures.append(lmp.get_thermo("temp"))
    kept = np.array(temperatures[len(temperatures) // 3 :])
    blocks = np.array([part.mean() for part in np.array_split(kept, 5)])
    box = box_of(lmp)
    crystal = Crystal(positions_of(lmp), [setup.element] * len(positions), cell=box)
    share = float((ptm_types(crystal, rmsd_cutoff=setup.rmsd_cutoff) == setup.structure).mean())
    found = {
        "element": setup.element,
        "potential": setup.potential.name,
        "melting_K": round(float(kept.mean()), 1),
        "standard_error_K": round(float(blocks.std(ddof=1) / np.sqrt(5)), 1),
        "crystalline_share": round(share, 3),
        "pressure_in_plane_bar": round(float(np.mean([lmp.get_thermo("pxx"), lmp.get_thermo("pyy")])), 0),
        "guess_K": guess,
        "n_atoms": len(positions),
        "picoseconds": setup.picoseconds,
        "seed": seed,
        "lammps": lmp.version(),
    }
    lmp.close()
    return found


def main() -> None:
    """Measure all and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("data/md/melting.csv"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--elements", nargs="*", help="only these; the others stay as they are in the table")
    options = parser.parse_args()
    rows: dict[str, dict[str, Any]] = {}
    if options.output.exists():
        with options.output.open(encoding="utf-8", newline="") as stream:
            rows = {row["element"]: row for row in csv.DictReader(stream)}
    for setup in RUNS:
        if not options.elements or setup.element in options.elements:
            rows[setup.element] = run(setup, options.seed)
            options.output.parent.mkdir(parents=True, exist_ok=True)
            with options.output.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, fieldnames=list(rows[setup.element]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows.values())


if __name__ == "__main__":
    main()
