"""What stands alone in its cell is taken as finite; what only has wide layers is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.geometry import supercell, to_cluster
from xtalprint.geometry.neighbours import sorted_distances
from xtalprint.geometry.vacuum import thickness, without_vacuum


def boxed(piece, edges, shift=(0.0, 0.0, 0.0)):
    """Atoms of a piece in a box of their own, across its faces as the shift has it."""
    cell = np.diag(edges)
    places = (piece.positions - piece.positions.min(axis=0) + shift) @ np.linalg.inv(cell) % 1.0
    return Crystal(places @ cell, piece.numbers, cell=cell)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(shift=st.tuples(*3 * [st.floats(0, 40)]))
def test_a_particle_is_whole_again_wherever_it_lies_in_its_box(shift):
    particle = to_cluster(supercell(SIMPLE["fcc"], (4, 4, 4)))
    found, vacuum = without_vacuum(boxed(particle, (40, 42, 44), shift))
    assert found.cell is None
    assert (vacuum.gap > 20).all()
    assert vacuum.matter == pytest.approx(np.ptp(particle.positions, axis=0).min())
    wanted, distances = (
        np.sort(np.linalg.norm(c.positions[:, None] - c.positions, axis=2).ravel()) for c in (particle, found)
    )
    np.testing.assert_allclose(distances, wanted, atol=1e-8)


def test_a_slab_keeps_the_directions_in_which_it_repeats():
    slab = supercell(SIMPLE["sc"], (3, 3, 3))
    cell = np.array(slab.cell) + np.diag([0, 0, 12.0])
    found, vacuum = without_vacuum(Crystal(slab.positions, slab.numbers, cell=cell))
    assert found.pbc == (True, True, False)
    spacing = np.linalg.norm(slab.cell[2]) / 3
    np.testing.assert_allclose(vacuum.gap, [12 + spacing])
    assert vacuum.matter == pytest.approx(2 * spacing)
    np.testing.assert_array_equal(found.numbers, slab.numbers)


def monolayer():
    """MoS2 with 20 Å of vacuum."""
    cell = np.array([[3.16, 0, 0], [-1.58, 2.7366, 0], [0, 0, 23.17]])
    places = np.array([[0, 0, 0.5], [2 / 3, 1 / 3, 0.5685], [2 / 3, 1 / 3, 0.4315]])
    return Crystal(places @ cell, ["Mo", "S", "S"], cell=cell)


WATER = np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
ALONE = {
    "monolayer": monolayer(),
    "slab": Crystal([[0, 0, 0], [1.28, 1.28, 1.81]], ["Cu"] * 2, cell=np.diag([2.56, 2.56, 18])),
    "wire": Crystal([[0, 0, 0], [1.6, 1, 0]], ["Cu"] * 2, cell=np.diag([3.1, 14, 19])),
    "wire in a hexagonal cell": Crystal(
        [[0, 0, 0], [0.3, 1, 1.5]], ["Cu"] * 2, cell=[[15, 0, 0], [-7.5, 7.5 * np.sqrt(3), 0], [0, 0, 3.1]]
    ),
    "molecule": Crystal(WATER, ["O", "H", "H"], cell=12 * np.eye(3)),
    "molecule in a face-centred cell": Crystal(WATER, ["O", "H", "H"], cell=11 * (np.ones((3, 3)) - np.eye(3))),
}


def unimodular(seed):
    rng = np.random.default_rng(seed)
    matrix = np.eye(3, dtype=int)
    for _ in range(6):
        i, j = rng.permutation(3)[:2]
        matrix[i] += rng.integers(-2, 3) * matrix[j]
    return matrix[rng.permutation(3)]


def in_another_cell(crystal, seed):
    """The same crystal: cell, orientation, origin, images and order of the atoms are others."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    images = rng.integers(-2, 3, (len(crystal), 3)) @ crystal.cell
    order = rng.permutation(len(crystal))
    places = (crystal.positions + images + rng.uniform(0, 20, 3))[order] @ turn
    return Crystal(places, crystal.numbers[order], cell=unimodular(seed) @ crystal.cell @ turn)


