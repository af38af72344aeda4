"""Files and other libraries' objects in, `Crystal` out: the only place that knows formats.

`read` and `iter_read` read a file of any known format, compressed or not; `from_ase`, `from_pymatgen` and their
opposites convert objects; `read_table` and `write_table` handle crystal tables in Parquet. The page on formats lists
what is kept and what is refused.
"""

from __future__ import annotations

from xtalprint.io.ase_objects import from_ase, to_ase
from xtalprint.io.pymatgen_objects import from_pymatgen, to_pymatgen
from xtalprint.io.reading import iter_read, read
from xtalprint.io.record_files import merge_run, read_arrays, read_run
from xtalprint.io.table_writing import TableWriter, write_table
from xtalprint.io.tables import CrystalTable, read_table

__all__ = [
    "CrystalTable",
    "TableWriter",
    "from_ase",
    "from_pymatgen",
    "iter_read",
    "merge_run",
    "read",
    "read_arrays",
    "read_run",
    "read_table",
    "to_ase",
    "to_pymatgen",
    "write_table",
]
