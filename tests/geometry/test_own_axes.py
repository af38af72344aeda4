"""Axes from the atoms' own repeats, in boxes and pieces, with noise and vacancies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.crystal import Crystal
from xtalprint.datasets import elemental_solids
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import nearest_distances, rotated, space_group_number, supercell_to
from xtalprint.geometry.own_axes import own_axes
from xtalprint.geometry.supercells import random_rotation
from xtalprint.models.presentations import disordered, present, random_piece
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


def assert_sound(found):
    if found is not None:
        assert np.isfinite(found.crystal.positions).all()
        assert np.isfinite([found.scatter, found.error]).all()
        assert found.crystal.volume > 0
        assert 0 < found.explained <= 1


@pytest.fixture(scope="module")
def made():
    return elemental_solids(seed=5, n=40, workers=1).crystals


@settings(derandomize=True, deadline=None, max_examples=40)
@given(row=st.integers(0, 39), seed=st.integers(0, 2**32 - 1), crystalline=st.booleans())
def test_whatever_comes_is_found_soundly_or_not(made, row, seed, crystalline):
    rng = np.random.default_rng(seed)
    assert_sound(own_axes(present(made[row], rng).crystal if crystalline else disordered(made, rng)))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(*3 * [st.integers(1, 5)]),
    skew=st.floats(0, 0.8),
    noise=st.sampled_from([0.0, 0.01, 0.3]),
    basis=st.integers(1, 3),
)
def test_small_flat_and_needle_like_pieces_raise_nothing(seed, sizes, skew, noise, basis):
    rng = np.random.default_rng(seed)
    cell = 2.5 * (np.eye(3) + skew * rng.uniform(-1, 1, (3, 3)))
    steps = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1).reshape(-1, 3)
    places = (steps[:, None] + rng.random((basis, 3))).reshape(-1, 3) @ cell
    places += noise * rng.normal(size=places.shape)
    assert_sound(own_axes(Crystal(places, ["Fe"] * len(places))))
