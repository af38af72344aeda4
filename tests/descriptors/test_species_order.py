"""Order with the elements told apart: invariant as the other, blind to names, and right against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import geometry
from xtalprint.crystal import Crystal
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.geometry import bond_moments as bonds
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.presentations import random_piece
from xtalprint.prototypes.named import named_prototypes

DESCRIPTOR = BondOrientationalOrder(species=True)
PROTOTYPES = {p.name: p for p in named_prototypes()}
BINARIES = [p.name for p in PROTOTYPES.values() if p.n_elements == 2]


def array(crystal):
    return DESCRIPTOR.compute(crystal).array


def exchanged(crystal, first=11, second=17):
    other = np.where(crystal.numbers == crystal.numbers[0], first, second)
    return Crystal(crystal.positions, other, cell=crystal.cell)


@pytest.mark.parametrize("name", ["fcc", "alpha-As", "gamma-Se"])
def test_for_one_element_both_blocks_are_the_same_and_the_first_is_that_of_all_pairs(name):
    found = array(PROTOTYPES[name].crystal)
    assert found.shape == (38, 40)
    assert len(DESCRIPTOR.channels) == 38
    np.testing.assert_array_equal(found[:19], found[19:])
    np.testing.assert_array_equal(found[:19], BondOrientationalOrder().compute(PROTOTYPES[name].crystal).array)


@pytest.mark.parametrize("name", BINARIES)
def test_names_of_the_elements_do_not_matter(name):
    crystal = PROTOTYPES[name].crystal
    np.testing.assert_array_equal(array(exchanged(crystal)), array(exchanged(crystal, 17, 11)))
    piece = random_piece(crystal, 90, np.random.default_rng(0))
    np.testing.assert_array_equal(array(exchanged(piece)), array(exchanged(piece, 79, 3)))


@pytest.mark.parametrize("name", BINARIES)
def test_every_cell_place_orientation_and_order_gives_the_same(name):
    crystal = PROTOTYPES[name].crystal
    rng = np.random.default_rng(1)
    cell = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ crystal.cell
    rows = rng.permutation(len(crystal))
    other = Crystal((crystal.positions + np.array([1, 2, 3]))[rows], crystal.numbers[rows], cell=cell)
    big = geometry.rotated(geometry.supercell(other, (3, 1, 2)), geometry.random_rotation(rng))
    # The soft signs of weak order are the least exact channels.
    np.testing.assert_allclose(array(big), array(crystal), atol=2e-3)


@pytest.mark.parametrize(
    ("compound", "element"), [("rock salt", "sc"), ("CsCl", "bcc"), ("zinc blende", "diamond"), ("Cu3Au", "fcc")]
)
def test_a_compound_is_its_lattice_in_all_pairs_and_not_in_like_pairs(compound, element):
    found, lattice = array(PROTOTYPES[compound].crystal), array(PROTOTYPES[element].crystal)
    np.testing.assert_allclose(found[:19], lattice[:19], atol=1e-4)
    assert np.abs(found[19:] - lattice[19:]).max() > 0.5
    apart = network_input(np.stack([found, lattice]))
    assert np.linalg.norm(apart[0] - apart[1]) > 2


def by_hand(crystal, step, n_steps):
    """Counts of like pairs of a cluster, one pair after the other."""
    counts = np.zeros(n_steps)
    for i in range(len(crystal)):
        for j in range(i):
            place = np.linalg.norm(crystal.positions[i] - crystal.positions[j]) / step
            if crystal.numbers[i] == crystal.numbers[j] and place < n_steps - 1:
                counts[int(place)] += 1 - place % 1
                counts[int(place) + 1] += place % 1
    return counts


@pytest.mark.parametrize("compiled", [True, False])
def test_like_pairs_are_those_counted_by_hand(monkeypatch, compiled):
    monkeypatch.setattr(bonds, "COMPILED_FROM", 0 if compiled else 10**9)
    rng = np.random.default_rng(2)
    cluster = Crystal(rng.uniform(0, 9, (60, 3)), rng.choice([11, 17, 19], size=60))
    total = bonds.bond_moments(cluster, step=0.11, n_steps=60)
    like = bonds.like_moments(cluster, total, n_steps=60)
    np.testing.assert_allclose(like.counts, by_hand(cluster, 0.11, 60), atol=1e-9)
    assert 0 < like.counts.sum() < total.counts.sum()


def test_compiled_and_written_out_sums_agree(monkeypatch):
    crystal = PROTOTYPES["MnP"].crystal
    found = []
    for least in (0, 10**9):
        monkeypatch.setattr(bonds, "COMPILED_FROM", least)
        found.append(array(crystal))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_a_mixture_on_a_site_is_partly_like_itself():
    """Cu and Zn, half each, at random on bcc: half of all pairs are of the same element."""
    edge = 2.95 * np.eye(3)
    places = [[0, 0, 0], [0, 0, 0], [1.475] * 3, [1.475] * 3]
    brass = Crystal(places, [29, 30, 29, 30], cell=edge, occupancies=[0.5] * 4)
    found = array(brass)
    np.testing.assert_allclose(found[19:], 0.5 * found[:19], atol=1e-5)


def test_many_are_the_same_as_one_by_one():
    crystals = [PROTOTYPES[name].crystal for name in BINARIES]
    batch = DESCRIPTOR.compute_many(crystals, threads=2)
    np.testing.assert_array_equal(batch.array, [array(crystal) for crystal in crystals])
