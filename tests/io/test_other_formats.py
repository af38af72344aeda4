"""JSON of pymatgen and ASE, ASE trajectories and databases, atom probe files."""

from __future__ import annotations

import json

import ase.io
import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from monty.json import MontyEncoder
from pymatgen.core import Lattice, Molecule, Structure

from xtalprint.errors import XtalprintError
from xtalprint.io import from_ase, from_pymatgen, iter_read, read

ALLOY = Structure(Lattice.hexagonal(3, 5), [{"Cu": 0.5, "Zn": 0.5}, "O2-"], [[0, 0, 0], [1 / 3, 2 / 3, 0.5]])
WATER = Molecule(["O", "H", "H"], [[0, 0, 0], [0, 0, 1], [0, 1, 0]])
FILM = Structure(Lattice.cubic(4, pbc=(True, True, False)), ["Fe"], [[0.1, 0.2, 0.3]])


@pytest.mark.parametrize("structure", [ALLOY, WATER, FILM], ids=["structure", "molecule", "film"])
def test_json_of_pymatgen(write, structure):
    [crystal] = read(write("s.json", structure.to_json()))
    expected = from_pymatgen(structure)
    assert crystal.numbers.tolist() == expected.numbers.tolist()
    assert crystal.positions == pytest.approx(expected.positions)
    assert crystal.occupancies == pytest.approx(expected.occupancies)
    assert crystal.pbc == expected.pbc


def test_json_with_arrays_and_little_detail(write):
    text = json.dumps(ALLOY.as_dict(verbosity=0), cls=MontyEncoder)
    assert read(write("s.json", text))[0].formula == "Cu0.5OZn0.5"


def test_entries_documents_and_lists_keep_their_order(write):
    entry = {"@class": "ComputedStructureEntry", "energy": -1.0, "structure": ALLOY.as_dict()}
    items = [entry, {"material_id": "mp-1", "structure": ALLOY.as_dict()}, WATER.as_dict(), {"no": 1}, FILM.as_dict()]
    found = list(iter_read(write("s.json", json.dumps(items))))
    assert [getattr(item, "formula", "error") for item in found] == [
        "Cu0.5OZn0.5",
        "Cu0.5OZn0.5",
        "H2O",
        "error",
        "Fe",
    ]
    assert [item.frame for item in found] == [0, 1, 2, 3, 4]


def test_json_lines(write):
    text = ALLOY.to_json() + "\n" + "{broken\n" + WATER.to_json() + "\n"
    found = list(iter_read(write("s.jsonl", text)))
    assert [isinstance(item, XtalprintError) for item in found] == [False, True, False]


def broken(**changes):
    return json.dumps(json.loads(FILM.to_json()) | changes)


SITE = {"species": [{"element": "Fe", "occu": 1}], "abc": [0, 0, 0], "xyz": [0, 0, 0]}
JSON_MESSAGES = {
    '{"a": 1}': "frame 0: not a structure; give a pymatgen Structure",
    "[]": "an empty list; give a pymatgen Structure",
    "[1, 2": "not valid JSON: Expecting ',' delimiter in line 1; copy or write the file again.",
    100_000 * "[": "JSON nested too deeply; give a pymatgen Structure",
    broken(lattice={}): "frame 0: the lattice has no matrix (value: {}); give",
    broken(lattice={"matrix": [[1, 2], [3, 4]]}): "frame 0: the matrix of the lattice is not 3×3 (value: (2, 2))",
    broken(sites=[{}]): "frame 0, atom 0: the site lacks its species or its coordinates (value: {}); write",
    broken(sites=[]): "frame 0: no atoms; check that the file is complete.",
    broken(sites=[SITE, SITE]): "frame 0, atom 0: atoms 0, 1 coincide",
    broken(
        sites=[SITE | {"species": [{"element": "X0+", "occu": 1}]}]
    ): "frame 0, atom 0: unknown element (value: X0+)",
    broken(sites=[SITE | {"abc": [0, 0, float("nan")]}]): "frame 0, atom 0: coordinate along axis",
    broken(sites=[SITE | {"species": [{"element": "Fe", "occu": 50}]}]): "frame 0, atom 0: occupancy is outside",
}


