"""Do our reader, pymatgen and ASE find the same crystal in real files? Formula, volume and number of sites of each.

Run ``python benchmarks/readers.py --output results/readers.json``, with XTALPRINT_DATA set to the data sets; further
files or folders may be named: those of the shipped result are the unpacked wheels pyxtal 1.1.5 and crystals 1.7.0
from PyPI, which hold CIFs of COD, CSD and many programs. CIFs that ASE ships are compared too. Differences are listed
with their cause. Times are processor time, after one file to warm up.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import ase
import numpy as np
from ase.io import read, write
from pymatgen.core import Structure
from pymatgen.io.cif import CifParser

import xtalprint.io as xio
from xtalprint.crystal import Crystal
from xtalprint.elements import SYMBOLS

#: Relative difference of volumes, and absolute one of the amount of an element, that still count as the same.
SAME_VOLUME, SAME_AMOUNT = 1e-4, 0.02
#: Rows of each table that are exported as CIF and POSCAR.
EXPORTED_ROWS = 60
TABLES = ("elements/elemental_mp.parquet", "prototypes/aflow_prototypes.parquet", "elasticity/elasticity.parquet")


#: Causes that were looked up in the file.
CAUSES = {
    ("In.cif", "ASE"): "the type symbol is IN in capitals, which ASE takes for iodine",
    ("PAHYON01.cif", "ASE"): "ASE stops at the name of the block, data_VIII",
}


class Content(NamedTuple):
    """What a reader found."""

    amounts: dict[str, float]
    volume: float | None
    n_sites: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders with CIFs")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    groups: dict[str, list[Path]] = {}
    for path in arguments.paths:
        files = sorted(p for p in path.rglob("*") if p.suffix == ".cif") if path.is_dir() else [path]
        groups[path.name] = files
    groups["ASE test data, COD"] = ase_cifs()
    with tempfile.TemporaryDirectory() as folder:
        if "XTALPRINT_DATA" in os.environ:
            data = Path(os.environ["XTALPRINT_DATA"])
            groups["similarity"] = sorted((data / "similarity").glob("*.cif"))
            groups["md"] = sorted((data / "md").glob("*.extxyz.gz"))
            groups["experiment"] = sorted((data / "experiment").glob("*.extxyz.gz"))
            groups |= exported(data, Path(folder))
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "command": "python " + " ".join(["benchmarks/readers.py", *(p.name for p in arguments.paths)]),
            "versions": {name: version(name) for name in ("xtalprint", "gemmi", "pymatgen-core", "ase", "numpy")}
            | {"python": platform.python_version()},
            "groups": {name: compare(files) for name, files in groups.items() if files},
        }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text + "\n", encoding="utf-8")
    for name, group in result["groups"].items():
        print(f"{name}: {group['files']} files, {group['frames']} frames, {group['failed']} not read; "
              f"{group['cpu_ms_per_frame']}")  # fmt: skip
        for difference in group["differences"]:
            print("  ", difference)
    sys.exit(0)


def ase_cifs() -> list[Path]:
    return sorted((Path(ase.__file__).parent / "test" / "testdata" / "minerals").glob("*.cif"))


def exported(data: Path, folder: Path) -> dict[str, list[Path]]:
    """Rows of the tables written as CIF (with symmetry, by pymatgen) and as POSCAR (by ASE)."""
    groups: dict[str, list[Path]] = {}
    for name in TABLES:
        table = xio.read_table(data / name)
        cifs: list[Path] = []
        poscars: list[Path] = []
        for row in np.linspace(0, len(table) - 1, EXPORTED_ROWS).astype(int).tolist():
            stem = f"{Path(name).stem}-{table.ids[row]}"
            cifs.append(folder / f"{stem}.cif")
            poscars.append(folder / f"{stem}.vasp")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                xio.to_pymatgen(table.crystals[row]).to(filename=str(cifs[-1]), symprec=0.01)
                write(poscars[-1], xio.to_ase(table.crystals[row]), format="vasp")
        groups |= {f"{Path(name).stem} as CIF": cifs, f"{Path(name).stem} as POSCAR": poscars}
    return groups


def compare(files: list[Path]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    differences: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    readers = {"xtalprint": ours, "pymatgen": by_pymatgen, "ASE": by_ase}
    # Imports are not what is measured.
    unread = {name for name, reader in readers.items() if reader(files[0])[0] is None}
    for file in files:
        found: dict[str, list[Content | str]] = {}
        for name, reader in readers.items():
            start = time.process_time()
            found[name] = reader(file)
            seconds[name] += time.process_time() - start
        counts["frames"] += len(found["xtalprint"])
        for frame, here in enumerate(found["xtalprint"]):
            if isinstance(here, str):
                failed.append({"file": file.name, "error": here})
            for name in ("pymatgen", "ASE"):
                there = found[name][frame] if frame < len(found[name]) else "no such frame"
                if there is not None and (problem := difference(here, there, name)):
                    cause = CAUSES.get((file.name, name)) or problem.pop("cause")
                    differences.append({"file": file.name, "frame": frame, "reader": name, **problem, "cause": cause})
    frames = counts["frames"]
    return {
        "files": len(files),
        "frames": frames,
        "failed": len(failed),
        "errors": failed,
        "cpu_ms_per_frame": {
            name: round(1e3 * spent / frames, 3) for name, spent in seconds.items() if name not in unread
        },
        "differences": differences,
    }


def ours(file: Path) -> list[Content | str]:
    return [content(item) if isinstance(item, Crystal) else item.problem for item in xio.iter_read(file)]


def by_pymatgen(file: Path) -> list[Any]:
    """Frames as pymatgen reads them; None where it has no reader."""
    if "xyz" in file.name:
        return [None] * 1000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if file.suffix != ".cif":
                return [content(xio.from_pymatgen(Structure.from_file(file)))]
            return [
                content(xio.from_pymatgen(s))
                for s in CifParser(file).parse_structures(primitive=False, on_error="raise")
            ]
        except Exception as error:  # noqa: BLE001 - whatever the other reader says
            return [f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"]


def by_ase(file: Path) -> list[Content | str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if file.suffix == ".gz":
                with gzip.open(file, "rt") as text:
                    return [plain(atoms) for atoms in read(text, index=":", format="extxyz")]
            return [plain(atoms) for atoms in read(file, index=":")]
        except Exception as error:  # noqa: BLE001 - whatever the other reader says
            return [f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"]


def content(crystal: Crystal) -> Content:
    amounts: Counter[str] = Counter()
    for z, share in zip(crystal.numbers.tolist(), crystal.occupancies.tolist(), strict=True):
        amounts[SYMBOLS[z]] += share
    return Content(dict(amounts), None if crystal.cell is None else crystal.volume, crystal.n_sites)


def plain(atoms: ase.Atoms) -> Content:
    """ASE's atoms as they stand, without the occupancies that it keeps aside."""
    volume = float(atoms.get_volume()) if atoms.cell.rank == 3 else None
    return Content(dict(Counter(atoms.get_chemical_symbols())), volume, len(atoms))


