"""Time the classifier: network alone, image and network, from a file to the answer, and from a cold start.

Run ``python benchmarks/crystal_class.py``; it prints the figures and writes results/crystal-class-speed.json. Peer:
70 ms an image for the network alone (Ziletti et al. 2018, on a quad-core laptop).
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
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import xtalprint as xp
from xtalprint.compute import available_cores, map_ordered
from xtalprint.datasets import elemental_solids

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
SEED = 7
#: Multiply-adds of one forward pass / 1e9: 64²·35·32·49 + 32²·48·16·49 + 16²·24·8·49 + 2048·128 + 128·7.
GIGA_OPERATIONS = 0.2660


def milliseconds(function: Callable[[], object], n: int, repeats: int) -> float:
    """Least wall time per structure of several calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return round(1e3 * min(times) / n, 3)


def cold_start(path: Path, repeats: int) -> float:
    """Least wall time in s of ``xtalprint classify one.cif`` in a fresh process."""
    command = [sys.executable, "-m", "xtalprint", "classify", str(path), "--format", "json", "--quiet"]

    def classify() -> None:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command

    return milliseconds(classify, 1, repeats) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="number of structures")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "crystal-class-speed.json")
    arguments = parser.parse_args()
    n, repeats = arguments.n, arguments.repeats
    model = xp.load_model("crystal-class")
    made = elemental_solids(seed=SEED, n=n)
    images = model.descriptor.compute_many(made.crystals).array
    figures: dict[str, object] = {}
    for threads in sorted({1, 2, available_cores()}):
        figures[f"{threads} threads, ms a structure"] = {
            "image": milliseconds(
                lambda t=threads: model.descriptor.compute_many(made.crystals, threads=t), n, repeats
            ),
            "network": milliseconds(
                lambda t=threads: list(map_ordered(model.predict_image, images, threads=t)), n, repeats
            ),
            "image and network": milliseconds(lambda t=threads: model.predict(made.crystals, threads=t), n, repeats),
        }
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "many.extxyz"
        import ase.io  # noqa: PLC0415 - only to write the file

        ase.io.write(path, [xp.to_ase(crystal) for crystal in made.crystals])
        figures["file to answer, all cores, ms a structure"] = milliseconds(
            lambda: list(model.predict_iter(xp.iter_read(path))), n, repeats
        )
    figures["cold start of classify one.cif, s"] = cold_start(ROOT / "examples" / "data" / "copper.cif", repeats)
    network = figures["1 threads, ms a structure"]
    figures["network, 1 thread, 1e9 multiply-adds per s"] = round(1e3 * GIGA_OPERATIONS / network["network"], 1)
    record = {
        "command": "python benchmarks/crystal_class.py",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {available_cores()} cores, load {os.getloadavg()[0]:.1f}",
        "model": dict(model.provenance),
        "versions": {name: version(name) for name in ("xtalprint", "numpy", "numba", "onnxruntime")},
        "structures": {"n": n, "seed": SEED, "median atoms": sorted(len(c) for c in made.crystals)[n // 2]},
        **figures,
    }
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
