"""Write the small table of the elements that `xtalprint.descriptors.element_properties` reads.

Run ``python scripts/make_element_properties.py``; it needs pymatgen-core and ASE and writes
``src/xtalprint/descriptors/element_properties.csv``. A value that is not known is left empty.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ase.data import covalent_radii

from xtalprint.elements import SYMBOLS

TARGET = Path(__file__).parents[1] / "src" / "xtalprint" / "descriptors" / "element_properties.csv"
#: The last element with a covalent radius.
LAST = 96
#: Our name, and that in the table of pymatgen.
NUMBERS = {
    "mass": "Atomic mass",
    "mendeleev_number": "Mendeleev no",
    "electronegativity": "X",
    "molar_volume": "Molar volume",
    "melting_point": "Melting point",
    "boiling_point": "Boiling point",
    "electron_affinity": "Electron affinity",
}
ORBITALS = "spdf"


def main() -> None:
    """Read, check, write."""
    found = find_spec("pymatgen.core.periodic_table")
    if found is None or found.origin is None:
        raise SystemExit("install pymatgen-core")
    path = Path(found.origin).with_name("periodic_table.json.gz")
    table = json.loads(gzip.decompress(path.read_bytes()))
    rows = [row_of(SYMBOLS[z], z, table[SYMBOLS[z]]) for z in range(1, LAST + 1)]
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} elements, {len(rows[0]) - 2} properties")


def row_of(symbol: str, z: int, entry: dict[str, Any]) -> dict[str, Any]:
    """All properties of an element."""
    row: dict[str, Any] = {"symbol": symbol, "number": z, "covalent_radius": round(float(covalent_radii[z]), 2)}
    row |= {ours: number(entry.get(theirs)) for ours, theirs in NUMBERS.items()}
    row["ionization_energy"] = number((entry.get("Ionization energies") or [None])[0])
    row |= electrons(entry["Electronic structure"]["0"])
    return row


def number(value: object) -> float | str:
    """Round to what matters; empty if there is none."""
    return float(f"{value:.5g}") if isinstance(value, (int, float)) else ""


def electrons(structure: str) -> dict[str, int]:
    """Electrons outside the noble gas, by orbital; those of full d and f shells below a p shell are left out."""
    counts = dict.fromkeys(ORBITALS, 0)
    for orbital, count in re.findall(r"\d([spdf])(\d+)", structure.rsplit("]", maxsplit=1)[-1]):
        counts[orbital] += int(count)
    if counts["p"] and counts["d"] == 10:
        counts["d"] = 0
    if counts["f"] == 14:
        counts["f"] = 0
    return {f"{orbital}_electrons": counts[orbital] for orbital in ORBITALS}


if __name__ == "__main__":
    main()
