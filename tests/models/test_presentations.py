"""Random ways to bring a crystal: what they promise, and the same from the same random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.geometry import nearest_distances, supercell
from xtalprint.models.presentations import (
    FEWEST,
    FEWEST_LEFT,
    LARGEST_DISPLACEMENT,
    MOST_VACANCIES,
    disordered,
    present,
    random_piece,
)

FCC = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
SKEWED = Crystal([[0, 0, 0], [1.1, 1.4, 1.3]], ["Ti", "Ti"], cell=[[2.9, 0, 0], [1.2, 2.7, 0], [-1.1, 0.9, 4.4]])


@pytest.mark.parametrize("crystal", [FCC, SKEWED], ids=["fcc", "skewed"])
def test_presentations_stay_within_their_limits(crystal):
    seen = [present(crystal, np.random.default_rng([0, row])) for row in range(200)]
    for sample in seen:
        assert 0 <= sample.displacement <= LARGEST_DISPLACEMENT
        assert 0 <= sample.vacancies <= MOST_VACANCIES
        if sample.vacancies or sample.crystal.is_cluster:
            assert sample.crystal.n_sites >= FEWEST_LEFT
    assert 0.25 < np.mean([not sample.crystal.is_cluster for sample in seen]) < 0.55
    assert any(s.displacement and s.vacancies for s in seen)
    assert any(not s.displacement and not s.vacancies for s in seen)


def test_the_same_random_numbers_give_the_same_sample():
    one, other = (present(SKEWED, np.random.default_rng(5)).crystal for _ in range(2))
    np.testing.assert_array_equal(one.positions, other.positions)


def test_a_piece_holds_all_atoms_of_its_region_and_no_others():
    """Every atom of a piece has its bonds at the length of the crystal, and the density is that of the crystal."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        piece = random_piece(SKEWED, 300, rng)
        assert piece.n_sites >= FEWEST
        assert 180 < piece.n_sites < 420
        bonds = nearest_distances(piece)
        assert np.isclose(bonds.min(), nearest_distances(SKEWED).min())
    # As dense as the crystal: neighbours of the atom nearest to the middle.
    big = supercell(SKEWED, (7, 7, 5))
    middle = big.positions[np.argmin(np.linalg.norm(big.positions - big.positions.mean(axis=0), axis=1))]
    inner = piece.positions[np.argmin(np.linalg.norm(piece.positions - piece.positions.mean(axis=0), axis=1))]
    within = [np.sort(np.linalg.norm(c.positions - m, axis=1))[:13] for c, m in ((big, middle), (piece, inner))]
    np.testing.assert_allclose(within[0], within[1], atol=1e-8)


def test_a_piece_is_cut_out_of_a_crystal_only():
    with pytest.raises(ValueError, match="not out of a cluster"):
        random_piece(Crystal([[0, 0, 0]], ["Cu"]), 100, np.random.default_rng(0))


def test_disordered_matter_comes_as_box_and_as_piece():
    made = [disordered([FCC, SKEWED], np.random.default_rng(row)) for row in range(60)]
    assert {matter.is_cluster for matter in made} == {True, False}
    assert min(matter.n_sites for matter in made) >= 30
