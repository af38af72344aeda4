"""A large supercell is its primitive cell; what is none is left as it is."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.defects import displace_gaussian, substitute
from xtalprint.geometry import supercell, to_cluster
from xtalprint.geometry.primitive import NEAREST, without_copies
from xtalprint.geometry.translations import find_translations

FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
NACL = Crystal([[0, 0, 0], [2.82, 2.82, 2.82]], ["Na", "Cl"], cell=2.82 * FACE)
LARGE = supercell(NACL, (22, 22, 22))


def shuffled(crystal, decimals=None):
    """Rows in another order, some in the next cells, perhaps rounded as a file has them."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(crystal))
    positions = crystal.positions + rng.integers(-1, 2, (len(crystal), 3)) @ crystal.cell
    positions = positions if decimals is None else np.round(positions, decimals)
    return Crystal(positions[order], crystal.numbers[order], cell=crystal.cell)


@pytest.mark.parametrize("decimals", [None, 4])
def test_a_perfect_supercell_is_its_primitive_cell(decimals):
    found = without_copies(shuffled(LARGE, decimals))
    assert sorted(found.symbols) == ["Cl", "Na"]
    assert found.volume == pytest.approx(NACL.volume, rel=1e-9)
    apart = 2 * (found.positions[1] - found.positions[0]) @ np.linalg.inv(found.cell)
    np.testing.assert_allclose(apart, np.round(apart), atol=1e-5)
    assert (np.round(apart) % 2 == 1).any(), "half of a vector, where the other element stands"


def test_elements_count_or_not():
    alloy = substitute(LARGE, 0.5, np.random.default_rng(0), elements=("K",))
    assert without_copies(alloy) is alloy
    assert without_copies(alloy, elements=False).n_sites == 1
    assert without_copies(alloy) is alloy, "the last answer is not that of the other question"
    half = Crystal(LARGE.positions, LARGE.numbers, cell=LARGE.cell, occupancies=np.where(LARGE.numbers == 11, 0.5, 1))
    assert without_copies(half, elements=False).n_sites == 2


def test_what_is_no_supercell_or_does_not_repeat_stays_itself():
    noisy = displace_gaussian(LARGE, 0.05, np.random.default_rng(0))
    impure = Crystal(LARGE.positions, [47, *LARGE.numbers[1:]], cell=LARGE.cell)
    vacant = Crystal(LARGE.positions[1:], LARGE.numbers[1:], cell=LARGE.cell)
    slab = Crystal(LARGE.positions, LARGE.numbers, cell=LARGE.cell, pbc=(True, True, False))
    for crystal in (noisy, impure, vacant, slab, to_cluster(LARGE)):
        assert without_copies(crystal) is crystal


def test_looking_among_the_nearest_sites_finds_the_same_lattice():
    """A cell of 8 sites that has no shorter translation, in a box with more copies than are looked at."""
    sites = np.random.default_rng(1).random((8, 3))
    cell = np.diag([4.0, 5.0, 6.0])
    box = supercell(Crystal(sites @ cell, [6] * 8, cell=cell), (9, 9, 9))
    assert len(box) > NEAREST
    arguments = (box.positions, box.numbers, np.array(box.cell))
    near, all_of_them = (find_translations(*arguments, tolerance=1e-3, nearest=n) for n in (NEAREST, None))
    for found in (near, all_of_them):
        assert abs(np.linalg.det(found.cell)) == pytest.approx(120)
        assert found.class_of_site.max() == 7
    np.testing.assert_array_equal(near.class_of_site, all_of_them.class_of_site)


def test_a_translation_beyond_the_sites_that_are_looked_at_is_none():
    """Of a needle the nearest sites reach less far than its third vector: better no cell than one too large."""
    chain = np.random.default_rng(2).random((300, 3)) * [2.0, 2.0, 900.0]
    cell = np.diag([2.0, 2.0, 900.0])
    box = supercell(Crystal(chain, [6] * 300, cell=cell), (4, 4, 2))
    found = find_translations(box.positions, box.numbers, np.array(box.cell), tolerance=1e-3, nearest=100)
    assert found.cell is None
