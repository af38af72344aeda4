"""Classify every structure file of a folder and count the classes.

Bad files do not stop the work: they come as errors in the place of the crystal and leave as records.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import xtalprint as xp

HERE = Path(__file__).resolve().parent
ENDINGS = {".cif", ".poscar", ".vasp", ".xyz", ".extxyz", ".gz"}


def main(folder: Path) -> None:
    files = [path for path in sorted(folder.iterdir()) if path.suffix in ENDINGS]
    model = xp.load_model("crystal-class")
    frames = (item for path in files for item in xp.iter_read(path))
    counts: Counter[str] = Counter()
    for prediction in model.predict_iter(frames):
        name = f"{Path(prediction.source or '?').name} ({prediction.frame})"
        if prediction.status == "error":
            print(f"{name:35} {prediction.error}")
            counts["error"] += 1
            continue
        print(f"{name:35} {prediction.crystal_class:8} {prediction.probability:.4f}  known: {prediction.known}")
        counts[prediction.crystal_class or "?"] += 1
    print(dict(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "data")
