"""Time the diffraction image against the direct sum, in the same run on the same structures.

Run ``python benchmarks/diffraction_image.py``; it prints a table and writes results/diffraction-image.json. It takes
about two minutes on a quiet machine; times are the best of several, throughputs are means.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import xtalprint as xp
from xtalprint import geometry
from xtalprint.compute import available_cores, map_ordered
from xtalprint.scattering import form_factors, image_of_cluster, use_compiled_sum
from xtalprint.scattering import image as image_module
from xtalprint.scattering.ring_sum import sum_with_numpy

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
SEED = 2018
ONE_BLAS_THREAD = "OPENBLAS_NUM_THREADS"
COLD = """
import time; start = time.perf_counter()
import numpy as np, xtalprint as xp
copper = xp.Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
descriptor = xp.DiffractionImage(); imported = time.perf_counter()
descriptor.compute(copper); done = time.perf_counter()
import sys; print(imported - start, done - imported, "numba" in sys.modules)
"""
FACE = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]


def crystal(
    symbol: str, lengths: tuple[float, float, float], places: list[list[float]], gamma: float = 90.0
) -> xp.Crystal:
    """One element in a conventional cell with right angles at c."""
    a, b, c = lengths
    angle = np.radians(gamma)
    cell = np.array([[a, 0, 0], [b * np.cos(angle), b * np.sin(angle), 0], [0, 0, c]])
    return xp.Crystal(np.array(places) @ cell, [symbol] * len(places), cell=cell)


def prototypes() -> dict[str, xp.Crystal]:
    """Elemental solids with their experimental lattice parameters in Å."""
    quarter = [[x + 0.25, y + 0.25, z + 0.25] for x, y, z in FACE]
    # Nine close-packed layers, ABCBCACAB: the rhombohedral structure that is like the hexagonal one.
    samarium = [[x, x * 2 % 1, (x + z) % 1] for x in (0, 1 / 3, 2 / 3) for z in (0, 2 / 9, -2 / 9)]
    tin = [[0, 0, 0], [0.5, 0.5, 0.5], [0, 0.5, 0.25], [0.5, 0, 0.75]]
    return {
        "sc (α-Po)": crystal("Po", (3.359,) * 3, [[0, 0, 0]]),
        "fcc (Cu)": crystal("Cu", (3.615,) * 3, FACE),
        "bcc (Fe)": crystal("Fe", (2.866,) * 3, [[0, 0, 0], [0.5] * 3]),
        "diam (Si)": crystal("Si", (5.431,) * 3, FACE + quarter),
        "hex (Mg)": crystal("Mg", (3.209, 3.209, 5.211), [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]], 120.0),
        "rh (α-Sm)": crystal("Sm", (3.629, 3.629, 26.207), samarium, 120.0),
        "bct_139 (In)": crystal("In", (3.253, 3.253, 4.947), [[0, 0, 0], [0.5] * 3]),
        "bct_141 (β-Sn)": crystal("Sn", (5.832, 5.832, 3.182), tin),
    }


def reference() -> ModuleType:
    """The direct sum that the tests use as their oracle."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tests" / "reference" / "diffraction.py")
    if spec is None or spec.loader is None:
        raise SystemExit("run this in a checkout of the repository: it needs tests/reference")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def best(function: Callable[[], object], repeats: int) -> float:
    """Least wall time of several calls, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def clusters() -> list[tuple[str, NDArray[np.float64], NDArray[np.int64]]]:
    """The prototypes as clusters of about 256 atoms, pristine and with noise."""
    rng = np.random.default_rng(SEED)
    descriptor = xp.DiffractionImage()
    made = []
    for name, crystal in prototypes().items():
        cluster, _ = descriptor.cluster(crystal)
        numbers = cluster.numbers + 2
        made.append((name, cluster.positions, numbers))
        noise = rng.normal(scale=0.05, size=cluster.positions.shape)
        made.append(
            (f"{name}, noise 0.05", cluster.positions + noise, rng.permutation(np.arange(len(numbers)) % 90 + 3))
        )
    return made


def against_direct_sum(repeats: int) -> dict[str, Any]:
    """Time of one image of 250 atoms by the direct sum and by ours, and the error."""
    direct = reference().exact_image
    rng = np.random.default_rng(SEED)
    positions = (np.indices((7, 6, 6)).reshape(3, -1).T)[:250] + rng.normal(scale=0.02, size=(250, 3))
    numbers = np.full(250, 31)

    def factor(s: NDArray[np.float64]) -> NDArray[np.float64]:
        return form_factors(31, s)[None, :]

    whole = best(partial(direct, positions, factor, inner=0.0, outer=99.0), max(2, repeats // 5))
    ring = best(partial(direct, positions, factor), max(2, repeats // 5))
    ours = best(partial(image_of_cluster, positions, numbers), repeats)
    table = rng.normal(size=(2, 5, 250, 64)).astype(np.float32).view(np.complex64)
    across, along = table.reshape(2, 5, 250, 32)
    left = np.concatenate([across, across.conj()], axis=2)
    right = np.concatenate([along, along.conj()], axis=2)
    gemm = best(lambda: [a.T @ b for a, b in zip(left, right, strict=True)], 5 * repeats)
    errors = {
        name: float(np.abs(image_of_cluster(p, z) - direct(p, lambda s, z=z: form_factors(z, s))).max())
        for name, p, z in clusters()
    }
    return {
        "direct sum, all pixels, ms": whole,
        "direct sum, ring only, ms": ring,
        "ours, ms": ours,
        "ratio, all pixels": whole / ours,
        "ratio, ring only": ring / ours,
        "five complex64 GEMMs of a flat detector (250 atoms, 64 x 64), ms": gemm,
        "ours / GEMM": ours / gemm,
        "largest error, share of the maximum": max(errors.values()),
        "errors": errors,
    }


def executors(repeats: int) -> dict[str, float]:
    """The compiled sum and its twin in NumPy on 250 atoms."""
    positions, numbers = np.indices((7, 6, 6)).reshape(3, -1).T[:250] * 1.0, np.full(250, 31)
    compiled = best(partial(image_of_cluster, positions, numbers), repeats)
    choose = image_module._sum_to_use  # noqa: SLF001 - to force the other one
    try:
        image_module._sum_to_use = lambda: sum_with_numpy  # noqa: SLF001 - as above
        plain = best(partial(image_of_cluster, positions, numbers), max(3, repeats // 5))
    finally:
        image_module._sum_to_use = choose  # noqa: SLF001 - as above
    return {"compiled, ms": compiled, "NumPy, ms": plain}


def growth(repeats: int) -> dict[str, float]:
    """Time of an image against the number of atoms, ms."""
    rng = np.random.default_rng(SEED)
    times = {}
    for n in (32, 64, 128, 256, 512, 1024, 2048, 4096):
        positions = rng.uniform(-0.5, 0.5, (n, 3)) * n ** (1 / 3)
        times[str(n)] = best(partial(image_of_cluster, positions, np.full(n, 31)), repeats)
    return times


def throughput(n: int) -> dict[str, float]:
    """Structures per second on one thread and on all."""
    crystals = [c for c in prototypes().values() for _ in range(n // 8)]
    descriptor = xp.DiffractionImage()
    ready = [descriptor.cluster(c)[0] for c in prototypes().values()]
    found = {}
    for threads in sorted({1, available_cores()}):
        start = time.perf_counter()
        for _ in map_ordered(
            lambda i: image_of_cluster(ready[i % 8].positions, ready[i % 8].numbers), range(n), threads=threads
        ):
            pass
        found[f"image alone, {threads} threads"] = n / (time.perf_counter() - start)
        start = time.perf_counter()
        descriptor.compute_many(crystals, threads=threads)
        found[f"from the crystal on, {threads} threads"] = len(crystals) / (time.perf_counter() - start)
    return found


def stages(repeats: int) -> dict[str, float]:
    """Where the time of one structure goes, mean over the prototypes, ms."""
    descriptor = xp.DiffractionImage()
    total = dict.fromkeys(("standard cell", "bond length", "supercell", "scale", "image", "whole"), 0.0)
    for crystal in prototypes().values():
        standard = geometry.standard_cell(crystal)
        supercell = geometry.supercell_to(standard)
        cluster = geometry.scaled(geometry.to_cluster(supercell), 1 / geometry.bond_length(standard))
        total["standard cell"] += best(partial(geometry.standard_cell, crystal), repeats)
        total["bond length"] += best(partial(geometry.bond_length, standard), repeats)
        total["supercell"] += best(partial(geometry.supercell_to, standard), repeats)
        total["scale"] += best(partial(geometry.scaled, cluster, 0.4), repeats)
        total["image"] += best(partial(image_of_cluster, cluster.positions, cluster.numbers), repeats)
        total["whole"] += best(partial(descriptor.compute, crystal), repeats)
    means = {name: value / 8 for name, value in total.items()}
    means["other"] = means["whole"] - sum(value for name, value in means.items() if name != "whole")
    return means


def cold_start() -> dict[str, Any]:
    """First image of a fresh process, s."""
    command = [sys.executable, "-c", COLD]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(3)]  # noqa: S603 - ours
    imported, image, numba = min(run.stdout.split() for run in runs)
    return {"import, s": float(imported), "first image, s": float(image), "Numba loaded": numba == "True"}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, nothing written")
    quick = parser.parse_args().quick
    if os.environ.get(ONE_BLAS_THREAD) != "1":
        # BLAS reads it when NumPy is imported: start again.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {ONE_BLAS_THREAD: "1"})  # noqa: S606 - ours
    use_compiled_sum()
    repeats = 5 if quick else 50
    image_of_cluster(np.eye(3), np.full(3, 31))
    result = {
        "command": "python benchmarks/diffraction_image.py",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "machine": {"processor": platform.processor() or platform.machine(), "cores": available_cores()},
        "versions": {name: version(name) for name in ("xtalprint", "numpy", "numba", "moyopy")}
        | {"python": platform.python_version()},
        "cold start": cold_start(),
        "250 atoms": against_direct_sum(repeats),
        "executors": executors(repeats),
        "atoms, ms": growth(repeats),
        "structures per second": throughput(64 if quick else 2000),
        "one structure, ms": stages(repeats),
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if not quick:
        target = ROOT / "results" / "diffraction-image.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
