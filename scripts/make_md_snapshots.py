"""Make ``data/md``: snapshots of crystals from 0.4 to 1.0 of their melting temperature, and of liquids, by LAMMPS.

Each crystal is brought to its temperature at zero pressure (10 ps; the box is averaged over the last 5 ps), set to
that box, kept there for 5 ps and then seen every 4 ps. Liquids are molten far above melting first, in the box of the
solid, so that they do not boil. The thermostat is Langevin's. Every file is checked: a crystal must still have its
lattice, a liquid must diffuse and have about the volume of its solid.

    python scripts/make_md_snapshots.py --output data/md
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from md_systems import Crystalline, box_of, crystals, engine, load, positions_of

from xtalprint import Crystal
from xtalprint.studies.baselines import ptm_types

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAMES = 4
#: ps: bringing to pressure, of which the second half gives the box; rest in that box; between frames.
PRESSING, RESTING, APART = 10.0, 5.0, 4.0
#: ps: a liquid above melting, and on its way to its temperature, both in the box of the solid.
MELTING, COOLING = 10.0, 5.0
#: A liquid's volume differs from that of the cold crystal by less than this share; beyond, it is a gas or has holes.
SWELLING = 0.25
#: Of the melting temperature.
HEATS = (0.4, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Of the boxes that lie otherwise in the crystal, and of Ti, whose potential is slow.
HEATS_FEW = (0.6, 0.8, 1.0)
#: Of Li, whose potential is very slow.
HEATS_SLOW = (0.7, 1.0)
HEATS_LIQUID = (1.05, 1.3)
LIQUIDS = ("al", "fe", "mg", "si")


@dataclass(frozen=True)
class Job:
    """One file to make."""

    system: Crystalline
    heat: float
    liquid: bool
    seed: int

    @property
    def temperature(self) -> float:
        """In K."""
        return self.heat * self.system.melting_k

    @property
    def apart(self) -> float:
        """From frame to frame, in ps."""
        return APART / self.system.potential.haste

    @property
    def file(self) -> str:
        """Name of the file."""
        name = f"{self.system.element.lower()}_liquid" if self.liquid else self.system.name
        return f"{name}_{round(100 * self.heat):03d}.extxyz.gz"


@dataclass(frozen=True)
class Frame:
    """A snapshot with what LAMMPS says about it."""

    box: NDArray[np.float64]
    positions: NDArray[np.float64]
    temperature: float
    pressure: float
    time: float


def simulate(job: Job) -> tuple[list[Frame], float, str]:
    """Run one job; return its frames, the mean square displacement in Å² over the sampling, and LAMMPS's version."""
    system, heat = job.system, job.temperature
    seeds = np.random.default_rng([job.seed, 3]).integers(1, 900_000_000, size=5).tolist()
    lmp = engine()
    load(lmp, system.potential, *system.box())
    per_ps = round(1 / system.potential.dt_ps / system.potential.haste)
    couple = "iso 0 0 0.5" if job.liquid or system.structure != "hcp" else "x 0 0 0.5 y 0 0 0.5 z 0 0 0.5 couple xy"
    lmp.command(f"velocity all create {2 * heat} {seeds[0]} loop all")
    if job.liquid:
        _melt(lmp, job, seeds[1])
    lmp.command(f"fix move all nph {couple}")
    lmp.command(f"fix warm all langevin {heat} {heat} 0.2 {seeds[2]} zero yes")
    lmp.command(f"run {round(PRESSING / 2 * per_ps)}")
    boxes = []
    for _ in range(100):
        lmp.command(f"run {round(PRESSING / 200 * per_ps)} post no")
        boxes.append(box_of(lmp))
    lmp.command("unfix move")
    box = np.mean(boxes, axis=0)
    _set_box(lmp, box)
    lmp.commands_list(["unfix warm", "velocity all zero linear", "fix move all nve"])
    lmp.command(f"fix warm all langevin {heat} {heat} 0.5 {seeds[3]} zero yes")
    lmp.command(f"run {round(RESTING * per_ps)}")
    lmp.command("compute moved all msd com yes")
    frames = []
    for i in range(FRAMES):
        lmp.command(f"run {0 if i == 0 else round(APART * per_ps)}")
        frames.append(
            Frame(box_of(lmp), positions_of(lmp), lmp.get_thermo("temp"), lmp.get_thermo("press"), i * job.apart)
        )
    moved = float(lmp.extract_compute("moved", 0, 1)[3])
    version = str(lmp.version())
    lmp.close()
    return frames, moved, version


def _melt(lmp: Any, job: Job, seed: int) -> None:  # noqa: ANN401 - LAMMPS
    """Melt far above melting in the box of the solid, for a melt free to expand would boil; then cool."""
    hot, heat, per_ps = 2.5 * job.system.melting_k, job.temperature, round(1 / job.system.potential.dt_ps)
    lmp.command("fix move all nve")
    for start, stop, time in ((hot, hot, MELTING), (hot, heat, COOLING)):
        lmp.command(f"fix warm all langevin {start} {stop} 0.2 {seed} zero yes")
        lmp.command(f"run {round(time * per_ps)}")
        lmp.command("unfix warm")
    lmp.command("unfix move")


