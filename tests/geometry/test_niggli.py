"""The reduced cell: published answers, the conditions themselves, a second implementation, any choice of the cell."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import SIMPLE, in_another_cell, random_cell_change

from xtalprint.crystal import Crystal, cell_parameters
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import neighbour_distances, niggli_cell, supercell, to_cluster
from xtalprint.geometry.niggli import niggli_matrix

seeds = st.integers(0, 2**32 - 1)


def cell_of(*parameters):
    return np.array(gemmi.UnitCell(*parameters).orth.mat.tolist()).T


def test_the_example_of_krivy_and_gruber():
    """Acta Cryst. A32, 297 (1976): a² = 9, b² = 27, c² = 4, 2bc = −5, 2ac = −4, 2ab = −22."""
    a, b, c = 3.0, np.sqrt(27), 2.0
    angles = np.degrees(np.arccos([-5 / (2 * b * c), -4 / (2 * a * c), -22 / (2 * a * b)]))
    cell = cell_of(a, b, c, *angles)
    reduced = niggli_matrix(cell) @ cell
    metric = reduced @ reduced.T
    expected = [4, 9, 9, 9, 3, 4]
    found = [metric[0, 0], metric[1, 1], metric[2, 2], 2 * metric[1, 2], 2 * metric[0, 2], 2 * metric[0, 1]]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "angles"),
    [("sc", (90, 90, 90)), ("fcc", (60, 60, 60)), ("bcc", (109.4712206, 109.4712206, 109.4712206))],
)
def test_cubic_lattices(name, angles):
    found = cell_parameters(niggli_cell(SIMPLE[name]).cell)
    np.testing.assert_allclose(found[:3], found[0])
    np.testing.assert_allclose(found[3:], angles, atol=1e-6)


def is_reduced(cell, slack=1e-6):
    """Niggli's conditions but those for ties (International Tables A, section 3.1.3)."""
    g = cell @ cell.T
    a, b, c = np.diag(g)
    xi, eta, zeta = 2 * g[1, 2], 2 * g[0, 2], 2 * g[0, 1]
    ordered = a <= b + slack <= c + 2 * slack
    short = abs(xi) <= b + slack and abs(eta) <= a + slack and abs(zeta) <= a + slack
    acute = min(xi, eta, zeta) > -slack
    obtuse = max(xi, eta, zeta) < slack and xi + eta + zeta + a + b > -slack
    return ordered and short and (acute or obtuse) and np.linalg.det(cell) > 0


@settings(derandomize=True, deadline=None, max_examples=100)
@given(seeds)
def test_any_cell_of_a_lattice_is_reduced_to_the_same_one(seed):
    rng = np.random.default_rng(seed)
    cell = rng.normal(size=(3, 3)) * 3
    skewed = random_cell_change(rng, steps=8) @ cell
    matrix = niggli_matrix(skewed)
    assert abs(round(np.linalg.det(matrix))) == 1
    assert is_reduced(matrix @ skewed)
    expected = cell_parameters(niggli_matrix(cell) @ cell)
    np.testing.assert_allclose(cell_parameters(matrix @ skewed), expected, atol=1e-6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.sampled_from(sorted(SIMPLE)), seeds)
def test_the_reduced_cell_of_a_symmetric_lattice_does_not_depend_on_the_choice_either(name, seed):
    expected = cell_parameters(niggli_cell(SIMPLE[name]).cell)
    skewed = in_another_cell(SIMPLE[name], np.random.default_rng(seed))
    np.testing.assert_allclose(cell_parameters(niggli_cell(skewed).cell), expected, atol=1e-6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seeds)
def test_same_lengths_and_angles_as_gemmi(seed):
    rng = np.random.default_rng(seed)
    cell = random_cell_change(rng, steps=4) @ rng.normal(size=(3, 3)) * 3
    vector = gemmi.GruberVector(gemmi.UnitCell(*cell_parameters(cell)), "P")
    vector.niggli_reduce()
    found = cell_parameters(niggli_matrix(cell) @ cell)
    np.testing.assert_allclose(found, vector.get_cell().parameters, atol=1e-5)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.sampled_from(sorted(SIMPLE)), seeds)
def test_the_crystal_stays_the_same(name, seed):
    skewed = in_another_cell(supercell(SIMPLE[name], (1, 2, 1)), np.random.default_rng(seed))
    reduced = niggli_cell(skewed)
    assert reduced.volume == pytest.approx(skewed.volume)
    assert reduced.numbers.tolist() == skewed.numbers.tolist()
    assert reduced.frac.min() > -1e-6
    assert reduced.frac.max() < 1
    moved = (reduced.positions - skewed.positions) @ np.linalg.inv(skewed.cell)
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-6)
    np.testing.assert_allclose(
        np.sort(neighbour_distances(reduced, cutoff=5.0)[1]),
        np.sort(neighbour_distances(skewed, cutoff=5.0)[1]),
        atol=1e-6,
    )


def test_a_cluster_and_a_slab_have_none():
    slab = Crystal([[0, 0, 0]], ["C"], cell=np.diag([2.0, 2.0, 9.0]), pbc=(True, True, False))
    for crystal in (to_cluster(SIMPLE["diam"]), slab):
        with pytest.raises(UnsupportedInputError, match=r"three directions has a reduced cell; give the cell"):
            niggli_cell(crystal)
