"""Axes from the atoms' own repeats, in boxes and pieces, with noise and vacancies."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import nearest_distances, rotated, space_group_number, supercell_to
from xtalprint.geometry.own_axes import own_axes
from xtalprint.geometry.supercells import random_rotation
from xtalprint.models.presentations import random_piece
from xtalprint.prototypes import simple_lattice

GROUPS = {"sc": 221, "fcc": 225, "bcc": 229, "diam": 227, "hcp": 194, "bct_139": 139, "bct_141": 141}


@pytest.mark.parametrize("name", GROUPS)
def test_a_turned_piece_has_its_own_lattice(name):
    crystal = simple_lattice(name)
    found = own_axes(random_piece(crystal, 200, np.random.default_rng(1)))
    assert found.scatter < 1e-9
    assert found.explained == 1
    assert found.crystal.volume / len(found.crystal) == pytest.approx(crystal.volume / len(crystal))
    assert space_group_number(found.crystal, symprec=0.001) == GROUPS[name]


@pytest.mark.parametrize("name", ["fcc", "bcc", "sc"])
def test_noise_and_vacancies_are_averaged_out(name):
    rng = np.random.default_rng(2)
    crystal = simple_lattice(name)
    length = float(nearest_distances(crystal).mean())
    box = rotated(supercell_to(crystal, min_atoms=256), random_rotation(rng))
    for sample in (box, random_piece(crystal, 256, rng)):
        noisy = vacancies(displace_gaussian(sample, 0.04 * length, rng), 0.25, rng)
        found = own_axes(noisy)
        # Now and then a translation is missed and the cell is twice the primitive one.
        assert len(found.crystal) <= 2
        assert found.scatter == pytest.approx(0.04 * length, rel=0.15)
        assert found.error < 0.2 * found.scatter
        assert nearest_distances(found.crystal)[0] == pytest.approx(length, rel=0.02)


def test_forty_per_cent_vacancies():
    rng = np.random.default_rng(3)
    found = own_axes(vacancies(random_piece(simple_lattice("hcp"), 150, rng), 0.4, rng))
    assert space_group_number(found.crystal, symprec=0.001) == 194


def test_where_nothing_repeats_nothing_is_found():
    rng = np.random.default_rng(4)
    gas = Crystal(rng.uniform(0, 20, (150, 3)), ["Ar"] * 150)
    assert own_axes(gas) is None


def test_a_flat_piece_has_no_lattice():
    square = np.array([[x, y, 0.0] for x in range(12) for y in range(12)])
    assert own_axes(Crystal(3 * square, ["C"] * 144)) is None


def test_a_primitive_cell_is_repeated_first():
    copper = Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    found = own_axes(copper)
    assert found.crystal.volume == pytest.approx(copper.volume)