def _set_box(lmp: Any, box: NDArray[np.float64]) -> None:  # noqa: ANN401 - LAMMPS
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = box
    lmp.command(f"change_box all x final 0 {lx} y final 0 {ly} z final 0 {lz} remap units box")
    if np.any(np.tril(box, -1)):
        lmp.command(f"change_box all xy final {xy} xz final {xz} yz final {yz} remap units box")


def write_frames(path: Path, job: Job, frames: list[Frame]) -> None:
    """Write extended XYZ: positions in the box, to 0.001 Å; the same bytes whenever it is written."""
    lines = []
    for frame in frames:
        positions = np.mod(frame.positions @ np.linalg.inv(frame.box), 1.0) @ frame.box
        lattice = " ".join(f"{x:.5f}".rstrip("0").rstrip(".") for x in frame.box.ravel())
        lines.append(str(len(positions)))
        lines.append(
            f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T" temperature_K={frame.temperature:.1f} '
            f"pressure_bar={frame.pressure:.0f} time_ps={frame.time:g}"
        )
        lines += [f"{job.system.element} {x:.3f} {y:.3f} {z:.3f}" for x, y, z in positions]
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as stream:
        stream.write(("\n".join(lines) + "\n").encode())
    path.write_bytes(buffer.getvalue())


def make(job: Job, folder: Path) -> dict[str, Any]:
    """Simulate, check, write; return the row of the index."""
    frames, moved, version = simulate(job)
    system = job.system
    symbols = [system.element] * len(frames[0].positions)
    types = [ptm_types(Crystal(f.positions, symbols, cell=f.box), rmsd_cutoff=0) for f in frames]
    share = float(np.mean([t == system.structure for t in types]))
    # Two independent frames are apart by the vibrations of both, at melting some fifth of the bond length.
    solid = not job.liquid and np.sqrt(moved) < system.bond / 3 and share > 1 / 2
    volume = abs(float(np.linalg.det(frames[0].box))) / len(symbols)
    solid_box, solid_positions = system.box()
    swollen = volume * len(solid_positions) / abs(float(np.linalg.det(solid_box))) - 1
    melted = job.liquid and moved > 4.0 and abs(swollen) < SWELLING  # Å² in the time of sampling
    if not (solid or melted):
        message = f"{job.file}: moved {moved:.2f} Å², {share:.2f} {system.structure}, swollen by {swollen:.2f}"
        print("WARNING", message, flush=True)
    write_frames(folder / job.file, job, frames)
    return {
        "file": job.file,
        "class": "liquid" if job.liquid else system.structure,
        "element": system.element,
        "T": round(job.temperature, 1),
        "T_over_Tm": job.heat,
        "kinetic_temperature_K": " ".join(f"{f.temperature:.1f}" for f in frames),
        "pressure_bar": " ".join(f"{f.pressure:.0f}" for f in frames),
        "n_atoms": len(symbols),
        "n_frames": len(frames),
        "volume_per_atom_A3": round(volume, 4),
        "setting": "" if job.liquid else system.setting,
        "Tm": system.melting_k,
        "Tm_source": system.melting_source,
        "msd_A2": round(moved, 3),
        "msd_ps": job.apart * (FRAMES - 1),
        "ptm_share_of_class": "" if job.liquid else round(share, 4),
        "checked": "solid" if solid else "diffuses" if melted else "FAILED",
        "potential": system.potential.name,
        "citation": system.potential.citation,
        "seed": job.seed,
        "dt_ps": system.potential.dt_ps,
        "lammps": version,
    }


def jobs(seed: int) -> list[Job]:
    """List all files to make."""
    wanted = []
    for system in crystals():
        heats = HEATS_FEW if "turned" in system.name or system.element == "Ti" else HEATS
        heats = HEATS_SLOW if system.element == "Li" else heats
        wanted += [(system, heat, False) for heat in heats]
        if system.name.split("_")[0] in LIQUIDS and "turned" not in system.name:
            wanted += [(system, heat, True) for heat in HEATS_LIQUID]
    return [Job(*what, seed=seed + i) for i, what in enumerate(wanted)]


def _record(index: Path, row: dict[str, Any], order: list[str]) -> None:
    """Put a row into the index, which is read anew because another run may have written to it."""
    rows: dict[str, dict[str, Any]] = {}
    if index.exists():
        with index.open(encoding="utf-8", newline="") as stream:
            rows = {known["file"]: known for known in csv.DictReader(stream)}
    rows[row["file"]] = row
    with index.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in order if name in rows)


def main() -> None:
    """Make all files and the index."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("data/md"))
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--only", help="start of the names of the files to make; the index keeps its other rows")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    index = options.output / "index.csv"
    everything = jobs(options.seed)
    todo = [job for job in everything if job.file.startswith(options.only or "")]
    order = [job.file for job in everything]
    with get_context("spawn").Pool(options.processes) as pool:
        for row in pool.imap(partial(make, folder=options.output), todo):
            print(row["file"], row["checked"], row["ptm_share_of_class"], row["msd_A2"], flush=True)
            _record(index, row, order)


if __name__ == "__main__":
    main()
