"""Readable numbers of a crystal: known values, the same for every cell, errors; the table of the elements."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import Crystal, geometry
from xtalprint.descriptors import interpretable
from xtalprint.descriptors.element_properties import LAST, PROPERTIES, element_properties, outer_electrons
from xtalprint.descriptors.interpretable import GROUPS, Table, interpretable_constants, interpretable_features
from xtalprint.errors import UnsupportedInputError

SALT = Crystal(
    2.82 * np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]),
    ["Na"] * 4 + ["Cl"] * 4,
    cell=5.64 * np.eye(3),
)


def value(table, name, row=0):
    return float(table.array[row, table.columns.index(name)])


def test_known_values_of_rock_salt():
    table = interpretable_features([SALT])
    assert isinstance(table, Table)
    assert value(table, "volume per atom, Å³") == pytest.approx(5.64**3 / 8)
    assert value(table, "density, g/cm³") == pytest.approx(2.163, abs=0.002)
    assert value(table, "mean electronegativity") == pytest.approx((0.93 + 3.16) / 2)
    assert value(table, "spread of electronegativity") == pytest.approx((3.16 - 0.93) / 2)
    assert value(table, "mean outer electrons") == pytest.approx(4)
    assert value(table, "number of elements") == 2
    assert value(table, "largest share of an element") == 0.5
    # Six neighbours of the other kind, with little weight on the twelve beyond.
    assert 6 < value(table, "mean effective coordination") < 7.5
    assert value(table, "mean share of bonds between equal elements") < 0.2
    length = (5.64**3 / 8) ** (1 / 3)
    for k, distance in ((1, 2.82), (6, 2.82), (7, 2.82 * 2**0.5)):
        name = f"mean distance of neighbour {k} over the cube root of the volume"
        assert value(table, name) == pytest.approx(distance / length)


def test_names_and_groups():
    table = interpretable_features([SALT])
    assert len(set(table.columns)) == len(table.columns) == len(table.groups) == table.array.shape[1]
    assert set(table.groups) == set(GROUPS)
    assert sum(table.part(group).shape[1] for group in GROUPS) == table.array.shape[1]


def test_the_cell_does_not_matter():
    rng = np.random.default_rng(0)
    cell = np.diag([4.0, 4.6, 5.3]) + rng.uniform(-0.5, 0.5, (3, 3))
    one = Crystal(
        rng.random((3, 3)) * 0.2 @ cell + [[0, 0, 0], [2, 0, 0], [0, 2.2, 2.4]], ["Ti", "O", "O"], cell=cell
    )
    larger = geometry.supercell(one, (2, 1, 3))
    turned = Crystal(
        one.positions[::-1] @ np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
        ["O", "O", "Ti"],
        cell=one.cell @ np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    )
    table = interpretable_features([one, larger, turned])
    np.testing.assert_allclose(table.array[1], table.array[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(table.array[2], table.array[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("crystal", "message"),
    [
        (Crystal([[0, 0, 0], [2, 0, 0]], ["Cu", "Cu"]), "cluster"),
        (Crystal([[0, 0, 0]], ["Cu"], cell=3 * np.eye(3), occupancies=[0.5]), "partly occupied"),
        (Crystal([[0, 0, 0]], ["Cf"], cell=3 * np.eye(3)), "atomic number 98"),
    ],
)
def test_what_has_no_numbers_is_refused(crystal, message):
    with pytest.raises(UnsupportedInputError, match=message):
        interpretable_features([SALT, crystal])


def test_the_table_of_the_elements_is_complete():
    table = element_properties()
    assert set(table) == set(PROPERTIES)
    for values in table.values():
        assert values.shape == (LAST + 1,)
        assert np.isfinite(values[1:]).all()
        assert not values.flags.writeable
    # Argon has none of its own: that of the nearest by Mendeleev number.
    assert np.isfinite(table["electronegativity"][18])
    electrons = outer_electrons()
    assert [int(electrons[z]) for z in (1, 6, 8, 26, 29, 30, 79, 82, 92)] == [1, 4, 6, 8, 11, 12, 11, 4, 6]


@pytest.mark.parametrize("edge", [30.0, 300.0, 3000.0])
def test_atoms_far_apart_have_finite_numbers(edge):
    table = interpretable_features([SALT, Crystal([[0, 0, 0]], ["Ar"], cell=edge * np.eye(3))])
    assert np.isfinite(table.array).all()
    assert value(table, "mean bonds within 1.3 covalent radii", row=1) == pytest.approx(0, abs=1e-12)


FACE = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
ROCK_SALT = np.concatenate([FACE, FACE + np.array([0.5, 0, 0])])
PEROVSKITE = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
#: Layers of two elements on a face-centred lattice, with radii that differ much: a shell of 24 has both.
SYMMETRIC = {
    "L1_0 CsF": Crystal(4.4 * FACE, ["Cs", "F", "F", "Cs"], cell=4.4 * np.eye(3)),
    "L1_2 NTi3": Crystal(4.1 * FACE, ["N", "Ti", "Ti", "Ti"], cell=4.1 * np.eye(3)),
    "rock salt CsF": Crystal(6.0 * ROCK_SALT, ["Cs"] * 4 + ["F"] * 4, cell=6.0 * np.eye(3)),
    "perovskite SrTiO3": Crystal(3.9 * PEROVSKITE, ["Sr", "Ti", "O", "O", "O"], cell=3.9 * np.eye(3)),
    "perovskite CsCaF3": Crystal(4.5 * PEROVSKITE, ["Cs", "Ca", "F", "F", "F"], cell=4.5 * np.eye(3)),
}


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(SYMMETRIC)),
    seed=st.integers(0, 2**32 - 1),
    repeats=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 3)),
    shear=st.tuples(st.integers(-2, 2), st.integers(-2, 2)),
)
def test_shells_of_several_elements_are_never_cut(name, seed, repeats, shear):
    rng = np.random.default_rng(seed)
    one = SYMMETRIC[name]
    large = geometry.supercell(one, repeats)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    change = np.array([[1, shear[0], 0], [0, 1, 0], [shear[1], 0, 1]])
    order = rng.permutation(len(large))
    other = Crystal(
        (large.positions[order] + rng.normal(size=3)) @ turn, large.numbers[order], cell=change @ large.cell @ turn
    )
    table = interpretable_features([one, other])
    np.testing.assert_allclose(table.array[1], table.array[0], rtol=1e-7, atol=1e-7)


def test_numbers_do_not_jump_where_a_far_neighbour_comes_and_goes():
    """One more of 48 neighbours in a shell, one less: with atoms that move by 10⁻⁶ Å."""
    rng = np.random.default_rng(3)
    for crystal in SYMMETRIC.values():
        moved = [
            Crystal(
                crystal.positions + 1e-6 * rng.normal(size=crystal.positions.shape),
                crystal.numbers,
                cell=crystal.cell,
            )
            for _ in range(5)
        ]
        table = interpretable_features([crystal, *moved])
        np.testing.assert_allclose(table.array[1:], np.tile(table.array[0], (5, 1)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_shell", [24, 60])
def test_an_atom_in_a_cage_has_neighbours_even_if_all_are_equally_far(n_shell):
    """24 as in the hexaborides, 60 as in fullerenes: more than are looked at."""
    place = np.arange(n_shell)
    height, angle = (2 * place + 1) / n_shell - 1, np.pi * (3 - 5**0.5) * place
    flat = np.sqrt(1 - height**2)
    shell = 3.5 * np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
    cage = Crystal(np.concatenate([[[0, 0, 0]], shell]) + 10, ["La", *["B"] * n_shell], cell=20 * np.eye(3))
    table = interpretable_features([cage])
    assert np.isfinite(table.array).all()
    assert value(table, "largest effective coordination") > min(n_shell, 40) * 0.9


def test_no_crystals_give_a_table_without_rows():
    table = interpretable_features([])
    full = interpretable_features([SALT])
    assert table.array.shape == (0, full.array.shape[1])
    assert (table.columns, table.groups) == (full.columns, full.groups)


def test_rows_of_a_table():
    table = interpretable_features([SALT, *SYMMETRIC.values()])
    part = table.rows(np.array([2, 0]))
    np.testing.assert_array_equal(part.array, table.array[[2, 0]])
    assert (part.columns, part.groups) == (table.columns, table.groups)


@pytest.mark.parametrize("name", ["BOND_END", "BOND_DECAY", "BONDED", "FADE", "VERSION"])
def test_the_constants_name_what_the_numbers_depend_on(monkeypatch, name):
    before = interpretable_constants()
    assert json.loads(json.dumps(before)) == before
    monkeypatch.setattr(interpretable, name, 1)
    assert interpretable_constants() != before
