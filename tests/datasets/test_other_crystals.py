"""Made crystals of none of the classes: labels by another search, sources, the same from the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import spglib

from xtalprint.crystal import Crystal
from xtalprint.datasets import other_crystals
from xtalprint.datasets.other_candidates import SYSTEMS, stacking
from xtalprint.geometry import nearest_distances
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

PARENTS = [
    Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), source="fcc", frame=0),
    Crystal([[0, 0, 0], [1.6, 1.6, 2.4]], ["In"] * 2, cell=np.diag([3.2, 3.2, 4.8]), source="bct", frame=1),
]


@pytest.fixture(scope="module")
def made():
    return other_crystals(PARENTS, seed=3, n=40, workers=1)


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
def test_no_search_finds_a_class(made):
    for crystal in made:
        for share in (1e-3, 0.04):
            symprec = share * float(nearest_distances(crystal).mean())
            cell = (crystal.cell.tolist(), crystal.frac.tolist(), [1] * len(crystal))
            assert spglib.get_symmetry_dataset(cell, symprec=symprec).number not in CLASS_OF_SPACE_GROUP


def test_all_three_kinds_are_made(made):
    kinds = {crystal.source.split()[0].split("-")[0] for crystal in made}
    assert kinds == {"orbits", "neighbour", "stacking"}


def test_the_same_seed_gives_the_same_crystals(made):
    again = other_crystals(PARENTS, seed=3, n=5, workers=1)
    for one, other in zip(again, made, strict=False):
        np.testing.assert_array_equal(one.positions, other.positions)
    [other] = other_crystals(PARENTS, seed=4, n=1, workers=1)
    assert len(other) != len(made[0]) or not np.array_equal(other.positions, made[0].positions)


def test_crystals_can_be_made_from_any_number_on(made):
    later = other_crystals(PARENTS, seed=3, n=5, first=4, workers=1)
    for one, other in zip(later, made[4:], strict=False):
        np.testing.assert_array_equal(one.positions, other.positions)


def test_the_systems_hold_all_groups_but_those_of_the_classes():
    assert sorted(sum(SYSTEMS, ())) == [g for g in range(1, 231) if g not in CLASS_OF_SPACE_GROUP]


def test_neighbouring_layers_of_a_stacking_differ():
    for seed in range(30):
        name = stacking(np.random.default_rng(seed)).origin.split()[1]
        assert all(a != b for a, b in zip(name, name[1:] + name[0], strict=True))
