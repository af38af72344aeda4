"""Replicas, pieces and rotations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import (
    central_block,
    random_rotation,
    rotated,
    standard_cell,
    supercell,
    supercell_to,
    to_cluster,
)


def test_supercell_counts_and_volume():
    crystal = supercell(SIMPLE["hcp"], (2, 3, 4))
    assert len(crystal) == 48
    assert crystal.volume == pytest.approx(24 * SIMPLE["hcp"].volume)


@pytest.mark.parametrize("name", SIMPLE)
def test_at_least_so_many_and_compact(name):
    cell = standard_cell(SIMPLE[name])
    box = supercell_to(cell, min_atoms=256)
    lengths = np.linalg.norm(box.cell, axis=1)
    assert 256 <= len(box) < 2 * 256
    assert lengths.max() / lengths.min() < 1.7


def test_the_authors_rule_step_by_step():
    """Simple cubic: 7·6·6 = 252 is too few, 7·7·6 = 294 is enough."""
    box = supercell_to(SIMPLE["sc"], min_atoms=256)
    np.testing.assert_allclose(np.diag(box.cell) / 3.35, [7, 7, 6])


def test_a_large_cell_stays_as_it_is():
    box = supercell(SIMPLE["fcc"], (8, 8, 8))
    assert supercell_to(box, min_atoms=256) == box


def test_only_periodic_directions_are_repeated():
    slab = Crystal([[0, 0, 0]], ["C"], cell=np.diag([2.0, 2.0, 1.0]), pbc=(True, True, False))
    np.testing.assert_allclose(np.diag(supercell_to(slab, min_atoms=16).cell), [8, 8, 1])


def test_clusters_cannot_be_repeated():
    cluster = to_cluster(SIMPLE["diam"])
    for call in (lambda: supercell(cluster, (1, 1, 2)), lambda: supercell_to(cluster)):
        with pytest.raises(UnsupportedInputError, match="a cluster cannot be repeated"):
            call()


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.sampled_from(sorted(SIMPLE)), st.integers(20, 400))
def test_central_block_has_the_size_asked_for_and_is_compact(name, n):
    box = supercell_to(standard_cell(SIMPLE[name]), min_atoms=1500)
    piece = central_block(box, n_atoms=n)
    assert len(piece) == n
    assert piece.is_cluster
    extent = np.ptp(piece.positions, axis=0)
    edge = (n * box.volume / len(box)) ** (1 / 3)
    assert extent.max() < 2.2 * edge + 3


def test_central_block_of_a_wrapped_box_is_one_piece():
    box = supercell(standard_cell(SIMPLE["fcc"]), (8, 8, 8))
    shifted = Crystal(box.positions + 13.7, box.numbers, cell=box.cell)
    extent = np.ptp(central_block(shifted, n_atoms=256).positions, axis=0)
    assert extent.max() < 17


def test_a_small_crystal_is_not_cut():
    assert len(central_block(SIMPLE["diam"], n_atoms=10)) == 2


def test_random_rotations_are_rotations():
    rng = np.random.default_rng(0)
    for _ in range(20):
        matrix = random_rotation(rng)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix) == pytest.approx(1)


def test_a_shear_is_no_rotation():
    with pytest.raises(XtalprintError, match="orthogonal"):
        rotated(SIMPLE["sc"], np.array([[1, 0.1, 0], [0, 1, 0], [0, 0, 1]]))


def test_repeats_below_one_are_refused():
    with pytest.raises(XtalprintError, match="at least 1"):
        supercell(SIMPLE["sc"], (0, 1, 1))
