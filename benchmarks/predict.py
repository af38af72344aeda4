"""Time ``predict``: numbers and model, in a batch and one by one, from a cold start, and against size.

Run ``python benchmarks/predict.py``; it needs the elastic moduli (see `xtalprint.datasets.elasticity`), prints the
figures and writes results/predict-speed.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import xtalprint as xp
from xtalprint.compute import available_cores
from xtalprint.datasets import elasticity
from xtalprint.descriptors.interpretable import interpretable_features
from xtalprint.geometry import supercell
from xtalprint.models.answering import notice_of_distances
from xtalprint.models.solids import check_solid, notice_of_vacuum
from xtalprint.models.stiffness import element_shares

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
SEED = 7
#: Repeats of fcc along each axis, 4 atoms each: 256 to 32,000 atoms.
REPEATS = (4, 8, 20)


def milliseconds(function: Callable[[], object], n: int, repeats: int) -> float:
    """Least wall time per structure of several calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return round(1e3 * min(times) / n, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=500, help="number of structures")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "predict-speed.json")
    arguments = parser.parse_args()
    n, repeats = arguments.n, arguments.repeats
    model, data = xp.load_model("stiffness"), elasticity()
    rows = np.random.default_rng(SEED).choice(len(data), n, replace=False)
    crystals = [data.crystals[int(row)] for row in rows]
    model.predict(crystals[:5])  # compiles
    shares = element_shares([crystal.numbers for crystal in crystals])
    points = model.fit.standard.points(interpretable_features(crystals), shares)
    answers = [model.fit.answer(point) for point in points]
    copper = ROOT / "examples" / "data" / "copper.cif"
    command = [sys.executable, "-m", "xtalprint", "predict", str(copper), "--format", "json", "--quiet"]
    face = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    cell = xp.Crystal(3.61 * face, ["Cu"] * 4, cell=3.61 * np.eye(3))
    record = {
        "command": "python benchmarks/predict.py",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {available_cores()} cores, load {os.getloadavg()[0]:.1f}",
        "model": dict(model.provenance),
        "versions": {name: version(name) for name in ("xtalprint", "numpy", "numba")},
        "structures": {"n": n, "seed": SEED, "median atoms": int(np.median([len(crystal) for crystal in crystals]))},
        "in a batch, 1 thread, ms a structure": milliseconds(lambda: model.predict(crystals, threads=1), n, repeats),
        "in a batch, 2 threads, ms a structure": milliseconds(lambda: model.predict(crystals, threads=2), n, repeats),
        "one by one, ms a structure": milliseconds(lambda: [model.predict_one(c) for c in crystals], n, repeats),
        "numbers alone, 1 thread, ms a structure": milliseconds(lambda: interpretable_features(crystals), n, repeats),
        "kernel and networks alone, ms a structure": milliseconds(
            lambda: [model.fit.answer(point) for point in points], n, repeats
        ),
        "checks and warnings alone, ms a structure": milliseconds(
            lambda: [(check_solid(c), notice_of_vacuum(c), notice_of_distances(c)) for c in crystals], n, repeats
        ),
        "nearest known crystals alone, ms a structure": milliseconds(
            lambda: [[model._neighbour(row, 0.0) for row in model._nearest(answer)] for answer in answers],  # noqa: SLF001
            n,
            repeats,
        ),
        "cold start of predict one.cif, s": milliseconds(
            lambda: subprocess.run(command, check=True, capture_output=True),  # noqa: S603 - our own command
            1,
            repeats,
        )
        / 1e3,
        "against size, ms": {
            str(len(box)): milliseconds(lambda box=box: model.predict(box), 1, repeats)
            for box in (supercell(cell, (size,) * 3) for size in REPEATS)
        },
    }
    arguments.output.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
