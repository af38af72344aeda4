"""Write the package's table of atomic form factors from gemmi's tables.

Run ``python scripts/make_form_factors.py`` after a change of gemmi's tables; the file that it writes is committed.

Every table is brought to one shape, f(s) = sum over g of a[Z, g] exp(-b[Z, g] (s/2)²): the constant term of Cromer
and Mann is a Gaussian with b = 0, and so is a neutron scattering length. Elements without an entry have a = 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gemmi
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET = Path(__file__).parents[1] / "src" / "xtalprint" / "scattering" / "form_factors.npz"
LAST = 118


def gaussians(element: gemmi.Element, table: str) -> tuple[list[float], list[float]]:
    """Amplitudes and exponents (Å²) of one element; empty if the table does not have it."""
    if table == "it92":
        entry = element.it92
        return ([], []) if entry is None else ([*entry.a, entry.c], [*entry.b, 0.0])
    if table == "c4322":
        entry = element.c4322
        return ([], []) if entry is None else (list(entry.a), list(entry.b))
    length = element.neutron92.calculate_sf(0.0)
    return [length], [0.0]


def table_arrays(table: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(Z_max + 1, n) amplitudes and exponents; row 0 is unused."""
    rows = {z: gaussians(gemmi.Element(z), table) for z in range(1, LAST + 1)}
    rows = {z: row for z, row in rows.items() if any(row[0])}
    amplitudes = np.zeros((max(rows) + 1, max(len(a) for a, _ in rows.values())))
    exponents = np.zeros_like(amplitudes)
    for z, (a, b) in rows.items():
        amplitudes[z, : len(a)] = a
        exponents[z, : len(b)] = b
    return amplitudes, exponents


def main() -> None:
    """Write the file."""
    arrays: dict[str, NDArray[np.float64]] = {}
    for table in ("it92", "c4322", "neutron92"):
        arrays[f"{table}_a"], arrays[f"{table}_b"] = table_arrays(table)
    np.savez_compressed(TARGET, **arrays)  # type: ignore[arg-type] # stub takes the arrays for the flag allow_pickle
    present = {name: int((a != 0).any(axis=1).sum()) for name, a in arrays.items() if name.endswith("_a")}
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, gemmi {gemmi.__version__}, elements {present}")


if __name__ == "__main__":
    main()
