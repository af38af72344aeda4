"""Replicas, pieces and rotations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import (
    central_block,
    compact_piece,
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
@given(st.sampled_from(sorted(SIMPLE)), st.integers(20, 400), st.integers(0, 2**32 - 1))
def test_central_block_has_about_the_size_asked_for_and_is_compact(name, n, seed):
    box = supercell_to(standard_cell(SIMPLE[name]), min_atoms=1500)
    noisy = displace_gaussian(box, 0.05, np.random.default_rng(seed))
    piece = central_block(noisy, n_atoms=n)
    assert piece.is_cluster
    assert len(piece) == n
    extent = np.ptp(piece.positions, axis=0)
    edge = (n * box.volume / len(box)) ** (1 / 3)
    assert extent.max() < 2.2 * edge + 3


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.sampled_from(sorted(SIMPLE)), st.integers(60, 400), st.integers(0, 2**32 - 1))
def test_neither_the_order_of_the_rows_nor_rounding_decides_what_is_cut(name, n, seed):
    rng = np.random.default_rng(seed)
    box = supercell_to(standard_cell(SIMPLE[name]), min_atoms=1500)
    order = rng.permutation(len(box))
    jitter = rng.uniform(-1e-9, 1e-9, (len(box), 3))
    for crystal in (box, to_cluster(box)):
        moved = Crystal(
            crystal.positions[order] + jitter,
            crystal.numbers[order],
            cell=crystal.cell,
        )
        one, two = central_block(crystal, n_atoms=n), central_block(moved, n_atoms=n)
        assert len(one) == len(two)
        assert 0.5 * n < len(one) < 2 * n
        distance = np.linalg.norm(one.positions[:, None] - two.positions[None], axis=-1).min(axis=1)
        assert distance.max() < 1e-6


def test_central_block_of_a_wrapped_box_is_one_piece():
    box = supercell(standard_cell(SIMPLE["fcc"]), (8, 8, 8))
    shifted = Crystal(box.positions + 13.7, box.numbers, cell=box.cell)
    extent = np.ptp(central_block(shifted, n_atoms=256).positions, axis=0)
    assert extent.max() < 17


def test_a_long_box_and_a_long_cluster_give_a_cube():
    box = supercell(standard_cell(SIMPLE["sc"]), (40, 8, 8))
    for crystal in (box, to_cluster(box)):
        extent = np.ptp(central_block(crystal, n_atoms=343).positions, axis=0)
        np.testing.assert_allclose(extent, extent[0], atol=3.4)


def test_no_site_is_cut_in_half():
    cell = 3.0 * np.eye(3)
    crystal = supercell(
        Crystal([[0, 0, 0]] * 2, ["Cu", "Au"], cell=cell, occupancies=[0.5, 0.5]),
        (6, 6, 6),
    )
    piece = central_block(displace_gaussian(crystal, 0.001, np.random.default_rng(0)), n_atoms=101)
    assert np.bincount(piece.site_of_row).tolist() == [2] * (len(piece) // 2)


def test_a_piece_of_no_atoms_is_refused():
    with pytest.raises(XtalprintError, match="at least one atom"):
        central_block(SIMPLE["sc"], n_atoms=0)


def test_a_slab_cannot_be_repeated_along_the_vacuum():
    slab = Crystal([[0, 0, 0]], ["C"], cell=np.diag([2.0, 2.0, 9.0]), pbc=(True, True, False), source="slab.cif")
    with pytest.raises(UnsupportedInputError, match=r"slab.cif: a crystal cannot be repeated along a direction"):
        supercell(slab, (1, 1, 2))


def test_disordered_sites_are_counted_once():
    crystal = Crystal([[0, 0, 0]] * 2, ["Cu", "Au"], cell=3.0 * np.eye(3), occupancies=[0.5, 0.5])
    box = supercell_to(crystal, min_atoms=27)
    assert box.n_sites == 27
    assert len(box) == 54


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
    with pytest.raises(XtalprintError, match="1 or more"):
        supercell(SIMPLE["sc"], (0, 1, 1))


@pytest.mark.parametrize("shape", [(2, 2, 15), (10, 2, 4), (20, 20, 20)])
def test_a_compact_piece_has_equal_heights_and_the_density_of_the_box(shape):
    rng = np.random.default_rng(0)
    grid = 2.0 * np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
    box = Crystal(grid + rng.uniform(0, 1, grid.shape), ["Ar"] * len(grid), cell=2.0 * np.diag(shape))
    piece = compact_piece(box, n_atoms=500)
    assert piece.is_cluster
    assert abs(len(piece) - 500) <= 60
    extent = np.ptp(piece.positions, axis=0)
    assert extent.max() < 1.2 * extent.min()


def test_a_cluster_has_no_compact_piece_of_a_box():
    with pytest.raises(XtalprintError, match="a cluster cannot be repeated"):
        compact_piece(Crystal([[0, 0, 0], [0, 0, 2]], ["Ar", "Ar"]), n_atoms=10)
