"""One small sound file of each format, which the corpus spoils: rock salt, a = 5.64 Å, or two atoms of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.db import connect
from ase.io.trajectory import TrajectoryWriter

from xtalprint.crystal import Crystal
from xtalprint.io import write_table

CIF = """\
data_NaCl
_chemical_formula_sum 'Cl1 Na1'
_cell_formula_units_Z 4
_cell_length_a 5.64
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na1 Na 0.0 0.0 0.0 1.0
Cl1 Cl 0.5 0.5 0.5 1.0
"""

POSCAR = """\
rock salt
1.0
0.00 2.82 2.82
2.82 0.00 2.82
2.82 2.82 0.00
Na Cl
1 1
Direct
0.0 0.0 0.0
0.5 0.5 0.5
"""

EXTXYZ_FRAME = """\
2
Lattice="0 2.82 2.82 2.82 0 2.82 2.82 2.82 0" Properties=species:S:1:pos:R:3 pbc="T T T"
Na 0.00 0.00 0.00
Cl 2.82 2.82 2.82
"""

DUMP_FRAME = """\
ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
0.0 5.64
0.0 5.64
0.0 5.64
ITEM: ATOMS id type element x y z
1 1 Na 0.00 0.00 0.00
2 2 Cl 2.82 2.82 2.82
"""

DATA = """\
rock salt, two atoms of it

2 atoms
2 atom types
0.0 5.64 xlo xhi
0.0 5.64 ylo yhi
0.0 5.64 zlo zhi

Masses

1 22.98977
2 35.453

Atoms # atomic

1 1 0.00 0.00 0.00
2 2 2.82 2.82 2.82
"""

XDATCAR = """\
rock salt
1.0
0.00 2.82 2.82
2.82 0.00 2.82
2.82 2.82 0.00
Na Cl
1 1
Direct configuration=     1
0.0 0.0 0.0
0.5 0.5 0.5
Direct configuration=     2
0.0 0.0 0.01
0.5 0.5 0.5
"""


def structure_dict(**changes):
    """A pymatgen structure as its ``as_dict`` writes it."""
    sites = [
        {"species": [{"element": "Na", "occu": 1}], "abc": [0.0, 0.0, 0.0], "xyz": [0.0, 0.0, 0.0], "label": "Na"},
        {"species": [{"element": "Cl", "occu": 1}], "abc": [0.5, 0.5, 0.5], "xyz": [2.82, 2.82, 2.82], "label": "Cl"},
    ]
    matrix = [[0.0, 2.82, 2.82], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]]
    lattice = {"matrix": matrix, "pbc": [True, True, True], "a": 3.99, "b": 3.99, "c": 3.99}
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "charge": 0,
        "lattice": lattice,
        "sites": sites,
    } | changes


JSON = json.dumps(structure_dict())


def atom_probe(n=3, columns=4):
    values = np.arange(n * columns, dtype=">f4").reshape(n, columns)
    return values.tobytes()


def atoms():
    return Atoms("NaCl", positions=[[0, 0, 0], [2.82, 2.82, 2.82]], cell=2.82 * (1 - np.eye(3)), pbc=True)


def trajectory():
    """Two frames of an ASE trajectory."""

    class Kept(io.BytesIO):
        def close(self):
            """Keep the bytes; ASE closes what it was given."""

    stream = Kept()
    writer = TrajectoryWriter(stream, mode="w")
    writer.write(atoms())
    writer.write(atoms())
    writer.close()
    return stream.getvalue()


def database(folder, kind="db"):
    """Two rows of an ASE database."""
    path = Path(folder) / f"sound.{kind}"
    with connect(path, type=kind) as rows:
        rows.write(atoms())
        rows.write(atoms())
    return path.read_bytes()


def table(folder):
    """A crystal table of two rows."""
    crystal = Crystal([[0, 0, 0], [2.82, 2.82, 2.82]], ["Na", "Cl"], cell=2.82 * (1 - np.eye(3)), source="NaCl")
    path = Path(folder) / "sound.parquet"
    write_table([crystal, crystal], path)
    return path.read_bytes()