@pytest.mark.parametrize("text", JSON_MESSAGES, ids=range(len(JSON_MESSAGES)))
def test_json_messages(write, text):
    path = write("s.json", text)
    items = list(iter_read(path))
    assert isinstance(items[0], XtalprintError)
    assert str(items[0]).removeprefix(f"{path}").lstrip(":, ").startswith(JSON_MESSAGES[text])


@pytest.fixture
def images():
    gold, water = bulk("Au", cubic=True), molecule("H2O")
    gold.calc = SinglePointCalculator(gold, energy=1.0)
    return [gold, water, bulk("NaCl", "rocksalt", a=5.6)]


@pytest.mark.parametrize("name", ["t.traj", "t.db", "t.json", "t.extxyz"])
def test_what_ase_writes(tmp_path, images, name):
    path = tmp_path / name
    ase.io.write(path, images)
    crystals = read(path)
    assert [c.frame for c in crystals] == [0, 1, 2]
    assert [c == from_ase(a) or name.endswith("xyz") for c, a in zip(crystals, images, strict=True)] == [True] * 3
    assert [c.formula for c in crystals] == ["Au4", "H2O", "ClNa"]


def test_a_database_is_left_as_it_is(tmp_path, images):
    path = tmp_path / "t.db"
    ase.io.write(path, images)
    before = path.read_bytes(), sorted(p.name for p in tmp_path.iterdir())
    read(path)
    assert (path.read_bytes(), sorted(p.name for p in tmp_path.iterdir())) == before


def test_a_bad_row_of_a_database_does_not_stop_the_others(tmp_path, images):
    images[1].positions[0, 0] = np.nan
    path = tmp_path / "t.db"
    ase.io.write(path, images)
    found = list(iter_read(path))
    assert [isinstance(item, XtalprintError) for item in found] == [False, True, False]
    assert "frame 1, atom 0: coordinate along axis 0 is not finite" in str(found[1])


def test_a_cut_trajectory_is_an_error(tmp_path, images):
    path = tmp_path / "t.traj"
    ase.io.write(path, images)
    path.write_bytes(path.read_bytes()[:-200])
    found = list(iter_read(path))
    assert any(isinstance(item, XtalprintError) for item in found)


IONS = np.array([[0.0, 0.0, 0.0, 27.0], [0.3, 0.0, 0.1, 13.5]])


def test_pos_is_in_nanometres(write):
    [crystal] = read(write("a.pos", IONS.astype(">f4").tobytes()), elements=("Al",))
    assert crystal.is_cluster
    assert crystal.symbols == ["Al", "Al"]
    assert crystal.positions == pytest.approx(np.array([[0, 0, 0], [3, 0, 1]]), abs=1e-6)


def test_epos(write):
    record = np.zeros(2, dtype=[("floats", ">f4", 9), ("integers", ">i4", 2)])
    record["floats"][:, :4] = IONS
    [crystal] = read(write("a.epos", record.tobytes()), elements="Al")
    assert crystal.positions == pytest.approx(np.array([[0, 0, 0], [3, 0, 1]]), abs=1e-6)


@pytest.mark.parametrize("elements", [None, ("Al", "Cu")])
def test_pos_without_one_element_is_refused(only_error, elements):
    assert "select the ions of one element and name it, as in --elements Al." in only_error(
        "a.pos", IONS.astype(">f4").tobytes(), elements=elements
    )


def test_a_cut_pos(only_error):
    assert only_error("a.pos", IONS.astype(">f4").tobytes()[:-3], elements=("Al",)) == (
        "frame 0: 29 bytes are not a whole number of 16-byte records; copy or write the file again."
    )