def difference(here: Content | str, there: Content | str, reader: str) -> dict[str, Any] | None:
    if isinstance(here, str) or isinstance(there, str):
        if isinstance(here, str) and isinstance(there, str):
            return None
        which = reader if isinstance(there, str) else "xtalprint"
        return {"ours": described(here), "theirs": described(there), "cause": f"{which} does not read the file"}
    elements = {*here.amounts, *there.amounts}
    formula = all(abs(here.amounts.get(e, 0) - there.amounts.get(e, 0)) <= SAME_AMOUNT for e in elements)
    volume = (here.volume is None) == (there.volume is None) and (
        here.volume is None or there.volume is None or abs(here.volume / there.volume - 1) <= SAME_VOLUME
    )
    if formula and volume and here.n_sites == there.n_sites:
        return None
    ordered = all(abs(amount - round(amount)) < SAME_AMOUNT for amount in here.amounts.values())
    majority = reader == "ASE" and volume and not (formula or ordered)
    return {
        "ours": described(here),
        "theirs": described(there),
        "cause": "disorder: ASE gives each site its majority species" if majority else None,
    }


def described(found: Content | str) -> str:
    if isinstance(found, str):
        return found
    formula = " ".join(f"{e}{n:.4g}" for e, n in sorted(found.amounts.items()))
    volume = "no cell" if found.volume is None else f"{found.volume:.3f} Å³"
    return f"{formula}; {volume}; {found.n_sites} sites"


if __name__ == "__main__":
    main()
