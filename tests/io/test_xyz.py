"""xyz and extended xyz, beside ASE's reader."""

from __future__ import annotations

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule, nanotube
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.errors import XtalprintError
from xtalprint.io import from_ase, iter_read, read
from xtalprint.io.columns import MAX_LINE
from xtalprint.io.frames import MAX_ATOMS

PLAIN = "3\nwater\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n"


def test_a_plain_file_is_a_cluster(write):
    [crystal] = read(write("w.xyz", PLAIN))
    assert crystal.is_cluster
    assert crystal.cell is None
    assert crystal.formula == "H2O"
    assert crystal.positions[1] == pytest.approx([0.76, 0.59, 0])


@pytest.mark.parametrize("species", ["Cu", "CU", "cu", "29", "Cu2", "Cu2+", "Cu_pv"])
def test_species_as_programs_write_them(write, species):
    assert read(write("c.xyz", f"1\n\n{species} 0 0 0\n"))[0].symbols == ["Cu"]


def test_frames_are_counted_and_blank_lines_between_them_pass(write):
    crystals = read(write("w.xyz", PLAIN + "\n" + PLAIN.replace("3\nwater", " 3 \n") + "\n\n"))
    assert [c.frame for c in crystals] == [0, 1]


@pytest.mark.parametrize(
    ("comment", "pbc"),
    [
        ('Lattice="4 0 0 0 5 0 0 0 6" Properties=species:S:1:pos:R:3', (True, True, True)),
        ('Lattice="4 0 0 0 5 0 0 0 6" Properties=species:S:1:pos:R:3 pbc="T T F"', (True, True, False)),
        ("lattice='4 0 0 0 5 0 0 0 6' pbc=\"1 1 0\"", (True, True, False)),
        (
            'energy=-1.5 name="a b" Lattice = "4.0 0.0 0.0 0.0 5.0 0.0 0.0 0.0 6.0" pbc = "true true true"',
            (True,) * 3,
        ),
        ('Lattice="4 0 0 0 5 0 0 0 6" pbc="F F F"', (False, False, False)),
        ('Lattice="4 5 6"', (True, True, True)),
    ],
)
def test_cells_and_directions_in_any_spelling(write, comment, pbc):
    [crystal] = read(write("c.extxyz", f"1\n{comment}\nCu 1 2 3\n"))
    assert crystal.cell.tolist() == np.diag([4.0, 5, 6]).tolist()
    assert crystal.pbc == pbc


def test_columns_are_found_by_name(write):
    text = (
        '2\nProperties=id:I:1:forces:R:3:Z:I:1:pos:R:3:tag:S:1 Lattice="4 0 0 0 4 0 0 0 4"\n'
        "1 9 9 9 29 0 0 0 a\n2 8 8 8 30 2 2 2 b\n"
    )
    [crystal] = read(write("c.extxyz", text))
    assert crystal.symbols == ["Cu", "Zn"]
    assert crystal.positions[1].tolist() == [2, 2, 2]


def test_no_lattice_and_pbc_false_is_a_cluster(write):
    [crystal] = read(write("c.extxyz", '1\nProperties=species:S:1:pos:R:3 pbc="F F F"\nCu 1 2 3\n'))
    assert crystal.cell is None


def test_numbers_of_fortran(write):
    assert read(write("c.xyz", "1\n\nCu 1.5D+00 -2.D0 3d-1\n"))[0].positions.tolist() == [[1.5, -2, 0.3]]


def test_the_occupancies_that_ase_writes_are_kept(tmp_path):
    atoms = Atoms("CuO", positions=[[0, 0, 0], [2, 2, 2]], cell=[4, 4, 4], pbc=True)
    atoms.info["occupancy"] = {"0": {"Cu": 0.6, "Zn": 0.4}, "1": {"O": 1.0}}
    atoms.set_array("spacegroup_kinds", np.array([0, 1]))
    path = tmp_path / "d.extxyz"
    ase.io.write(path, atoms)
    [crystal] = read(path)
    assert crystal.formula == "Cu0.6OZn0.4"
    assert crystal == from_ase(atoms)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), periodic=st.booleans())
