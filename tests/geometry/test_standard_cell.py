"""The standard cell is the same however the crystal comes, and it is spglib's without idealising."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import CONVENTIONAL, SIMPLE, from_frac

from xtalprint.crystal import Crystal, cell_parameters
from xtalprint.geometry import (
    neighbour_distances,
    random_rotation,
    rotated,
    space_group_number,
    standard_cell,
    supercell,
    to_cluster,
)

seeds = st.integers(0, 2**32 - 1)


def in_another_cell(crystal, rng):
    """A random unimodular change of the cell: the same crystal with a more skewed choice of vectors."""
    change = np.eye(3, dtype=int)
    for _ in range(4):
        i, j = rng.choice(3, size=2, replace=False)
        step = np.eye(3, dtype=int)
        step[i, j] = rng.integers(-2, 3)
        change = step @ change
    return Crystal(crystal.positions, crystal.numbers, cell=change @ crystal.cell)


def moved_and_shuffled(crystal, rng):
    order = rng.permutation(len(crystal))
    shift = rng.uniform(-5, 5, size=3)
    return Crystal(crystal.positions[order] + shift, crystal.numbers[order], cell=crystal.cell)


@pytest.mark.parametrize("name", SIMPLE)
def test_textbook_cells(name):
    cell = standard_cell(SIMPLE[name])
    atoms, group = CONVENTIONAL[name]
    assert len(cell) == atoms
    assert space_group_number(cell) == group


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.sampled_from(sorted(SIMPLE)), seeds)
def test_same_cell_and_surroundings_for_any_rotation_cell_supercell_order_and_origin(name, seed):
    rng = np.random.default_rng(seed)
    expected = standard_cell(SIMPLE[name])
    given_ = moved_and_shuffled(in_another_cell(SIMPLE[name], rng), rng)
    given_ = rotated(supercell(given_, tuple(rng.integers(1, 4, size=3).tolist())), random_rotation(rng))
    found = standard_cell(given_)
    np.testing.assert_allclose(cell_parameters(found.cell), cell_parameters(expected.cell), atol=1e-6)
    np.testing.assert_allclose(found.cell, expected.cell, atol=1e-6)
    for cutoff in (4.0, 6.0):
        _, d_found = neighbour_distances(found, cutoff=cutoff)
        _, d_expected = neighbour_distances(expected, cutoff=cutoff)
        np.testing.assert_allclose(np.sort(d_found), np.sort(d_expected), atol=1e-6)


def test_a_lies_along_x_and_b_in_the_xy_plane():
    rng = np.random.default_rng(0)
    for crystal in SIMPLE.values():
        cell = standard_cell(rotated(crystal, random_rotation(rng))).cell
        np.testing.assert_allclose([cell[0, 1], cell[0, 2], cell[1, 2]], 0, atol=1e-9)
        assert (np.diag(cell) > 0).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seeds)
def test_reciprocal_angles_are_all_acute_or_all_obtuse(seed):
    rng = np.random.default_rng(seed)
    cell = np.eye(3) * 4 + rng.uniform(-1.5, 1.5, size=(3, 3))
    frac = rng.random((3, 3))
    crystal = from_frac(cell, frac, ["Li", "F", "O"])
    found = standard_cell(crystal, symprec=1e-4)
    a_star, b_star, c_star = np.linalg.inv(found.cell).T
    cosines = np.array([b_star @ c_star, a_star @ c_star, a_star @ b_star])
    assert (cosines > -1e-6).all() or (cosines < 1e-6).all()


def test_atoms_keep_their_displacements():
    box = supercell(standard_cell(SIMPLE["fcc"]), (2, 2, 2))
    moved = box.positions.copy()
    moved[5] += [0.03, 0, 0]
    found = standard_cell(Crystal(moved, box.numbers, cell=box.cell), symprec=1e-3)
    assert len(found) > 4
    _, distances = neighbour_distances(found, cutoff=2.7)
    assert distances.max() - distances.min() > 0.02


def test_a_noisy_box_keeps_its_axes_in_order():
    box = supercell(standard_cell(SIMPLE["hcp"]), (7, 5, 3))
    noisy = Crystal(
        box.positions + np.random.default_rng(1).normal(0, 0.2, box.positions.shape), box.numbers, cell=box.cell
    )
    np.testing.assert_allclose(standard_cell(noisy).cell, box.cell, atol=1e-9)


def test_disordered_sites_stay_whole():
    cell = 5.64 * np.eye(3)
    corner = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    frac = np.concatenate([corner, corner, corner + np.array([0.5, 0, 0])])
    crystal = Crystal(
        frac @ cell,
        ["Na"] * 4 + ["K"] * 4 + ["Cl"] * 4,
        cell=cell,
        occupancies=[0.7] * 4 + [0.3] * 4 + [1.0] * 4,
    )
    assert space_group_number(crystal) == 225
    found = standard_cell(supercell(crystal, (2, 1, 1)))
    assert found.n_sites == 8
    assert found.formula == crystal.formula


def test_a_cluster_and_a_slab_keep_what_they_have():
    cluster = to_cluster(supercell(SIMPLE["bcc"], (3, 3, 3)))
    assert standard_cell(cluster) is cluster
    slab = Crystal([[0, 0, 0]], ["C"], cell=np.diag([2.5, 4.3, 20.0]), pbc=(True, True, False))
    np.testing.assert_allclose(standard_cell(slab).cell, slab.cell, atol=1e-12)
    assert standard_cell(slab).pbc == slab.pbc


def test_left_handed_cells_are_the_same_crystal():
    crystal = SIMPLE["hcp"]
    left = Crystal(crystal.positions, crystal.numbers, cell=crystal.cell[[1, 0, 2]])
    np.testing.assert_allclose(standard_cell(left).cell, standard_cell(crystal).cell, atol=1e-9)


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")  # spglib 2.8 announces 3.0
@pytest.mark.parametrize("name", SIMPLE)
def test_same_cell_as_spglib_without_idealising(name):
    spglib = pytest.importorskip("spglib")
    crystal = rotated(supercell(SIMPLE[name], (2, 1, 3)), random_rotation(np.random.default_rng(3)))
    lattice, _, numbers = spglib.standardize_cell(
        (crystal.cell, crystal.frac, crystal.numbers), to_primitive=False, no_idealize=True, symprec=0.1
    )
    found = standard_cell(crystal)
    assert len(found) == len(numbers)
    np.testing.assert_allclose(cell_parameters(found.cell), cell_parameters(lattice), atol=1e-6)
