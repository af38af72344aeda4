"""Adapters from and to ASE and pymatgen: nothing that a Crystal can hold is lost on the way."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.io import read as ase_read
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import DummySpecies, Lattice, Molecule, Structure

from xtalprint.crystal import Crystal
from xtalprint.errors import InvalidCrystalError, MissingExtraError
from xtalprint.io import from_ase, from_pymatgen, read, to_ase, to_pymatgen

BRASS = Crystal(
    [[0, 0, 0], [0, 0, 0], [2, 2, 2], [2.3, 2, 2]],
    ["Cu", "Zn", "O", "O"],
    cell=[[4, 0, 0], [0.5, 5, 0], [0.2, 0.3, 6]],
    occupancies=[0.7, 0.2, 0.6, 0.4],
)


def random_crystal(seed, n, pbc):
    rng = np.random.default_rng(seed)
    cell = np.diag([9.0, 10.0, 11.0]) + rng.normal(0, 1, (3, 3))
    frac = (np.arange(n)[:, None] + rng.uniform(0.2, 0.8, (n, 3))) / n
    return Crystal(frac @ cell, rng.integers(1, 95, n), cell=None if pbc is None else cell, pbc=pbc)


PERIODICITY = st.one_of(st.none(), st.tuples(st.booleans(), st.booleans(), st.booleans()))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), n=st.integers(1, 8), pbc=PERIODICITY)
def test_to_ase_and_back_is_the_same_to_the_last_bit(seed, n, pbc):
    crystal = random_crystal(seed, n, pbc)
    assert from_ase(to_ase(crystal)) == crystal


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), n=st.integers(1, 8), pbc=PERIODICITY)
def test_to_pymatgen_and_back_is_the_same(seed, n, pbc):
    crystal = random_crystal(seed, n, pbc)
    back = from_pymatgen(to_pymatgen(crystal))
    assert back.numbers.tolist() == crystal.numbers.tolist()
    assert back.positions == pytest.approx(crystal.positions, abs=1e-9)
    assert back.pbc == crystal.pbc
    assert (back.cell is None) == (crystal.cell is None)
    assert crystal.cell is None or back.cell == pytest.approx(crystal.cell)


@pytest.mark.parametrize(("there", "back"), [(to_ase, from_ase), (to_pymatgen, from_pymatgen)])
def test_disorder_survives(there, back):
    crystal = back(there(BRASS))
    assert crystal.symbols == BRASS.symbols
    assert crystal.occupancies == pytest.approx(BRASS.occupancies)
    assert crystal.positions == pytest.approx(BRASS.positions)


def test_ase_gets_the_majority_species_and_the_occupancies_beside_it():
    atoms = to_ase(BRASS)
    assert atoms.get_chemical_symbols() == ["Cu", "O", "O"]
    assert atoms.info["occupancy"] == {"0": {"Cu": 0.7, "Zn": 0.2}, "1": {"O": 0.6}, "2": {"O": 0.4}}
    assert atoms.arrays["spacegroup_kinds"].tolist() == [0, 1, 2]


def test_the_disorder_that_ases_cif_reader_hides_is_found(write):
    text = (
        "data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
        "_cell_angle_gamma 90\n_space_group_IT_number 225\nloop_\n_atom_site_label\n_atom_site_fract_x\n"
        "_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\nCu1 0 0 0 0.7\nZn1 0 0 0 0.3\nO .5 .5 .5 .5\n"
    )
    path = write("c.cif", text)
    [ours], theirs = read(path), from_ase(ase_read(path))
    assert ours.formula == theirs.formula == "Cu2.8O2Zn1.2"
    assert ours.n_sites == theirs.n_sites == 8


def test_a_cell_of_ase():
    crystal = from_ase(bulk("Au", cubic=True))
    assert crystal.formula == "Au4"
    assert crystal.source == "ASE Au4"
    assert crystal.pbc == (True, True, True)


def test_a_molecule_of_ase_is_a_cluster():
    assert from_ase(molecule("H2O")).cell is None


def test_a_slab_without_a_third_vector_gets_one_at_right_angles():
    slab = fcc111("Cu", (2, 2, 3))
    crystal = from_ase(slab)
    assert crystal.pbc == (True, True, False)
    assert crystal.cell[:2] == pytest.approx(slab.cell.array[:2])
    assert crystal.cell[2] == pytest.approx([0, 0, np.ptp(slab.positions[:, 2])])


def test_a_wire_gets_two_vectors():
    wire = Atoms("Cu2", positions=[[0, 0, 0], [1, 1, 1.3]], cell=[[0, 0, 0], [0, 0, 0], [0, 0, 2.6]], pbc=[0, 0, 1])
    crystal = from_ase(wire)
    assert crystal.cell[2].tolist() == [0, 0, 2.6]
    assert crystal.cell @ crystal.cell.T == pytest.approx(np.diag(np.diag(crystal.cell @ crystal.cell.T)))
    assert np.linalg.det(crystal.cell) > 0


def test_a_dummy_atom_is_refused():
    with pytest.raises(InvalidCrystalError, match=r"ASE CuX, atom 1: unknown element \(value: 0\)"):
        from_ase(Atoms("CuX", positions=[[0, 0, 0], [1, 1, 1]]))
    with pytest.raises(InvalidCrystalError, match="atom 1: unknown element"):
        from_pymatgen(Structure(Lattice.cubic(4), ["Cu", DummySpecies("X")], [[0, 0, 0], [0.5, 0.5, 0.5]]))


@pytest.mark.parametrize("convert", [from_ase, from_pymatgen])
def test_something_else_is_refused(convert):
    with pytest.raises(InvalidCrystalError, match="not a"):
        convert("Cu")


def test_pymatgen_with_oxidation_states_and_deuterium():
    structure = Structure(
        Lattice.cubic(4),
        [{"Fe2+": 0.5, "Fe3+": 0.25}, {"O2-": 1}, "D"],
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.2, 0.2, 0.2]],
    )
    crystal = from_pymatgen(structure)
    assert crystal.symbols == ["Fe", "Fe", "O", "H"]
    assert crystal.occupancies == pytest.approx([0.5, 0.25, 1, 1])
    assert to_pymatgen(crystal)[0].species.as_dict() == {"Fe": 0.75}


def test_a_molecule_of_pymatgen_is_a_cluster():
    crystal = from_pymatgen(Molecule(["C", "O"], [[0, 0, 0], [0, 0, 1.1]]))
    assert crystal.cell is None
    assert isinstance(to_pymatgen(crystal), Molecule)


def test_without_pymatgen_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatgen.core", None)
    with pytest.raises(MissingExtraError, match=r'pip install "xtalprint\[pymatgen\]"'):
        to_pymatgen(BRASS)
