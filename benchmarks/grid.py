"""Time GRID, RDF and average minimum distances beside the programs that others use, and compare the numbers.

Run ``python benchmarks/grid.py`` in an environment that has the peers (gridrdf, matminer, average-minimum-distance);
those that cannot be imported are skipped. It draws real crystals from the table of properties in the folder named by
the environment variable ``XTALPRINT_DATA``, lets each program work on all of them in a process of its own, one after
the other and in several rounds, and writes results/grid-speed.json. Making the objects of each library is not timed.
Processor time is what counts on a machine with other work; the wall clock is given too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import xtalprint as xp
from xtalprint.geometry import supercell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TARGET = Path(__file__).parents[1] / "results" / "grid-speed.json"
SEED = 2021
N_CRYSTALS, MOST_SITES, ROUNDS, REPEATS = 300, 200, 3, 3
SIZES = (1, 2, 3, 5, 8, 12, 17, 23)
#: Distribution to import for each program, if it is not our own.
PEERS = {"gridrdf": "gridrdf", "amd": "average-minimum-distance", "matminer": "matminer"}
PROGRAMS = {
    "xtalprint GRID": None,
    "xtalprint AMD": None,
    "xtalprint RDF": None,
    "gridrdf": "gridrdf",
    "average-minimum-distance": "amd",
    "matminer RDF": "matminer",
}


def drawn_crystals() -> list[xp.Crystal]:
    """Real crystals of at most 200 sites, the same for each program."""
    import pyarrow.parquet  # noqa: PLC0415 - only the first process reads the table

    path = Path(os.environ["XTALPRINT_DATA"]) / "properties" / "properties.parquet"
    table = pyarrow.parquet.read_table(path, columns=["id", "cell", "numbers", "frac"])
    order = np.random.default_rng(SEED).permutation(table.num_rows)
    crystals = []
    for row in table.take(order[: 2 * N_CRYSTALS]).to_pylist():
        if len(row["numbers"]) <= MOST_SITES and len(crystals) < N_CRYSTALS:
            cell = np.reshape(row["cell"], (3, 3))
            crystals.append(
                xp.Crystal(np.reshape(row["frac"], (-1, 3)) @ cell, row["numbers"], cell=cell, source=row["id"])
            )
    return crystals


def stored_crystals(folder: Path) -> list[xp.Crystal]:
    with np.load(folder / "crystals.npz") as stored:
        starts, numbers, positions, cells = (stored[name] for name in ("starts", "numbers", "positions", "cells"))
    return [
        xp.Crystal(positions[a:b], numbers[a:b], cell=cell)
        for a, b, cell in zip(starts[:-1], starts[1:], cells, strict=True)
    ]


def prepared(name: str, crystals: Sequence[xp.Crystal]) -> Callable[[], list[Any]]:
    """A call that computes all of them with one program."""
    if name == "xtalprint GRID":
        return lambda: list(xp.GRID().compute_many(crystals, threads=1).array)
    if name == "xtalprint RDF":
        return lambda: list(xp.RDF().compute_many(crystals, threads=1).array)
    if name == "xtalprint AMD":
        from xtalprint.descriptors.sorted_distances import average_minimum_distances  # noqa: PLC0415 - on demand

        return lambda: [average_minimum_distances(crystal) for crystal in crystals]
    if name == "average-minimum-distance":
        import amd  # noqa: PLC0415 - a peer

        sets = [amd.PeriodicSet(motif=c.positions.copy(), cell=c.cell.copy()) for c in crystals]
        return lambda: [amd.AMD(one, 100) for one in sets]
    structures = [xp.to_pymatgen(crystal) for crystal in crystals]
    if name == "gridrdf":
        from gridrdf.extendRDF import calculate_rdf, get_pairwise_distances  # noqa: PLC0415 - a peer

        return lambda: [
            calculate_rdf(one, get_pairwise_distances(one, num_neighbours=100), max_dist=10) for one in structures
        ]
    from matminer.featurizers.structure.rdf import RadialDistributionFunction  # noqa: PLC0415 - a peer

    featurizer = RadialDistributionFunction(cutoff=10.0)
    return lambda: [featurizer.featurize(one) for one in structures]


def measure(name: str, folder: Path) -> None:
    """In a process of its own: compute all, keep the values, print the best times per crystal in milliseconds."""
    warnings.simplefilter("ignore")
    crystals = stored_crystals(folder)
    prepared(name, crystals[:3])()
    call = prepared(name, crystals)
    best = {"cpu_ms": np.inf, "wall_ms": np.inf}
    for _ in range(1 if name in {"gridrdf", "matminer RDF"} else REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        values = call()
        found = {"cpu_ms": time.process_time() - cpu, "wall_ms": time.perf_counter() - wall}
        best = {key: min(best[key], 1000 * found[key] / len(crystals)) for key in best}
    np.save(folder / f"{name}.npy", np.array(values, dtype=np.float64))
    print(json.dumps(best))


def rounds(folder: Path) -> dict[str, dict[str, float]]:
    """Best times of several rounds, in each of which every program has its turn."""
    times: dict[str, dict[str, float]] = {}
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    for _ in range(ROUNDS):
        for name, package in PROGRAMS.items():
            if package is not None and find_spec(package) is None:
                print(f"{name}: not installed, skipped")
                continue
            command = [sys.executable, __file__, "--measure", name, "--folder", str(folder)]
            run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
            found = json.loads(run.stdout.splitlines()[-1])
            old = times.setdefault(name, found)
            times[name] = {key: round(min(old[key], found[key]), 5) for key in found}
            print(name, times[name])
    return times


def agreement(folder: Path, crystals: Sequence[xp.Crystal], names: Sequence[str]) -> dict[str, float]:
    """How far the numbers of the peers are from ours."""
    values = {name: np.load(folder / f"{name}.npy") for name in names}
    found = {}
    if "average-minimum-distance" in values:
        apart = abs(values["xtalprint AMD"] - values["average-minimum-distance"])
        found["AMD, largest difference in Å"] = float(apart.max())
    if "gridrdf" in values:
        ours, theirs = values["xtalprint GRID"], 0.1 * values["gridrdf"]
        inside = ours.sum(axis=2) > 1 - 1e-6
        earth_moved = 0.1 * abs(np.cumsum(ours - theirs, axis=2)).sum(axis=2)[inside]
        found["GRID, groups that lie within 10 Å"] = round(float(inside.mean()), 4)
        found["GRID, mean earth mover's distance of these to gridrdf's in Å"] = float(earth_moved.mean())
        found["GRID, largest in Å"] = float(earth_moved.max())
    if "matminer RDF" in values:
        sites = np.array([len(crystal) for crystal in crystals])[:, None]
        apart = abs(values["matminer RDF"] / sites - values["xtalprint RDF"])
        found["RDF, share of bins that differ by more than 1e-5 after division by the sites"] = round(
            float((apart > 1e-5 * np.maximum(values["xtalprint RDF"], 1)).mean()), 6
        )
    return found


def first_use() -> dict[str, float]:
    """Processor seconds from the start of Python to the first GRID: compiling it, and with the compiled loops."""
    code = (
        "import time, numpy as np, xtalprint as xp; xp.GRID().compute(xp.Crystal([[0, 0, 0]], ['Po'], "
        "cell=3.35 * np.eye(3))); print(time.process_time())"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        runs = [
            subprocess.run(  # noqa: S603 - ourselves
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
            )
            for _ in range(2)
        ]
    return dict(zip(("compiling", "compiled"), (round(float(run.stdout), 2) for run in runs), strict=True))


def by_size() -> list[dict[str, float]]:
    """Processor milliseconds of GRID for noisy fcc boxes of growing size, best of several."""
    rows = []
    face = 1.805 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    for n in SIZES:
        box = supercell(xp.Crystal([[0, 0, 0]], ["Cu"], cell=face), (n, n, n))
        noise = np.random.default_rng(SEED).normal(0, 0.05, box.positions.shape)
        crystal = xp.Crystal(box.positions + noise, box.numbers, cell=box.cell)
        times = []
        for _ in range(1 + REPEATS):
            start = time.process_time()
            xp.GRID().compute_many([crystal] * max(1, 500 // len(box)), threads=1)
            times.append(1000 * (time.process_time() - start) / max(1, 500 // len(box)))
        rows.append({"sites": len(box), "cpu_ms": round(min(times), 4), "us_per_site": 0.0})
        rows[-1]["us_per_site"] = round(1000 * rows[-1]["cpu_ms"] / len(box), 2)
        print(rows[-1])
    return rows


def by_threads(crystals: Sequence[xp.Crystal]) -> dict[str, float]:
    """Crystals per second of wall-clock time with one and two threads, best of several, on 3,000 crystals."""
    many = [*crystals] * 10
    rates = {"1": 0.0, "2": 0.0}
    for _ in range(REPEATS):
        for threads in (1, 2):
            start = time.perf_counter()
            xp.GRID().compute_many(many, threads=threads)
            rates[str(threads)] = max(rates[str(threads)], round(len(many) / (time.perf_counter() - start), 1))
    return rates


def versions() -> dict[str, str]:
    found = {"xtalprint": xp.__version__, "numpy": np.__version__, "python": platform.python_version()}
    for package in ("numba", "scipy", "pymatgen-core", *PEERS.values()):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TARGET)
    parser.add_argument("--measure", choices=list(PROGRAMS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.folder)
        return
    crystals = drawn_crystals()
    sites = [len(crystal) for crystal in crystals]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(
            folder / "crystals.npz",
            starts=np.cumsum([0, *sites]),
            numbers=np.concatenate([crystal.numbers for crystal in crystals]),
            positions=np.concatenate([crystal.positions for crystal in crystals]),
            cells=np.array([crystal.cell for crystal in crystals]),
        )
        times = rounds(folder)
        agree = agreement(folder, crystals, list(times))
    ours = times["xtalprint GRID"]
    result = {
        "command": "python benchmarks/grid.py",
        "date": datetime.now(UTC).date().isoformat(),
        "seed": SEED,
        "cores": os.cpu_count(),
        "versions": versions(),
        "crystals": len(crystals),
        "sites": {"mean": round(float(np.mean(sites)), 2), "median": float(np.median(sites)), "most": max(sites)},
        "milliseconds_per_crystal": times,
        "times_as_fast_as": {
            "gridrdf": _ratio(times, "gridrdf", ours),
            "average-minimum-distance": _ratio(times, "average-minimum-distance", ours),
            "average-minimum-distance, AMD against AMD": _ratio(
                times, "average-minimum-distance", times["xtalprint AMD"]
            ),
            "matminer RDF, RDF against RDF": _ratio(times, "matminer RDF", times["xtalprint RDF"]),
        },
        "agreement": agree,
        "crystals_per_second_by_threads": by_threads(crystals),
        "noisy_fcc_boxes": by_size(),
        "first_use_cpu_seconds": first_use(),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result["times_as_fast_as"], indent=1))


def _ratio(times: dict[str, dict[str, float]], name: str, ours: dict[str, float]) -> float | None:
    """Processor time of a peer over ours."""
    return round(times[name]["cpu_ms"] / ours["cpu_ms"], 1) if name in times else None


if __name__ == "__main__":
    main()
