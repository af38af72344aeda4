"""POSCAR, CONTCAR and XDATCAR."""

from __future__ import annotations

import numpy as np
import pytest
from ase.io import read as ase_read

from xtalprint.errors import XtalprintError
from xtalprint.io import from_ase, iter_read, read

HEAD = "rock salt\n1.0\n5.6 0 0\n0 5.6 0\n0 0 5.6\n"
CUBE = HEAD + "Na Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"


@pytest.mark.parametrize(
    "text",
    [
        CUBE,
        CUBE.replace("Direct", "Selective dynamics\nDirect").replace("0 0 0\n", "0 0 0 T T F\n"),
        CUBE.replace("Direct\n0 0 0\n0.5 0.5 0.5", "Cartesian\n0 0 0\n2.8 2.8 2.8"),
        CUBE.replace("Direct\n0 0 0\n0.5 0.5 0.5", "kartesisch\n0 0 0\n2.8 2.8 2.8"),
        CUBE.replace("1.0\n", "5.6\n").replace("5.6 0 0\n0 5.6 0\n0 0 5.6", "1 0 0\n0 1 0\n0 0 1"),
        CUBE.replace("1.0\n", f"{-(5.6**3)}\n", 1),
        CUBE.replace("1.0\n5.6 0 0\n0 5.6 0\n0 0 5.6", "5.6 2.8 1.4\n1 0 0\n0 2 0\n0 0 4"),
        CUBE.replace("Na Cl", "Na_pv Cl"),
        CUBE.replace("0.5 0.5 0.5", "0.5 0.5 0.5 Cl") + "\n0 0 0\n0 0 0\n",
        CUBE.replace("\n", "\r\n"),
        CUBE.replace("Na Cl\n", "").replace("rock salt", "Na Cl"),
    ],
    ids=[
        "direct",
        "selective",
        "Cartesian",
        "k",
        "scale",
        "volume",
        "three scales",
        "PAW",
        "velocities",
        "CRLF",
        "VASP4",
    ],
)
def test_one_crystal_written_in_many_ways(write, text):
    [crystal] = read(write("POSCAR", text))
    assert crystal.symbols == ["Na", "Cl"]
    assert crystal.cell == pytest.approx(5.6 * np.eye(3))
    assert crystal.positions == pytest.approx(np.array([[0, 0, 0], [2.8, 2.8, 2.8]]))


def test_cartesian_coordinates_are_scaled(write):
    text = CUBE.replace("1.0\n", "2.0\n").replace("Direct\n0 0 0\n0.5 0.5 0.5", "Cart\n0 0 0\n2.8 2.8 2.8")
    assert read(write("POSCAR", text))[0].positions[1] == pytest.approx([5.6, 5.6, 5.6])


@pytest.mark.parametrize(
    "name", ["POSCAR", "CONTCAR", "POSCAR_7", "CONTCAR.relaxed", "x.vasp", "X.POSCAR", "a.poscar"]
)
def test_names(write, name):
    assert len(read(write(name, CUBE))) == 1


def test_the_content_tells_it_without_a_name(write):
    assert len(read(write("structure", CUBE))) == 1


def test_a_species_may_come_twice(write):
    text = HEAD + "Na Cl Na\n1 1 1\nDirect\n0 0 0\n.5 .5 .5\n.5 0 0\n"
    assert read(write("POSCAR", text))[0].symbols == ["Na", "Cl", "Na"]


def test_as_ase_reads_it(write):
    text = (
        HEAD.replace("5.6 0 0", "5.6 .3 -.2")
        + "Na Cl\n3 2\nDirect\n"
        + "\n".join(f"{x} {x * 0.7} {x * 0.3}" for x in (0.1, 0.3, 0.5, 0.7, 0.9))
    )
    path = write("POSCAR", text)
    [ours], theirs = read(path), from_ase(ase_read(path, format="vasp"))
    assert ours.positions == pytest.approx(theirs.positions)
    assert ours.cell == pytest.approx(theirs.cell)


def test_elements_may_be_given(write):
    text = CUBE.replace("Na Cl\n", "")
    assert read(write("POSCAR", text), elements=("K", "Br"))[0].formula == "BrK"


