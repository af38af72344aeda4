"""Write the coefficients of pymatgen's X-ray form factors, which Wang et al. (2022) used, as a small data file.

Run ``python scripts/make_published_form_factors.py`` with pymatgen (the whole, not pymatgen-core alone) installed.
The file that it writes is committed. pymatgen has them from M. De Graef and M. E. McHenry, Structure of Materials:
the electron scattering amplitudes of P. A. Doyle and P. S. Turner, Acta Cryst. A24, 390 (1968), and G. H. Smith and
R. E. Burge, Acta Cryst. 15, 182 (1962), as sums of three or four Gaussians of sin θ/λ. pymatgen: MIT licence.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "xtalprint" / "scattering" / "published_form_factors.json"
SOURCE = "pymatgen {}, pymatgen/analysis/diffraction/atomic_scattering_params.json"
LICENCE = "MIT; Copyright (c) 2011-2012 MIT & The Regents of the University of California, through LBNL"


def main() -> None:
    """Write the file, one element a line in the order of atomic numbers."""
    from xtalprint.elements import SYMBOLS  # noqa: PLC0415 - beside pymatgen's own environment it may be missing

    file = files("pymatgen.analysis.diffraction") / "atomic_scattering_params.json"
    read = json.loads(file.read_text(encoding="utf-8"))
    head = {
        "formula": "f = Z - 41.78214 q sum_i a_i exp(-b_i q), q = (s/2)^2 in 1/A^2",
        "source": SOURCE.format(version("pymatgen")),
        "licence": LICENCE,
    }
    lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
    # Deuterium is hydrogen here.
    rows = [f'"{symbol}": {json.dumps(read[symbol])}' for symbol in SYMBOLS[1:] if symbol in read]
    body = ",\n ".join([*lines, '"gaussians": {\n  ' + ",\n  ".join(rows) + "\n }"])
    TARGET.write_text("{\n " + body + "\n}\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(rows)} elements, missing: {set(read) - set(SYMBOLS)}")


if __name__ == "__main__":
    main()