def test_what_ase_writes_is_read_as_ase_reads_it(seed, n, periodic, tmp_path_factory):
    rng = np.random.default_rng(seed)
    atoms = Atoms(
        numbers=rng.integers(1, 90, n),
        positions=np.arange(n)[:, None] * 1.1 + rng.normal(0, 0.1, (n, 3)),
        cell=np.diag([80, 81, 82]) + rng.normal(0, 2, (3, 3)) if periodic else None,
        pbc=periodic,
    )
    atoms.set_array("forces_there", rng.normal(size=(n, 3)))
    path = tmp_path_factory.mktemp("xyz") / "a.extxyz"
    ase.io.write(path, [atoms, atoms])
    ours, theirs = read(path), ase.io.read(path, ":")
    assert [c == from_ase(a) for c, a in zip(ours, theirs, strict=True)] == [True, True]


MESSAGES = {
    "3\n\nCu 0 0 0\nCu 1 1\nCu 2 2 2\n": (
        "frame 0, atom 1: the row has too few columns (value: Cu 1 1); "
        "correct this row, and check that the number of atoms in the header is right."
    ),
    "2\n\nCu 0 0 0\nCu 1 1 x\n": (
        "frame 0, atom 1: not a number: 'x' (value: Cu 1 1 x); "
        "correct this row, and check that the number of atoms in the header is right."
    ),
    "2\n\nCu 0 0 0\nCu 1 1 nan\n": (
        "frame 0, atom 1: coordinate along axis 2 is not finite (value: nan); repair or remove this atom."
    ),
    "2\n\nCu 0 0 0\nXq 1 1 1\n": ("frame 0, atom 1: unknown element (value: Xq); use chemical symbols H to Og."),
    "2\n\nCu 0 0 0\n": (
        "the file ends after 1 of 2 atoms; copy or write the file again, or correct the number in its header."
    ),
    "0\n\n": "frame 0: no atoms; check that the file is complete.",
    "-2\n\n": "a negative number of atoms (value: -2); check that the file is complete.",
    "many\n\n": (
        "frame 0: the number of atoms of the first frame was expected; nothing can be read from here on "
        "(value: many); check that the number above each frame is that of its rows."
    ),
    f"{MAX_ATOMS + 1}\n\n": (
        f"more than {MAX_ATOMS} atoms in one frame (value: {MAX_ATOMS + 1}); cut out a part of the sample."
    ),
    '1\nLattice="1 2"\nCu 0 0 0\n': (
        'frame 0: Lattice is not nine numbers (value: 1 2); as in Lattice="a 0 0 0 b 0 0 0 c".'
    ),
    '1\npbc="T T T"\nCu 0 0 0\n': "frame 0: periodic without a cell (value: (True, True, True)); give the cell.",
    '1\npbc="T x"\nCu 0 0 0\n': 'frame 0: pbc is not three of T and F (value: T x); as in pbc="T T F".',
    "1\nProperties=species:S:1\nCu 0 0 0\n": (
        "frame 0: Properties name no column of species or none of positions (value: species:S:1); "
        "as in species:S:1:pos:R:3."
    ),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_messages(only_error, text):
    assert only_error("c.extxyz", text) == MESSAGES[text]


@pytest.mark.parametrize("n", [30, 31])
def test_a_bad_row_is_named_in_a_long_frame_too(only_error, n):
    """Long frames are parsed by NumPy, short ones in Python: the same words."""
    rows = [f"Cu {i} 0 0" for i in range(n)]
    rows[n - 2] = "Cu 1 2 3,5"
    assert f"frame 0, atom {n - 2}: not a number: '3,5'" in only_error("c.xyz", f"{n}\n\n" + "\n".join(rows))
    rows[n - 2] = ""
    assert f"atom {n - 2}: the row has too few columns (value: (empty row))" in only_error(
        "c.xyz", f"{n}\n\n" + "\n".join(rows)
    )


def test_after_a_bad_frame_the_next_is_read(write):
    path = write("c.xyz", PLAIN + "1\n\nCu nan 0 0\n" + PLAIN)
    first, error, last = iter_read(path)
    assert isinstance(error, XtalprintError)
    assert (first.frame, error.frame, last.frame) == (0, 1, 2)


def test_frames_before_a_cut_are_kept(write):
    items = list(iter_read(write("c.xyz", PLAIN + PLAIN[:20])))
    assert items[0].formula == "H2O"
    assert items[1].frame == 1
    assert "the file ends after" in str(items[1])


LAMMPS_XYZ = "2\nAtoms. Timestep: 0\n1 0 0 0\n2 2 0 0\n"


@pytest.mark.parametrize("name", ["dump.xyz", "run.xyz"])
def test_types_of_lammps_are_no_atomic_numbers(write, name):
    path = write(name, LAMMPS_XYZ)
    with pytest.raises(XtalprintError, match=r"LAMMPS types, no elements \(value: 1\); give the elements of types"):
        read(path)
    [crystal] = read(path, elements=("Cu", "Zr"))
    assert crystal.symbols == ["Cu", "Zr"]


def test_digits_are_atomic_numbers_unless_elements_are_given(write):
    path = write("numbers.xyz", "2\n\n6 0 0 0\n8 1.2 0 0\n")
    assert read(path)[0].symbols == ["C", "O"]
    with pytest.raises(XtalprintError, match="type 6 has no element: 1 given"):
        read(path, elements=("Cu",))


def test_an_endless_line_is_not_read_to_its_end(write):
    with pytest.raises(XtalprintError, match=r"a line of more than .* characters; check that this is the right file"):
        read(write("endless.xyz", "2\n\nCu 0 0 0\nCu 1 1 1" + " " * (MAX_LINE + 1)))


def test_a_quote_that_is_not_closed_does_not_cost_the_cell(write):
    with pytest.raises(XtalprintError, match="a quote in the comment line is not closed"):
        read(write("open.xyz", '1\nLattice="3 0 0 0 3 0 0 0 3 Properties=species:S:1:pos:R:3\nCu 0 0 0\n'))


@pytest.mark.parametrize("make", [graphene, lambda: molecule("H2O"), lambda: nanotube(6, 0), lambda: bulk("Cu")])
@pytest.mark.parametrize("name", ["a.extxyz", "a.traj"])
def test_films_and_wires_of_ase_are_the_same_from_a_file(tmp_path, make, name):
    """ASE leaves the cell's vectors zero along directions that do not repeat."""
    atoms = make()
    atoms.write(tmp_path / name)
    [crystal], expected = read(tmp_path / name), from_ase(atoms)
    assert crystal.pbc == expected.pbc
    np.testing.assert_allclose(crystal.positions, expected.positions, atol=1e-7)
    if expected.cell is None:
        assert crystal.cell is None
    else:
        np.testing.assert_allclose(crystal.cell, expected.cell, atol=1e-7)


@pytest.mark.parametrize("pbc", ["T T T", "T F F", "F F F"])
def test_a_cell_of_zeros_is_no_cell(write, pbc):
    [crystal] = read(write("c.extxyz", f'1\nLattice="0 0 0 0 0 0 0 0 0" pbc="{pbc}"\nCu 1 2 3\n'))
    assert crystal.cell is None
    assert crystal.pbc == (False, False, False)


def test_a_direction_that_repeats_needs_its_vector(write):
    with pytest.raises(XtalprintError, match="cell is flat"):
        read(write("c.extxyz", '1\nLattice="3 0 0 0 3 0 0 0 0" pbc="T T T"\nCu 1 2 3\n'))