MESSAGES = {
    CUBE.replace("Na Cl\n", ""): (
        "frame 0: the POSCAR names no elements (VASP 4 format); "
        "write the symbols into a line above the counts, or give --elements Cu,Zr."
    ),
    CUBE.replace("Na Cl", "Na Qq"): ("frame 0: unknown element (value: Qq); correct line 6, or give --elements."),
    CUBE.replace("0.5 0.5 0.5\n", ""): (
        "frame 0: the coordinates end after 1 of 2 atoms; copy or write the file again, or correct the counts."
    ),
    CUBE.replace("0.5 0.5 0.5", "0.5 0.5"): (
        "frame 0, atom 1: the row has too few columns (value: 0.5 0.5); "
        "correct this row, and check that the number of atoms in the header is right."
    ),
    CUBE.replace("Direct", "xyz"): "frame 0: neither Direct nor Cartesian (value: xyz); correct line 8.",
    CUBE.replace("1.0\n", "one\n"): (
        "frame 0: line 2 is not the scale (value: one); check that this is a POSCAR and complete."
    ),
    CUBE.replace("1.0\n", "0\n", 1): "frame 0: the scale is not positive (value: 0); correct line 2.",
    CUBE.replace("0 0 5.6", "0 0"): (
        "frame 0: line 5 is not a lattice vector (value: 0 0); check that this is a POSCAR and complete."
    ),
    CUBE.replace("1 1\n", "1 1 1\n"): "frame 0: 2 elements but 3 counts (value: Na Cl); check lines 6 and 7.",
    CUBE.replace("1 1\n", "1 x\n"): (
        "frame 0: no line with the number of atoms of each element (value: 1 x); check lines 6 and 7."
    ),
    HEAD: "frame 0: no line with the number of atoms of each element (value: end of file); check lines 6 and 7.",
    CUBE.replace("0 5.6 0", "5.6 0 0"): (
        "frame 0: cell is flat, or too skew: its three vectors span next to no volume (value: [[5.6, 0.0, 0.0], "
        "[5.6, 0.0, 0.0], [0.0, 0.0, 5.6]]); give three independent lattice vectors, a reduced cell, or no cell at "
        "all for a cluster."
    ),
    CUBE.replace("0.5 0.5 0.5", "0 0 1"): (
        "frame 0, atom 0: atoms 0, 1 coincide: they are closer than 0.05 Å and their occupancies add up to 2 "
        "(value: [0.0, 0.0, 0.0]); remove the duplicate atoms, or give occupancies that add up to at most 1."
    ),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_messages(only_error, text):
    assert only_error("POSCAR", text) == MESSAGES[text]


XDATCAR = HEAD + "Na Cl\n1 1\nDirect configuration=     1\n0 0 0\n0.5 0.5 0.5\n"
STEP = "Direct configuration=     2\n0 0 0.1\n0.5 0.5 0.6\n"


def test_a_trajectory_with_one_cell(write):
    crystals = read(write("XDATCAR", XDATCAR + STEP))
    assert [c.frame for c in crystals] == [0, 1]
    assert crystals[1].frac[0] == pytest.approx([0, 0, 0.1])


def test_a_trajectory_with_a_cell_for_each_frame(write):
    crystals = read(write("XDATCAR", XDATCAR + XDATCAR.replace("5.6", "5.8")))
    assert [c.cell[0, 0] for c in crystals] == [5.6, 5.8]


def test_the_content_tells_a_trajectory_from_a_poscar(write):
    assert len(read(write("trajectory", XDATCAR + STEP))) == 2


def test_a_cut_trajectory_keeps_its_whole_frames(write):
    items = list(iter_read(write("XDATCAR", XDATCAR + STEP[:-13])))
    assert items[0].formula == "ClNa"
    assert isinstance(items[1], XtalprintError)
    assert items[1].frame == 1


def test_elements_are_for_files_that_name_none(write):
    salt = "salt\n1\n5.6 0 0\n0 5.6 0\n0 0 5.6\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
    [crystal] = read(write("POSCAR", salt), elements=("Cu", "Zr"))
    assert crystal.symbols == ["Na", "Cl"]


def test_an_unknown_element_in_a_later_header_costs_its_frame_only(write):
    text = "".join(
        CUBE.replace("Direct", f"Direct configuration= {i}").replace("Na", s)
        for i, s in ((1, "Na"), (2, "Qq"), (3, "K"))
    )
    first, second, third = iter_read(write("XDATCAR", text))
    assert first.symbols == ["Na", "Cl"]
    assert isinstance(second, XtalprintError)
    assert "Qq" in str(second)
    assert third.symbols == ["K", "Cl"]


def test_more_coordinates_than_counted_are_not_dropped(write):
    with pytest.raises(XtalprintError, match="more coordinates than the 2 atoms of the counts"):
        read(write("POSCAR", CUBE + "0.25 0.25 0.25\n"))
    assert len(read(write("CONTCAR", CUBE + "\n0.1 0.1 0.1\n0.1 0.1 0.1\n"))[0]) == 2
