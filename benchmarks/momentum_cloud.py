"""How fast momentum clouds are, and whether other programs find the same intensities.

Run ``python benchmarks/momentum_cloud.py`` with XTALPRINT_DATA set; it writes results/momentum-cloud-speed.json. The
crystals are Materials Project structures of at most 20 atoms, 343 points each. Beside ours run, in the same
process, the sum as the released code of Wang et al. makes it (one reflection after the other, NumPy over the atoms)
and the same sum as one NumPy expression. Where the whole of pymatgen is installed, its powder patterns are compared.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gemmi
import numpy as np

import xtalprint as xp
from xtalprint import geometry
from xtalprint.compute import available_cores
from xtalprint.datasets import properties as property_table
from xtalprint.datasets.properties import CRYSTAL_SYSTEMS
from xtalprint.elements import SYMBOLS
from xtalprint.geometry.lattice_basis import lattice_basis
from xtalprint.io import read_table
from xtalprint.scattering import form_factors
from xtalprint.scattering.form_factors import _table
from xtalprint.scattering.intensities import box_points

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.clouds import Cloud

    Floats = NDArray[np.float64]

SEED = 20
MOST_ATOMS = 20
ROOT = Path(__file__).parents[1]
ONE_BLAS_THREAD = "OPENBLAS_NUM_THREADS"


def crystals(n: int) -> list[xp.Crystal]:
    """Crystals of the property table, drawn at random."""
    table = read_table(Path(os.environ["XTALPRINT_DATA"]) / "properties" / "properties.parquet")
    sizes = np.array(table.labels["nsites"])
    rows = np.random.default_rng(SEED).permutation(np.flatnonzero(sizes <= MOST_ATOMS))[:n]
    return [table.crystals[int(row)] for row in rows]


def one_by_one(crystal: xp.Crystal) -> Floats:
    """Intensities as the released code makes them: a loop over reflections, NumPy over atoms."""
    amplitudes, exponents = (column[crystal.numbers] for column in _table("pymatgen"))
    fractional, cell, volume = crystal.frac, np.asarray(crystal.cell), crystal.volume
    reciprocal = np.linalg.inv(cell).T
    found = []
    for hkl in box_points(3):
        q = (np.linalg.norm(hkl @ reciprocal) / 2) ** 2
        factors = crystal.numbers - 41.78214 * q * np.sum(amplitudes * np.exp(-exponents * q), axis=1)
        amplitude = np.sum(factors * np.exp(2j * np.pi * (fractional @ hkl)))
        found.append((amplitude * amplitude.conjugate()).real / volume**2)
    return np.array(found)


def at_once(crystal: xp.Crystal) -> Floats:
    """The same sum as one expression of NumPy."""
    hkl = box_points(3)
    s = np.linalg.norm(hkl @ np.linalg.inv(np.asarray(crystal.cell)).T, axis=1)
    elements, which = np.unique(crystal.numbers, return_inverse=True)
    factors = form_factors(elements, s, table="pymatgen")[which]
    amplitudes = (factors * np.exp(2j * np.pi * (crystal.frac @ hkl.T))).sum(axis=0)
    result: Floats = np.abs(amplitudes) ** 2 / crystal.volume**2
    return result


def each(function: Callable[[xp.Crystal], object], solids: Sequence[xp.Crystal]) -> dict[str, float]:
    """Mean wall and processor time of a call in ms, after one call to warm up."""
    function(solids[0])
    wall, own = time.perf_counter(), time.process_time()
    for solid in solids:
        function(solid)
    n = len(solids) / 1000
    return {"wall, ms": (time.perf_counter() - wall) / n, "processor, ms": (time.process_time() - own) / n}


def direct_sums(solids: Sequence[xp.Crystal]) -> dict[str, Any]:
    """Ours beside the two sums of NumPy, in turns, on the cells as given."""
    ours = xp.MomentumCloud(cell="given")
    few = solids[: max(20, len(solids) // 10)]
    released, numpy_sum, cloud = each(one_by_one, few), each(at_once, few), each(ours.cloud, few)
    largest = max(
        float(np.abs(ours.cloud(c).intensities - at_once(c)).max() / ours.cloud(c).intensities.max()) for c in few
    )
    return {
        "structures": len(few),
        "one reflection after the other, as released": released,
        "one NumPy expression": numpy_sum,
        "ours": cloud,
        "ratio to as released": released["processor, ms"] / cloud["processor, ms"],
        "ratio to one NumPy expression": numpy_sum["processor, ms"] / cloud["processor, ms"],
        "largest difference, share of the maximum": largest,
    }


def stages(solids: Sequence[xp.Crystal]) -> dict[str, Any]:
    """Where the time goes."""
    given, primitive = xp.MomentumCloud(cell="given"), xp.MomentumCloud()
    clouds = iter([given.cloud(c) for c in [solids[0], *solids]])
    return {
        "symmetry search and lattice vectors": each(lambda c: lattice_basis(_fresh(c), kind="primitive"), solids),
        "cloud of the cell as given": each(given.cloud, solids),
        "features": each(lambda _: next(clouds).features(), solids),
        "whole, cell as given": each(given.compute, solids),
        "whole, primitive cell": each(lambda c: primitive.compute(_fresh(c)), solids),
    }


def _fresh(crystal: xp.Crystal) -> xp.Crystal:
    """A copy, so that no answer of a search that was kept is used."""
    return xp.Crystal(crystal.positions, crystal.numbers, cell=crystal.cell)


def rates(solids: Sequence[xp.Crystal]) -> dict[str, float]:
    """Structures per second of ``compute_many``, by threads, and by two processes."""
    found: dict[str, float] = {}
    for cell in ("given", "primitive", "conventional"):
        descriptor = xp.MomentumCloud(cell=cell)  # type: ignore[arg-type] # one of the three
        for threads in sorted({1, available_cores()}):
            start = time.perf_counter()
            descriptor.compute_many(solids, threads=threads)
            found[f"{cell}, {threads} threads"] = len(solids) / (time.perf_counter() - start)
    workers = available_cores()
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        pool.map(_primitive_clouds, [solids[:20]] * workers)
        start = time.perf_counter()
        pool.map(_primitive_clouds, [solids[i::workers] for i in range(workers)], chunksize=1)
        found[f"primitive, {workers} processes"] = len(solids) / (time.perf_counter() - start)
    return found


def _primitive_clouds(solids: Sequence[xp.Crystal]) -> int:
    return len(xp.MomentumCloud().compute_many(solids, threads=1).index)


def against_gemmi(solids: Sequence[xp.Crystal]) -> dict[str, Any]:
    """Largest difference to gemmi's structure factors, which use the same International Tables."""
    worst = 0.0
    for crystal in solids:
        small = gemmi.SmallStructure()
        standard = geometry.standard_cell(crystal)  # gemmi takes lengths and angles
        lengths = np.linalg.norm(standard.cell, axis=1)
        unit = standard.cell / lengths[:, None]
        angles = np.degrees(np.arccos([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]))
        small.cell = gemmi.UnitCell(*lengths, *angles)
        small.spacegroup_hm = "P 1"
        for z, x in zip(standard.numbers, standard.frac, strict=True):
            site = gemmi.SmallStructure.Site()
            site.element, site.fract, site.occ = gemmi.Element(SYMBOLS[z]), gemmi.Fractional(*x), 1.0
            small.add_site(site)
        calculator = gemmi.StructureFactorCalculatorX(small.cell)
        cloud = xp.MomentumCloud(cell="given", n_points=125, form_factors="it92").cloud(standard)
        theirs = np.array(
            [abs(calculator.calculate_sf_from_small_structure(small, h)) ** 2 for h in cloud.hkl.tolist()]
        )
        ours = cloud.intensities * standard.volume**2
        worst = max(worst, float(np.abs(ours - theirs).max() / ours.max()))
    return {"structures": len(solids), "largest difference, share of the maximum": worst}


