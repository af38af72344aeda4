"""Rank the structures of a folder by their predicted bulk modulus, and say what each answer rests on.

What has no modulus, such as a disordered crystal, comes last, with the reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import xtalprint as xp

HERE = Path(__file__).resolve().parent
ENDINGS = {".cif", ".poscar", ".vasp", ".xyz", ".extxyz", ".gz"}


def main(folder: Path) -> None:
    files = [path for path in sorted(folder.iterdir()) if path.suffix in ENDINGS]
    answers = list(xp.load_model("stiffness").predict_iter(item for path in files for item in xp.iter_read(path)))
    for answer in sorted(answers, key=lambda answer: -answer.bulk_modulus.value if answer.bulk_modulus else 0.0):
        name = f"{Path(answer.source or '?').name} ({answer.frame})"
        if answer.bulk_modulus is None:
            print(f"{name:35} {answer.error}")
            continue
        low, high = answer.bulk_modulus.interval
        nearest = answer.neighbours[0]
        print(
            f"{name:35} {answer.bulk_modulus.value:4.0f} GPa ({low:.0f} to {high:.0f}), like {nearest.formula} "
            f"({nearest.id}) with {nearest.values['bulk-modulus']:g} GPa at distance {nearest.distance:.2f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "data")
