"""Turn the table of element dissimilarities into the file that the package ships.

Run ``python scripts/make_element_dissimilarity.py FOLDER`` with the folder that holds ``similarity_matrix.csv`` and
``LICENSE-gridrdf.txt``; it writes ``src/xtalprint/similarity/element_dissimilarity.npz`` and the licence beside it.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[1] / "src" / "xtalprint" / "similarity"


def main() -> None:
    """Read, check, write."""
    folder = Path(sys.argv[1])
    with (folder / "similarity_matrix.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    symbols = rows[0][1:]
    matrix = np.array([[float(value) for value in row[1:]] for row in rows[1:]])
    if symbols != [row[0] for row in rows[1:]] or not np.array_equal(matrix, matrix.T) or np.diag(matrix).any():
        raise SystemExit("the table is not symmetric with zeros on its diagonal")
    upper = matrix[np.triu_indices(len(matrix), 1)]
    np.savez_compressed(TARGET / "element_dissimilarity.npz", symbols=np.array(symbols), upper=upper)
    (TARGET / "LICENSE-gridrdf.txt").write_bytes((folder / "LICENSE-gridrdf.txt").read_bytes())
    print(f"{len(symbols)} elements, {len(upper)} pairs from {upper.min():.3f} to {upper.max():.3f}")


if __name__ == "__main__":
    main()