@pytest.mark.parametrize("name", ALONE)
@settings(derandomize=True, deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**9))
def test_the_choice_of_the_cell_does_not_matter(name, seed):
    crystal = ALONE[name]
    (one, empty), (other, also) = (without_vacuum(c) for c in (crystal, in_another_cell(crystal, seed)))
    assert sum(one.pbc) == sum(other.pbc) == 3 - len(empty.gap)
    np.testing.assert_allclose(also.gap, empty.gap, atol=1e-6)
    assert also.matter == pytest.approx(empty.matter, abs=1e-6)
    assert str(also) == str(empty)
    if one.cell is None:
        assert other.cell is None
        wanted, found = (
            np.sort(np.linalg.norm(c.positions[:, None] - c.positions, axis=2).ravel()) for c in (one, other)
        )
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    else:
        np.testing.assert_allclose(
            np.sort(sorted_distances(other, k=12), axis=0), np.sort(sorted_distances(one, k=12), axis=0), atol=1e-6
        )


@pytest.mark.parametrize("name", SIMPLE)
def test_a_crystal_has_none_in_any_cell(name):
    for seed in range(5):
        crystal = in_another_cell(supercell(SIMPLE[name], (3, 3, 3)), seed)
        assert without_vacuum(crystal)[0] is crystal


def test_a_slab_that_is_marked_as_one_may_have_any_third_vector():
    """Two ribbons beside each other: what the vector that does not repeat is does not matter."""
    places = np.array([[0, 0, 0], [1.5, 0.8, 1.0]])
    upright = Crystal(places, ["C"] * 2, cell=np.diag([2.5, 15, 20]), pbc=(True, True, False))
    oblique = Crystal(places, ["C"] * 2, cell=[[2.5, 0, 0], [2.5, 15, 0], [3, 9, 20]], pbc=(True, True, False))
    for crystal in (upright, oblique):
        found, vacuum = without_vacuum(crystal)
        assert found.pbc == (True, False, False)
        np.testing.assert_allclose(vacuum.gap, [14.2])


def test_the_vacuum_says_its_thickness_in_words():
    texts = [str(without_vacuum(ALONE[name])[1]) for name in ("monolayer", "wire", "molecule")]
    assert texts == [
        "vacuum of 20 Å in one direction",
        "vacuum of 13 Å and 19 Å in two directions",
        "vacuum of 10.8 Å, 11.1 Å and 12 Å in three directions",
    ]


@pytest.mark.parametrize("name", SIMPLE)
def test_a_crystal_has_no_vacuum(name):
    found, vacuum = without_vacuum(SIMPLE[name])
    assert found is SIMPLE[name]
    assert vacuum is None


def test_layers_and_molecules_are_no_slabs():
    graphite = Crystal(
        np.array([[0, 0, 0.25], [0, 0, 0.75], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])
        @ np.array([[2.46, 0, 0], [-1.23, 2.13, 0], [0, 0, 6.71]]),
        ["C"] * 4,
        cell=[[2.46, 0, 0], [-1.23, 2.13, 0], [0, 0, 6.71]],
    )
    hydrogen = Crystal([[0, 0, 0], [0, 0, 0.74]], ["H"] * 2, cell=np.diag([3.4, 3.4, 4.1]))
    lonely = Crystal([[0, 0, 0]], ["Po"], cell=30 * np.eye(3))
    for crystal in (graphite, hydrogen, lonely):
        assert without_vacuum(crystal)[0] is crystal


def test_a_cluster_stays_one():
    piece = to_cluster(SIMPLE["fcc"])
    assert without_vacuum(piece)[0] is piece


def test_what_repeats_in_three_directions_has_no_thickness():
    assert thickness(SIMPLE["fcc"]) == np.inf


@pytest.mark.parametrize(("pbc", "expected"), [((True, True, False), 2.0), ((True, False, False), 2.0)])
def test_a_slab_and_a_ribbon_are_as_thick_as_their_least_extent(pbc, expected):
    places = np.array([[x, y, z] for x in range(3) for y in range(5) for z in range(3)], dtype=float)
    cell = np.array([[3, 0, 0], [0.5, 5, 0], [0, 0.3, 30.0]])
    cell = cell if pbc[1] else np.diag([3.0, 50, 50])
    assert thickness(Crystal(places, ["Po"] * 45, cell=cell, pbc=pbc)) == pytest.approx(expected, abs=0.35)


def test_a_flake_is_thin_however_it_is_turned_and_a_ball_is_not():
    flake = to_cluster(supercell(SIMPLE["sc"], (9, 9, 2)))
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    spacing = np.linalg.norm(SIMPLE["sc"].cell[2])
    assert thickness(Crystal(flake.positions @ turn, flake.numbers)) == pytest.approx(spacing)
    assert thickness(to_cluster(supercell(SIMPLE["sc"], (4, 4, 4)))) == np.inf
    assert thickness(Crystal([[0, 0, 0], [0, 0, 2.0]], ["Po"] * 2)) == 0