def against_pymatgen(solids: Sequence[xp.Crystal]) -> dict[str, Any] | None:
    """Largest difference to pymatgen's powder patterns, made from our clouds by its own Lorentz factor."""
    try:
        from pymatgen.analysis.diffraction.xrd import XRDCalculator  # noqa: PLC0415 - where it is installed
    except ImportError:
        return None
    calculator = XRDCalculator("CuKa")
    worst, peaks = 0.0, 0
    for crystal in solids:
        pattern = calculator.get_pattern(xp.to_pymatgen(crystal), scaled=False, two_theta_range=(0, 90))
        cloud = xp.MomentumCloud(cell="given", s_max=1.4143 / calculator.wavelength).cloud(crystal)
        s = np.linalg.norm(cloud.positions, axis=1)
        keep = s > 1e-6
        theta = np.arcsin(calculator.wavelength * s[keep] / 2)
        lorentz = (1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
        powder = cloud.intensities[keep] * crystal.volume**2 * lorentz
        # Their peaks of nearly equal angle are parts of one, split by rounding; weak ones they leave out.
        starts = np.flatnonzero(np.diff(pattern.x, prepend=-1.0) > 1e-3)
        theirs = np.add.reduceat(pattern.y, starts)
        nearest = np.abs(np.degrees(2 * theta)[:, None] - pattern.x[starts]).argmin(axis=1)
        close = np.abs(np.degrees(2 * theta) - pattern.x[starts][nearest]) < 2e-3
        ours = np.bincount(nearest[close], weights=powder[close], minlength=len(starts))
        worst, peaks = max(worst, float(np.abs(ours - theirs).max() / theirs.max())), peaks + len(starts)
    return {"structures": len(solids), "peaks": peaks, "largest difference, share of the strongest peak": worst}


def in_another_setting(crystal: xp.Crystal, rng: np.random.Generator) -> xp.Crystal:
    """The same crystal in a skewed cell, turned, about another origin, atoms in another order."""
    shear = np.eye(3, dtype=np.int64)
    for _ in range(3):
        i, j = rng.permutation(3)[:2]
        step = np.eye(3, dtype=np.int64)
        step[i, j] = rng.integers(-1, 2)
        shear = step @ shear
    order, turn = rng.permutation(len(crystal)), geometry.random_rotation(rng)
    moved = xp.Crystal(
        crystal.positions[order] + rng.normal(size=3), crystal.numbers[order], cell=shear @ np.asarray(crystal.cell)
    )
    return geometry.rotated(moved, turn)


def settings(per_system: int) -> dict[str, Any]:
    """How often the points of a cloud are the same, up to a turn, when a crystal comes in another setting."""
    table = property_table()
    kinds = {
        "primitive, 343 points": xp.MomentumCloud(),
        "conventional, 343 points": xp.MomentumCloud(cell="conventional"),
        "primitive, sphere of 1/Å": xp.MomentumCloud(s_max=1.0),
    }
    found: dict[str, Any] = {}
    for number, system in enumerate(CRYSTAL_SYSTEMS):
        rng = np.random.default_rng([SEED, number])
        rows = rng.permutation(np.flatnonzero(table.crystal_systems == system))[:per_system]
        pairs = [(table.crystals[int(row)], in_another_setting(table.crystals[int(row)], rng)) for row in rows]
        found[system] = {"structures": len(pairs)} | {
            name: sum(_same_points(kind.cloud(one), kind.cloud(other)) for one, other in pairs)
            for name, kind in kinds.items()
        }
    return found


def against_published_cells(per_system: int) -> dict[str, Any]:
    """How often our boxes hold the points of those of pymatgen's standard cells, which the paper took.

    Theirs are idealised, so lengths may differ by 1 % of the longest; intensities by 1 % of the strongest.
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer  # noqa: PLC0415 - an extra

    table = property_table()
    given = xp.MomentumCloud(cell="given")
    found: dict[str, Any] = {}
    for number, system in enumerate(CRYSTAL_SYSTEMS):
        rng = np.random.default_rng([SEED, 1, number])
        chosen = (table.crystal_systems == system) & table.agreed
        counts = {"structures": 0, "primitive": 0, "conventional": 0}
        for row in rng.permutation(np.flatnonzero(chosen))[:per_system].tolist():
            crystal = table.crystals[row]
            analyzer = SpacegroupAnalyzer(xp.to_pymatgen(crystal), symprec=0.1)
            theirs = {
                "primitive": analyzer.get_primitive_standard_structure(),
                "conventional": analyzer.get_conventional_standard_structure(),
            }
            counts["structures"] += 1
            for cell, structure in theirs.items():
                ours = xp.MomentumCloud(cell=cell).cloud(crystal)  # type: ignore[arg-type] # one of the two
                counts[cell] += _alike(ours, given.cloud(xp.from_pymatgen(structure)))
        found[system] = counts
    return found


def _alike(one: Cloud, other: Cloud) -> bool:
    """Whether sorted lengths, and sorted intensities, are the same within 1 %."""
    lengths = [np.sort(np.linalg.norm(cloud.positions, axis=1)) for cloud in (one, other)]
    strengths = [np.sort(cloud.intensities) for cloud in (one, other)]
    return all(bool(np.abs(a - b).max() <= 0.01 * b.max()) for a, b in (lengths, strengths))


def _same_points(one: Cloud, other: Cloud) -> bool:
    """Whether the lengths are the same, and the intensities of each length within 0.1 % of the strongest."""
    if len(one.hkl) != len(other.hkl):
        return False
    (lengths, strengths), (others, theirs) = _by_length(one), _by_length(other)
    same = np.abs(lengths - others).max() <= 1e-6 * lengths.max()
    return bool(same and np.abs(strengths - theirs).max() <= 1e-3 * strengths.max())


def _by_length(cloud: Cloud) -> tuple[Floats, Floats]:
    """Lengths in ascending order, and the intensities, those of one length in ascending order."""
    lengths = np.linalg.norm(cloud.positions, axis=1)
    order = np.argsort(lengths, kind="stable")
    shell = np.cumsum(np.diff(lengths[order], prepend=0.0) > 1e-6 * lengths.max())
    strengths = cloud.intensities[order]
    return lengths[order], strengths[np.lexsort((strengths, shell))]


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("xtalprint", "numpy", "numba", "moyopy", "gemmi", "pymatgen"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer structures, nothing written")
    quick = parser.parse_args().quick
    if os.environ.get(ONE_BLAS_THREAD) != "1":
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {ONE_BLAS_THREAD: "1"})  # noqa: S606 - ours
    solids = crystals(200 if quick else 2000)
    for solid in solids:
        _ = solid.site_of_row
    result = {
        "command": "python benchmarks/momentum_cloud.py",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "machine": {"processor": platform.processor() or platform.machine(), "cores": available_cores()},
        "load before": os.getloadavg()[0],
        "versions": versions(),
        "crystals": {
            "structures": len(solids),
            "most atoms": MOST_ATOMS,
            "mean atoms": float(np.mean([len(c) for c in solids])),
            "points": 343,
        },
        "direct sums": direct_sums(solids),
        "stages": stages(solids),
        "structures per second": rates(solids),
        "same cloud in another setting": settings(10 if quick else 200),
        "same cloud as of pymatgen's standard cell": against_published_cells(5 if quick else 100),
        "gemmi": against_gemmi(solids[: 20 if quick else 200]),
        "pymatgen": against_pymatgen(solids[: 20 if quick else 100]),
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if not quick:
        target = ROOT / "results" / "momentum-cloud-speed.json"
        target.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
