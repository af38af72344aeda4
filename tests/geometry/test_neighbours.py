"""Distances against a sum over many images, against ASE, and by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import D_NN, SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import nearest_distances, neighbour_distances, random_rotation, rotated, supercell, to_cluster
from xtalprint.geometry import neighbours as room


def brute_force(crystal, cutoff, images=6):
    """The definition: every pair, every image out to a fixed number of cells."""
    result = []
    for i, j in product(range(len(crystal)), repeat=2):
        for n in product(*(range(-images, images + 1) if p else (0,) for p in crystal.pbc)):
            if i == j and not any(n):
                continue
            d = np.linalg.norm(crystal.positions[j] + np.array(n) @ crystal.cell - crystal.positions[i])
            if d <= cutoff:
                result.append((i, d))
    return result


@st.composite
def skewed_crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cell = np.diag(rng.uniform(2, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-1.2, 1.2, (3, 3)), -1))
    n = int(rng.integers(1, 4))
    frac = rng.random((n, 3)) + rng.integers(-2, 3, (n, 3))
    return rotated(Crystal(frac @ cell, [6] * n, cell=cell), random_rotation(rng))


@settings(derandomize=True, deadline=None, max_examples=25)
@given(skewed_crystals())
def test_equals_the_sum_over_all_images(crystal):
    owner, distance = neighbour_distances(crystal, cutoff=5.0)
    expected = brute_force(crystal, 5.0, images=8)
    assert len(distance) == len(expected)
    np.testing.assert_allclose(np.sort(distance), np.sort([d for _, d in expected]), atol=1e-9)
    assert (
        np.bincount(owner, minlength=len(crystal)).tolist()
        == np.bincount([i for i, _ in expected], minlength=len(crystal)).tolist()
    )


@settings(derandomize=True, deadline=None, max_examples=25)
@given(skewed_crystals())
def test_tree_and_table_agree(crystal):
    small = neighbour_distances(crystal, cutoff=5.0)
    most, room.SMALL = room.SMALL, 0
    try:
        large = neighbour_distances(crystal, cutoff=5.0)
        nearest = nearest_distances(crystal)
    finally:
        room.SMALL = most
    np.testing.assert_array_equal(small[0], large[0])
    np.testing.assert_allclose(small[1], large[1], atol=1e-9)
    np.testing.assert_allclose(nearest, nearest_distances(crystal), atol=1e-9)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(skewed_crystals(), st.integers(1, 3), st.integers(1, 3))
def test_nearest_distance_does_not_depend_on_the_supercell(crystal, i, j):
    expected = np.sort(np.tile(nearest_distances(crystal), i * j))
    np.testing.assert_allclose(np.sort(nearest_distances(supercell(crystal, (i, j, 1)))), expected, atol=1e-9)


def test_same_pairs_as_ase():
    rng = np.random.default_rng(5)
    for pbc in ((True, True, True), (True, False, True), (False, False, True)):
        cell = np.diag([5.0, 6.0, 7.0]) + rng.uniform(-1, 1, (3, 3))
        crystal = Crystal(rng.random((40, 3)) @ cell, [14] * 40, cell=cell, pbc=pbc)
        owner, distance = neighbour_distances(crystal, cutoff=4.5)
        atoms = Atoms(numbers=crystal.numbers, positions=crystal.positions, cell=cell, pbc=pbc)
        i, d = neighbor_list("id", atoms, 4.5)
        assert np.bincount(owner, minlength=40).tolist() == np.bincount(i, minlength=40).tolist()
        np.testing.assert_allclose(np.sort(distance), np.sort(d), atol=1e-9)


@pytest.mark.parametrize("name", SIMPLE)
def test_nearest_distances_by_hand(name):
    np.testing.assert_allclose(nearest_distances(SIMPLE[name]), D_NN[name], rtol=1e-12)


def test_a_disordered_site_is_no_neighbour_of_itself():
    crystal = Crystal([[0, 0, 0], [0, 0, 0]], ["Cu", "Au"], cell=3 * np.eye(3), occupancies=[0.5, 0.5])
    np.testing.assert_allclose(nearest_distances(crystal), [3.0])


def test_far_atoms_of_a_cluster_still_find_each_other():
    crystal = Crystal([[0, 0, 0], [0, 0, 1.0], [500, 0, 0]], ["H", "H", "H"])
    np.testing.assert_allclose(nearest_distances(crystal), [1.0, 1.0, 500.0])


def test_a_large_cluster_uses_the_tree():
    cluster = to_cluster(supercell(SIMPLE["fcc"], (12, 12, 12)))
    np.testing.assert_allclose(nearest_distances(cluster), D_NN["fcc"], rtol=1e-9)


def test_a_single_atom_is_refused():
    with pytest.raises(UnsupportedInputError, match=r"a single atom has no neighbour.*give at least two atoms"):
        nearest_distances(Crystal([[0, 0, 0]], ["He"]))
