"""Variations and random orbits stay inside their space group, whatever is drawn."""

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.crystal import Crystal
from xtalprint.datasets import structure_type
from xtalprint.datasets.candidates import SPACE_GROUPS, operations, parents, random_orbits, varied_prototype
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import random_rotation, rotated, space_group_number, supercell
from xtalprint.prototypes import SIMPLE_LATTICES, simple_lattice

#: Each of the eight groups is of one of these orders modulo lattice translations (International Tables A).
ORDERS = {139: 32, 141: 32, 166: 36, 194: 24, 221: 48, 225: 192, 227: 192, 229: 96}


#: spglib 2.8 announces a change of its error handling with every failed search.
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")


def operations_found(cell, frac, symprec=1e-5):
    return len(spglib.get_symmetry((cell, frac, [1] * len(frac)), symprec=symprec)["rotations"])


@given(st.sampled_from(SPACE_GROUPS), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_varied_prototype_keeps_all_operations_of_its_group(group, seed):
    """It may gain symmetry at a special ratio, never lose any: there are at least as many operations."""
    varied = varied_prototype(group, np.random.default_rng(seed))
    centring = {139: 2, 141: 2, 166: 3, 225: 4, 227: 4, 229: 2}.get(group, 1)
    assert operations_found(varied.cell, varied.frac) >= ORDERS[group] // centring


@given(st.sampled_from(SPACE_GROUPS), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_random_orbits_are_closed_under_the_group(group, seed):
    made = random_orbits(group, np.random.default_rng(seed))
    if made is None:
        return
    centring = {139: 2, 141: 2, 166: 3, 225: 4, 227: 4, 229: 2}.get(group, 1)
    assert operations_found(made.cell, made.frac) >= ORDERS[group] // centring


@pytest.mark.parametrize("group", SPACE_GROUPS)
def test_operations_are_a_group_of_the_right_order(group):
    rotations, translations = operations(group)
    assert len(rotations) == ORDERS[group]
    seen = {
        (r.tobytes(), tuple(np.round(t * 24).astype(int) % 24)) for r, t in zip(rotations, translations, strict=True)
    }
    assert len(seen) == ORDERS[group]
    for i in range(0, len(rotations), 7):
        for j in range(0, len(rotations), 5):
            turn = rotations[i] @ rotations[j]
            shift = rotations[i] @ translations[j] + translations[i]
            assert (turn.tobytes(), tuple(np.round(shift * 24).astype(int) % 24)) in seen


def test_every_group_has_its_simple_lattice_among_the_parents():
    types = {
        structure_type(Crystal(p.frac @ p.cell, [26] * len(p.frac), cell=p.cell))
        for members in parents().values()
        for p in members
    }
    assert {structure_type(simple_lattice(name)) for name in SIMPLE_LATTICES} <= types


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sc", "cP1_221_m-3m"),
        ("fcc", "cF4_225_m-3m"),
        ("bcc", "cI2_229_m-3m"),
        ("diam", "cF8_227_-43m"),
        ("hcp", "hP2_194_-6m2"),
        ("rh", "hR6_166_3m"),
        ("bct_139", "tI2_139_4/mmm"),
        ("bct_141", "tI4_141_-4m2"),
    ],
)
def test_structure_types_of_simple_lattices(name, expected):
    """Pearson symbols and site symmetries from International Tables A; the cell and its orientation do not matter."""
    crystal = simple_lattice(name)
    assert structure_type(crystal) == expected
    repeated = rotated(supercell(crystal, (2, 1, 3)), random_rotation(np.random.default_rng(1)))
    moved = Crystal(repeated.positions + np.array([0.3, 0.1, 0.2]), repeated.numbers, cell=repeated.cell)
    assert structure_type(moved) == expected


def test_origins_c_and_d_of_hcp_are_one_type():
    cell = np.array([[3, 0, 0], [-1.5, 1.5 * np.sqrt(3), 0], [0, 0, 4.8]])
    c = Crystal(np.array([[1 / 3, 2 / 3, 1 / 4], [2 / 3, 1 / 3, 3 / 4]]) @ cell, ["Mg", "Mg"], cell=cell)
    d = Crystal(np.array([[1 / 3, 2 / 3, 3 / 4], [2 / 3, 1 / 3, 1 / 4]]) @ cell, ["Mg", "Mg"], cell=cell)
    assert space_group_number(c) == space_group_number(d) == 194
    assert structure_type(c) == structure_type(d)


def test_a_cluster_has_no_structure_type():
    with pytest.raises(UnsupportedInputError, match=r"no space group was found at symprec 0\.001 Å"):
        structure_type(Crystal([[0, 0, 0], [1, 1, 1]], ["Fe", "Fe"]))
