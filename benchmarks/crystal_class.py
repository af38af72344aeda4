"""Time the classifiers: fingerprint and network, from a file to the answer, from a cold start, and against size.

Run ``python benchmarks/crystal_class.py``; it prints the figures and writes results/classify-speed.json. Peer:
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

import numpy as np

import xtalprint as xp
from xtalprint.compute import available_cores
from xtalprint.datasets import elemental_solids
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import supercell, supercell_to, to_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtalprint.models import Classifier

ROOT = Path(__file__).parents[1]
SEED = 7
MODELS = ("crystal-class-image", "crystal-class")
#: So many times the same file, for a batch that is longer than the start of the processes.
COPIES = 10
#: Repeats of fcc along each axis, 4 atoms each: 256 to 108,000 atoms.
REPEATS = (4, 8, 15, 30)
#: Displacements in Å: much, and so little that most translations nearly hold.
NOISE = (0.1, 0.025)


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


def command_in_processes(crystals: Sequence[xp.Crystal], copies: int) -> float:
    """Wall time in ms a structure of ``classify --engine processes``: files to records, one run with its start."""
    import ase.io  # noqa: PLC0415 - only to write the file

    with tempfile.TemporaryDirectory() as folder:
        frames, records = Path(folder) / "many.extxyz", Path(folder) / "records.jsonl"
        ase.io.write(frames, [xp.to_ase(crystal) for crystal in crystals])
        command = [sys.executable, "-m", "xtalprint", "classify", *[str(frames)] * copies, "--quiet"]
        command += ["--engine", "processes", "--workers", str(available_cores()), "--output", str(records)]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
        seconds = time.perf_counter() - start
        answers = [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]
    n = copies * len(crystals)
    if [answer["status"] for answer in answers] != n * ["ok"]:
        raise SystemExit(f"{n} answers were expected of the command, and some failed or are missing")
    return round(1e3 * seconds / n, 3)


def timed(model: Classifier, crystals: Sequence[xp.Crystal], repeats: int) -> dict[str, float]:
    """Milliseconds a structure with one thread, with two, and of the fingerprint alone."""
    n = len(crystals)
    return {
        "1 thread": milliseconds(lambda: model.predict(crystals, threads=1), n, repeats),
        "2 threads": milliseconds(lambda: model.predict(crystals, threads=2), n, repeats),
        "fingerprint alone, 1 thread": milliseconds(
            lambda: model.descriptor.compute_many(crystals, threads=1), n, repeats
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="number of structures")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "classify-speed.json")
    arguments = parser.parse_args()
    n, repeats = arguments.n, arguments.repeats
    models = {name: xp.load_model(name) for name in MODELS}
    made = elemental_solids(seed=SEED, n=n).crystals
    boxes = [_thinned(crystal, np.random.default_rng([SEED, row])) for row, crystal in enumerate(made)]
    kinds = {
        "cells as made": made,
        "boxes of 250 atoms": boxes,
        "perfect boxes of 250 atoms": [supercell_to(crystal, min_atoms=250) for crystal in made],
        "pieces of 250 atoms": [to_cluster(b) for b in boxes],
    }
    figures: dict[str, object] = {
        name: {kind: timed(model, crystals, repeats) for kind, crystals in kinds.items()}
        for name, model in models.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.extxyz"
        import ase.io  # noqa: PLC0415 - only to write the file

        ase.io.write(path, [xp.to_ase(crystal) for crystal in made])
        figures["file to answer, all cores, ms a structure"] = milliseconds(
            lambda: list(models["crystal-class"].predict_iter(xp.iter_read(path))), n, repeats
        )
    figures["by classify --engine processes, from file to records, ms a structure"] = {
        kind: command_in_processes(crystals, COPIES) for kind, crystals in kinds.items()
    }
    figures["cold start of classify one.cif, s"] = cold_start(ROOT / "examples" / "data" / "copper.cif", repeats)
    for noise in NOISE:
        name = f"crystal-class against size, σ = {noise:g} Å, ms"
        figures[name] = _against_size(models["crystal-class"], noise, repeats)
    record = {
        "command": "python benchmarks/crystal_class.py",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {available_cores()} cores, load {os.getloadavg()[0]:.1f}",
        "model": dict(models["crystal-class"].provenance),
        "image model": dict(models["crystal-class-image"].provenance),
        "versions": {name: version(name) for name in ("xtalprint", "numpy", "numba", "onnxruntime")},
        "structures": {"n": n, "seed": SEED, "median atoms": sorted(len(c) for c in made)[n // 2]},
        **figures,
    }
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1, ensure_ascii=False))


def _thinned(crystal: xp.Crystal, rng: np.random.Generator) -> xp.Crystal:
    """About 250 shaken atoms in a box, a tenth of them missing."""
    box = displace_gaussian(supercell_to(crystal, min_atoms=277), 0.03, rng, unit="d_nn")
    return vacancies(box, 0.1, rng)


def _against_size(model: Classifier, noise: float, repeats: int) -> dict[str, float]:
    """Time of one answer for shaken copper of 256 to 108,000 atoms."""
    face = xp.Crystal(
        3.61 * np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]), ["Cu"] * 4, cell=3.61 * np.eye(3)
    )
    rng = np.random.default_rng(SEED)
    times = {}
    for size in REPEATS:
        box = displace_gaussian(supercell(face, (size,) * 3), noise, rng)
        times[str(len(box))] = milliseconds(lambda box=box: model.predict(box), 1, repeats)
    return times


if __name__ == "__main__":
    main()
