"""What stands alone in its cell is taken as finite; what only has wide layers is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.geometry import supercell, to_cluster
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
    np.testing.assert_allclose(vacuum.gap, [0, 0, 12 + spacing])
    assert vacuum.matter == pytest.approx(2 * spacing)
    np.testing.assert_array_equal(found.numbers, slab.numbers)


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
