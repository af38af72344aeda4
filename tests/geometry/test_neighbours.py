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
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import (
    nearest_distances,
    neighbour_distances,
    pairs,
    random_rotation,
    rotated,
    sorted_distances,
    supercell,
    to_cluster,
)
from xtalprint.geometry.compiled_pairs import compiled_pairs


def brute_force(crystal, cutoff, images=8):
    """The definition: every pair, every image out to a fixed number of cells; one ascending array for each site."""
    ranges = [range(-images, images + 1) if p else (0,) for p in crystal.pbc]
    shifts = np.array(list(product(*ranges))) @ crystal.cell
    result = []
    for i, here in enumerate(crystal.positions):
        distances = np.linalg.norm(crystal.positions[:, None] + shifts - here, axis=-1)
        distances[i, ~shifts.any(axis=1)] = np.inf
        result.append(np.sort(distances[distances <= cutoff]))
    return result


@st.composite
def skewed_crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cell = np.diag(rng.uniform(2, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-1.2, 1.2, (3, 3)), -1))
    n = int(rng.integers(1, 4))
    frac = rng.random((n, 3)) + rng.integers(-2, 3, (n, 3))
    pbc = tuple((rng.random(3) < 0.8).tolist())
    return rotated(Crystal(frac @ cell, [6] * n, cell=cell, pbc=pbc), random_rotation(rng))


def by_site(crystal, cutoff):
    owner, distance = neighbour_distances(crystal, cutoff=cutoff)
    return [distance[owner == i] for i in range(crystal.n_sites)]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(skewed_crystals())
def test_equals_the_sum_over_all_images(crystal):
    for found, expected in zip(by_site(crystal, 5.0), brute_force(crystal, 5.0), strict=True):
        assert len(found) == len(expected)
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_bounds_are_exact_for_a_needle():
    """57 cells along a lie between neighbours that belong together."""
    cell = [[4.0, 0, 0], [4.0 * 57 + 0.5, 4.0, 0], [4.0 * 31 - 1.0, 4.0 * 23 + 1.0, 4.0]]
    crystal = Crystal([[0.3, 0.2, 0.1]], [6], cell=cell)
    straight = Crystal([[0, 0, 0]], [6], cell=[[4.0, 0, 0], [0.5, 4.0, 0], [-1 - 11.5, 1.0, 4.0]])
    for k in (1, 7, 30):
        np.testing.assert_allclose(sorted_distances(crystal, k=k), sorted_distances(straight, k=k), atol=1e-9)
    found, expected = neighbour_distances(crystal, cutoff=9.0)[1], brute_force(straight, 9.0)[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(skewed_crystals())
def test_table_compiled_loop_and_tree_agree(crystal):
    sites = pairs.Sites.of(crystal)
    reach = sites.reach(5.0)
    table = pairs._table_pairs(sites, 5.0)
    compiled = compiled_pairs(sites.points, sites.fractional, sites.cell, sites.pbc, reach, 25.0)
    tree = pairs._tree_pairs(sites, 5.0)
    np.testing.assert_array_equal(table[0], compiled[0])
    np.testing.assert_array_equal(np.sort(table[1]), np.sort(compiled[1]), err_msg="to the last bit")
    np.testing.assert_array_equal(table[0], tree[0])
    np.testing.assert_allclose(np.sort(table[1]), np.sort(tree[1]), rtol=1e-14)


@pytest.mark.parametrize("few", [True, False])
@settings(derandomize=True, deadline=None, max_examples=25)
@given(skewed_crystals(), st.integers(1, 20))
def test_the_nearest_k_are_the_first_k(few, crystal, k):
    if not all(crystal.pbc):
        crystal = Crystal(crystal.positions, crystal.numbers, cell=crystal.cell)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "TREE_FROM", 10**9 if few else 0)
        patch.setattr(pairs, "TREE_FROM_FEW", 10**9 if few else 0)
        found = sorted_distances(crystal, k=k)
    expected = np.array([d[:k] for d in brute_force(crystal, 12.0)])
    np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(skewed_crystals(), st.integers(1, 3), st.integers(1, 3))
def test_nearest_distance_does_not_depend_on_the_supercell(crystal, i, j):
    if not all(crystal.pbc):
        crystal = Crystal(crystal.positions, crystal.numbers, cell=crystal.cell)
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


def test_more_neighbours_than_a_cluster_has_are_refused():
    cluster = Crystal([[0, 0, 0], [0, 0, 1.0], [0, 2.0, 0]], ["H", "H", "H"], source="water.xyz", frame=2)
    assert sorted_distances(cluster, k=2).shape == (3, 2)
    with pytest.raises(UnsupportedInputError, match=r"water.xyz, frame 2: a cluster of 3 .*ask for at most 2"):
        sorted_distances(cluster, k=3)


@pytest.mark.parametrize("cutoff", [0, -1, np.nan, np.inf])
def test_nonsense_cutoffs_are_refused(cutoff):
    with pytest.raises(XtalprintError, match="cutoff must be a positive number"):
        neighbour_distances(SIMPLE["sc"], cutoff=cutoff)


def test_no_neighbours_at_all_is_refused():
    with pytest.raises(XtalprintError, match="at least 1"):
        sorted_distances(SIMPLE["sc"], k=0)


@pytest.mark.parametrize(("name", "shells"), [("fcc", [12, 6, 24]), ("bcc", [8, 6, 12]), ("sc", [6, 12, 8])])
def test_coordination_shells(name, shells):
    squares = {"fcc": [1, 2, 3], "bcc": [1, 4 / 3, 8 / 3], "sc": [1, 2, 3]}[name]
    expected = np.repeat(D_NN[name] * np.sqrt(squares), shells)
    np.testing.assert_allclose(sorted_distances(SIMPLE[name], k=sum(shells))[0], expected, rtol=1e-9)


def test_a_line_and_a_sheet_repeat_along_their_own_directions_only():
    line = Crystal([[0, 0, 0], [1.0, 0.5, 0]], ["C", "C"], cell=np.diag([3.0, 1.0, 1.0]), pbc=(True, False, False))
    np.testing.assert_allclose(sorted_distances(line, k=3)[0], [np.hypot(1, 0.5), np.hypot(2, 0.5), 3.0])


@settings(derandomize=True, deadline=None, max_examples=30)
@given(skewed_crystals(), st.integers(0, 2**32 - 1))
def test_rotation_translation_and_order_do_not_matter(crystal, seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(crystal))
    moved = rotated(
        Crystal(
            crystal.positions[order] + rng.uniform(-9, 9, 3),
            crystal.numbers[order],
            cell=crystal.cell,
            pbc=crystal.pbc,
        ),
        random_rotation(rng),
    )
    expected = by_site(crystal, 4.0)
    for found, i in zip(by_site(moved, 4.0), order.tolist(), strict=True):
        np.testing.assert_allclose(found, expected[i], atol=1e-9)
