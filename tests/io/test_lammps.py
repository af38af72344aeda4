"""LAMMPS dumps and data files: boxes, columns, elements given, named, told by masses, or refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io.lammpsdata import write_lammps_data
from ase.io.lammpsrun import read_lammps_dump_text

from xtalprint.errors import XtalprintError
from xtalprint.io import iter_read, read
from xtalprint.io.lammps_types import element_of_mass

HINT = "give the elements of types 1, 2, … in order, as in --elements Cu,Zr (elements=('Cu', 'Zr') in Python)"


def dump(rows, columns="id type x y z", bounds="pp pp pp\n0 10\n0 10\n0 10", n=None, step=0):
    n = len(rows) if n is None else n
    return (
        f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{n}\nITEM: BOX BOUNDS {bounds}\nITEM: ATOMS {columns}\n"
        + "".join(row + "\n" for row in rows)
    )


ROWS = ["1 1 1 2 3", "2 2 4 5 6"]


def test_types_with_given_elements(write):
    [crystal] = read(write("a.dump", dump(ROWS)), elements=("Cu", "Zr"))
    assert crystal.symbols == ["Cu", "Zr"]
    assert crystal.positions.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert crystal.pbc == (True, True, True)
    assert crystal.cell.tolist() == (10 * np.eye(3)).tolist()


@pytest.mark.parametrize("name", ["a.dump", "dump.cu", "a.lammpstrj", "dump.1000.gz_not", "nameless"])
def test_names(write, name):
    assert len(read(write(name, dump(ROWS)), elements=("Cu", "Zr"))) == 1


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("id type xs ys zs", ["1 1 .1 .2 .3", "2 2 .4 .5 .6"]),
        ("id type xu yu zu", ["1 1 1 2 3", "2 2 4 5 6"]),
        ("id type xsu ysu zsu", ["1 1 .1 .2 .3", "2 2 .4 .5 .6"]),
        ("z y x c_pe type id", ["3 2 1 0 1 1", "6 5 4 0 2 2"]),
        ("id type ix iy x y z element", ["1 1 0 0 1 2 3 Cu", "2 2 0 0 4 5 6 Zr"]),
    ],
)
def test_columns_are_found_by_name(write, columns, rows):
    [crystal] = read(write("a.dump", dump(rows, columns)), elements=("Cu", "Zr"))
    assert crystal.symbols == ["Cu", "Zr"]
    assert crystal.positions == pytest.approx(np.array([[1, 2, 3], [4, 5, 6]]))


def test_the_column_element_needs_no_hint(write):
    text = dump(["1 1 2 3 Cu", "2 4 5 6 Zr"], "id x y z element")
    assert read(write("a.dump", text))[0].symbols == ["Cu", "Zr"]


def test_given_elements_count_more_than_the_column(write):
    text = dump(["1 1 1 2 3 C", "2 2 4 5 6 C"], "id type x y z element")
    assert read(write("a.dump", text), elements=("Cu", "Zr"))[0].symbols == ["Cu", "Zr"]


def test_masses_may_tell_the_elements(write):
    text = dump(["1 1 1 2 3 63.546", "2 2 4 5 6 91.224"], "id type x y z mass")
    assert read(write("a.dump", text))[0].symbols == ["Cu", "Zr"]


TOLD = {1.008: 1, 12.011: 6, 15.9994: 8, 55.845: 26, 95.94: 42, 207.2: 82}
DOUBTFUL = [1.0, 4.0, 58.8, 0.0, -1.0, float("nan"), 500.0]


@pytest.mark.parametrize(("mass", "number"), [*TOLD.items(), *((mass, None) for mass in DOUBTFUL)])
def test_only_a_mass_beyond_doubt_tells_its_element(mass, number):
    assert element_of_mass(mass) == number


def test_the_origin_of_the_box_is_taken_off(write):
    text = dump(["1 1 -4 -3 -2"], bounds="pp pp ff\n-5 5\n-5 5\n-5 5")
    [crystal] = read(write("a.dump", text), elements=("Cu",))
    assert crystal.positions.tolist() == [[1, 2, 3]]
    assert crystal.pbc == (True, True, False)


@pytest.mark.parametrize("tilts", [(2.0, -1.0, 0.5), (-2.0, 1.0, -0.5), (2.0, 1.0, 0.5), (-2.0, -1.0, -0.5)])
def test_a_tilted_box_as_ase_reads_it(write, tilts):
    xy, xz, yz = tilts
    low = [1 + min(0, xy, xz, xy + xz), 2 + min(0, yz), 3]
    high = [11 + max(0, xy, xz, xy + xz), 12 + max(0, yz), 13]
    bounds = "xy xz yz pp pp pp\n" + "\n".join(f"{a} {b} {t}" for a, b, t in zip(low, high, tilts, strict=True))
    for columns, rows in (("id type x y z", ["1 1 4 5 6"]), ("id type xs ys zs", ["1 1 .3 .4 .5"])):
        text = dump(rows, columns, bounds)
        [crystal] = read(write("a.dump", text), elements=("Cu",))
        assert crystal.cell == pytest.approx(np.array([[10, 0, 0], [xy, 10, 0], [xz, yz, 10]]))
        [theirs] = read_lammps_dump_text(io.StringIO(text), index=slice(None), specorder=["Cu"])
        assert theirs.cell.array == pytest.approx(crystal.cell)
        if "xs" in columns:
            assert crystal.frac == pytest.approx(np.array([[0.3, 0.4, 0.5]]))
            assert theirs.get_scaled_positions() == pytest.approx(np.array([[0.3, 0.4, 0.5]]))
        else:
            assert crystal.positions == pytest.approx(np.array([[3, 3, 3]]))


def test_a_general_box(write):
    bounds = "abc origin pp pp pp\n10 0 0 1\n2 9 1 2\n0 3 8 3"
    [crystal] = read(write("a.dump", dump(["1 1 4 5 6"], bounds=bounds)), elements=("Cu",))
    assert crystal.cell.tolist() == [[10, 0, 0], [2, 9, 1], [0, 3, 8]]
    assert crystal.positions.tolist() == [[3, 3, 3]]


def test_units_and_time_before_the_frame(write):
    text = "ITEM: UNITS\nmetal\nITEM: TIME\n0.1\n" + dump(ROWS)
    assert len(read(write("a.dump", text), elements=("Cu", "Zr"))) == 1


def test_a_bad_frame_does_not_stop_the_next(write):
    bad = {
        "the frame ends after 1 of 3 atoms": dump(ROWS[:1], n=3),
        "type 3 has no element": dump(["1 3 1 2 3"]),
        "not a number: 'x'": dump(["1 1 1 2 x"]),
        "too few columns": dump(["1 1 1 2"]),
        "coordinate along axis 2 is not finite": dump(["1 1 1 2 nan"]),
        "no atoms": dump([]),
        "the number of atoms is not a whole number": dump([], n="many"),
        "no columns of positions": dump(["1 1"], "id type"),
        "the frame ends before its atoms": "ITEM: TIMESTEP\n7\n",
    }
    for message, text in bad.items():
        tail = dump(ROWS, step=2) + dump(ROWS, step=3)
        first, error, *rest = iter_read(write("a.dump", dump(ROWS) + text + tail), elements=("Cu", "Zr"))
        assert isinstance(error, XtalprintError)
        assert message in str(error)
        assert (first.frame, error.frame) == (0, 1)
        assert [c.frame for c in rest] == [2, 3]


def test_a_cut_dump_keeps_its_whole_frames(write):
    items = list(iter_read(write("a.dump", dump(ROWS) + dump(ROWS)[:-10]), elements=("Cu", "Zr")))
    assert len(items) == 2
    assert "the file ends after 1 of 2 atoms" in str(items[1])


def test_no_elements_no_guess(only_error):
    assert only_error("a.dump", dump(ROWS)) == (
        f"frame 0: the dump names types, not elements; {HINT}, or dump the column element."
    )


def test_too_few_elements(only_error):
    assert only_error("a.dump", dump(ROWS), elements=("Cu",)) == (
        "frame 0, atom 1: type 2 has no element: 1 given (Cu); "
        "give one element for each type, as in --elements Cu,Zr."
    )


def test_a_placeholder_element_is_refused(only_error):
    assert only_error("a.dump", dump(["1 1 2 3 X"], "id x y z element")) == (
        "frame 0, atom 0: unknown element (value: X); give the elements of the types, as in --elements Cu,Zr."
    )


@pytest.mark.parametrize("elements", [("Cu", "Qq"), "Cu,Qq", [], 7])
def test_wrong_elements(only_error, elements):
    assert "as in --elements Cu,Zr" in only_error("a.dump", dump(ROWS), elements=elements)


# --- data files ---------------------------------------------------------------------------------------------------

BOX = "0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n"


def data(atoms, *, masses="1 63.546\n2 91.224\n", style="", n=2, types=2, box=BOX, title="LAMMPS data"):
    text = f"{title}\n\n{n} atoms\n{types} atom types\n\n{box}\n"
    if masses:
        text += f"Masses\n\n{masses}\n"
    return text + f"Atoms{style}\n\n" + atoms + "\n"


@pytest.mark.parametrize(
    ("style", "atoms"),
    [
        ("", "1 1 1 2 3\n2 2 4 5 6"),
        ("", "1 1 1 2 3 0 0 -1\n2 2 4 5 6 0 0 1"),
        (" # atomic", "1 1 1 2 3\n2 2 4 5 6"),
        ("  # charge", "1 1 0.5 1 2 3\n2 2 -0.5 4 5 6"),
        ("", "1 1 0.5 1 2 3\n2 2 -0.5 4 5 6"),
        (" # full", "1 7 1 0.5 1 2 3\n2 7 2 -0.5 4 5 6"),
        ("", "1 7 1 0.5 1 2 3\n2 7 2 -0.5 4 5 6"),
        (" # molecular", "1 7 1 1 2 3\n2 7 2 4 5 6"),
        ("", "1 7 1 1 2 3\n2 7 2 4 5 6"),
        (" # sphere", "1 1 1.0 2.5 1 2 3\n2 2 1.0 2.5 4 5 6"),
    ],
)
def test_atom_styles(write, style, atoms):
    [crystal] = read(write("a.data", data(atoms, style=style)))
    assert crystal.symbols == ["Cu", "Zr"]
    assert crystal.positions.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_sections_around_the_atoms(write):
    text = data("1 1 1 2 3 # first\n2 2 4 5 6").replace("Atoms", "Pair Coeffs # lj/cut\n\n1 1 1\n2 1 1\n\nAtoms")
    text += "\nVelocities\n\n1 0 0 0\n2 0 0 0\n\nBonds\n\n1 1 1 2\n"
    assert len(read(write("a.data", text))[0]) == 2


def test_labels_of_types(write):
    text = data("1 Zr 1 2 3\n2 Cu 4 5 6", masses="").replace("Atoms", "Atom Type Labels\n\n1 Cu\n2 Zr\n\nAtoms")
    assert read(write("a.data", text))[0].symbols == ["Zr", "Cu"]


def test_comments_on_masses(write):
    assert read(write("a.data", data("1 1 1 2 3\n2 2 4 5 6", masses="1 1.0 # Cu\n2 1.0 # Zr\n")))[0].formula == "CuZr"


def test_given_elements_come_first(write):
    path = write("a.data", data("1 1 1 2 3\n2 2 4 5 6"))
    assert read(path, elements=("Ni", "Al"))[0].symbols == ["Ni", "Al"]


@pytest.mark.parametrize("seed", range(5))
def test_what_ase_writes(tmp_path, seed):
    rng = np.random.default_rng(seed)
    atoms = bulk("NaCl", "rocksalt", a=5.6) * (2, 2, 1)
    atoms.set_cell(atoms.cell.array + rng.normal(0, 0.2, (3, 3)), scale_atoms=True)
    path = tmp_path / "a.data"
    write_lammps_data(path, atoms, masses=True, specorder=["Na", "Cl"])
    [crystal] = read(path)
    assert crystal.volume == pytest.approx(atoms.get_volume(), rel=1e-6)
    assert sorted(crystal.symbols) == sorted(atoms.get_chemical_symbols())
    there = Atoms(numbers=crystal.numbers, positions=crystal.positions, cell=crystal.cell, pbc=True)
    assert np.sort(there.get_all_distances(mic=True), axis=None) == pytest.approx(
        np.sort(atoms.get_all_distances(mic=True), axis=None), abs=1e-4
    )


DATA_MESSAGES = {
    "no masses": (
        data("1 1 1 2 3\n2 2 4 5 6", masses=""),
        f"frame 0: the file names types, not elements; {HINT}.",
    ),
    "reduced masses": (
        data("1 1 1 2 3\n2 2 4 5 6", masses="1 1.0\n2 4.0\n"),
        f"frame 0: no element is named, and the mass does not tell it beyond doubt (value: 1.0); {HINT}.",
    ),
    "reduced units": (
        data("1 1 1 2 3\n2 2 4 5 6", title="via write_data, units = lj"),
        f"frame 0: the file is in reduced (lj) units; {HINT}.",
    ),
    "wrong count": (
        data("1 1 1 2 3\n2 2 4 5 6", n=3),
        "frame 0: 2 rows of atoms, 3 in the header; copy or write the file again.",
    ),
    "no box": (
        data("1 1 1 2 3\n2 2 4 5 6", box="0 10 xlo xhi\n"),
        "frame 0: the box is not complete (value: ['xlo xhi']); give xlo xhi, ylo yhi and zlo zhi.",
    ),
    "unknown style": (
        data("1 1 1 2 3\n2 2 4 5 6", style=" # mystery"),
        None,
    ),
    "ambiguous style": (
        data("1 1 2 1 2 3\n2 2 1 4 5 6"),
        None,
    ),
}


@pytest.mark.parametrize("case", DATA_MESSAGES)
def test_data_messages(only_error, case):
    text, message = DATA_MESSAGES[case]
    found = only_error("a.data", text)
    if message is None:
        assert found.startswith("frame 0: the atom style is not known (value: ")
        assert 'name it after the section, as in "Atoms # atomic"' in found
    else:
        assert found == message
