"""Turn the table of AFLOW prototypes into the file that the package ships.

    XTALPRINT_DATA=… python scripts/make_prototypes.py

Needs pyarrow; the result is the same byte for byte.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

TARGET = Path(__file__).resolve().parents[1] / "src" / "xtalprint" / "prototypes" / "aflow.json.gz"


def main() -> None:
    """Read, round to what the source holds (float32 fractions), write."""
    table = pq.read_table(Path(os.environ["XTALPRINT_DATA"], "prototypes", "aflow_prototypes.parquet")).to_pylist()
    entries = [
        {
            "label": row["aflow"],
            "pearson": row["pearson"],
            "mineral": row["mineral"],
            "spacegroup": row["spacegroup_name"],
            "cell": [round(x, 8) for x in row["cell"]],
            "numbers": list(row["numbers"]),
            "frac": [round(float(x), 7) for x in np.asarray(row["frac"], dtype=np.float64)],
        }
        for row in table
    ]
    packed = gzip.compress(json.dumps(entries, separators=(",", ":")).encode(), compresslevel=9, mtime=0)
    TARGET.write_bytes(packed)
    print(f"{len(entries)} prototypes, {len(packed) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
