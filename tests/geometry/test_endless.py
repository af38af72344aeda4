"""Tolerances at which moyopy would multiply operations until the memory is gone."""

from __future__ import annotations

import time

import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.defects import displace_gaussian
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import nearest_distances, space_group_number, supercell, symmetry
from xtalprint.geometry.endless import is_endless
from xtalprint.geometry.symmetry import find_symmetry
from xtalprint.geometry.translations import single_translations
from xtalprint.prototypes import body_centred_tetragonal, rhombohedral, simple_lattice

#: One site, five tolerances of 0.6 Å from its images: it fits on itself nearly as a cube and nearly otherwise.
CONTRADICTORY = np.array([[3.14, -0.16, -0.86], [-0.05, 2.64, 0.49], [-0.13, 0.04, 2.62]])
#: A mean cell of noise: at 0.594 Å moyopy takes 0.1 GB a second, though no lattice vector is shorter than 4.6 of it.
NOISE = (
    [[-1.31, 1.91, -1.47], [5.95, 4.45, 0.2], [4.14, -0.76, -6.31]],
    [
        *([0.93, 8.96, 0.3], [-0.12, 6.62, 3.9], [-3.96, 6.4, 1.92], [-2.04, 6.73, 0.22], [6.37, 5.63, 0.84]),
        *([-0.1, 7.08, -1.35], [-1.49, 6.31, 5.05], [-3.41, 4.8, -1.29], [4.85, 1.02, 7.37], [0.15, 3.45, -1.64]),
    ],
)


@pytest.fixture
def never_asked(monkeypatch):
    """The tests must not eat memory where the guard fails."""

    def fail(*_):
        raise AssertionError("moyopy was asked")

    monkeypatch.setattr(symmetry, "_ask_moyopy", fail)


def contradictory():
    return Crystal([[0.0, 0, 0]], ["Po"], cell=CONTRADICTORY)


def noise():
    return Crystal(NOISE[1], ["Po"] * 10, cell=NOISE[0])


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(("make", "symprec"), [(contradictory, 0.6), (noise, 0.594)])
def test_a_lattice_that_contradicts_itself_is_not_searched(make, symprec):
    start = time.perf_counter()
    assert find_symmetry(make(), symprec=symprec) is None
    with pytest.raises(UnsupportedInputError, match="try a smaller tolerance"):
        space_group_number(make(), symprec=symprec)
    assert time.perf_counter() - start < 10  # the first call may compile


@pytest.mark.parametrize(("make", "symprec", "number"), [(contradictory, 0.01, 2), (noise, 0.3, 1), (noise, 0.38, 2)])
def test_it_is_searched_at_a_smaller_tolerance(make, symprec, number):
    assert space_group_number(make(), symprec=symprec) == number


@pytest.mark.parametrize("name", ["sc", "fcc", "bcc", "diam", "hcp"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_perfect_crystals_are_searched(name, share):
    crystal = simple_lattice(name)
    symprec = share * float(nearest_distances(crystal).min())
    for sample in (crystal, supercell(crystal, (2, 2, 2)), supercell(crystal, (1, 3, 2))):
        assert not is_endless(sample, symprec)
        assert space_group_number(sample, symprec=symprec) == space_group_number(crystal)


def test_atoms_that_cannot_be_told_from_their_neighbours():
    """Some translations hold, without a lattice, and atoms come nearer to each other than three tolerances."""
    crystal = supercell(rhombohedral(4.0, 2.4), (3, 2, 2))
    noisy = displace_gaussian(crystal, 0.1 * float(nearest_distances(crystal).mean()), np.random.default_rng(36))
    nearest = float(nearest_distances(noisy).min())
    assert not is_endless(noisy, 0.02 * nearest)
    assert not is_endless(crystal, 0.1 * nearest)
    assert is_endless(noisy, 0.35 * nearest)


def test_translations_on_their_own():
    crystal = supercell(body_centred_tetragonal(3.0, 1.2), (2, 1, 1))
    found = single_translations(crystal.positions, np.zeros(4, dtype=np.int64), crystal.cell, tolerance=0.01)
    assert len(found) == 3
    moved = crystal.positions.copy()
    moved[0] += [0.3, 0, 0]
    found = single_translations(moved, np.zeros(4, dtype=np.int64), crystal.cell, tolerance=0.01)
    assert found.shape == (0, 3)
