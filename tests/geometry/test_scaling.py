"""The bond length: by hand on pristine crystals, the authors' shrinking mean, the robust one under noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import D_NN, SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.errors import XtalprintError
from xtalprint.geometry import (
    bond_length,
    random_rotation,
    rotated,
    scaled,
    supercell,
    supercell_to,
    to_cluster,
)


@pytest.mark.parametrize("method", ["mean", "robust"])
@pytest.mark.parametrize("name", SIMPLE)
def test_pristine_crystals_have_their_textbook_bond(name, method):
    assert bond_length(SIMPLE[name], method=method) == pytest.approx(D_NN[name], rel=1e-12)
    cluster = to_cluster(supercell_to(SIMPLE[name]))
    assert bond_length(cluster, method=method) == pytest.approx(D_NN[name], rel=1e-9)


@pytest.mark.parametrize(("sigma", "published"), [(0.06, 0.947), (0.10, 0.916)])
def test_the_mean_shrinks_with_noise_as_published_for_fcc_copper(sigma, published):
    rng = np.random.default_rng(0)
    box = supercell_to(SIMPLE["fcc"], min_atoms=2000)
    assert bond_length(displace_gaussian(box, sigma, rng)) / D_NN["fcc"] == pytest.approx(published, abs=0.006)


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize(("sigma", "share"), [(0.02, 0.0), (0.04, 0.0), (0.04, 0.4), (0.08, 0.0)])
def test_noise_and_vacancies_move_the_robust_length_less_than_the_mean(name, sigma, share):
    """Indium moves most: its first two shells are 4 % apart, and noise makes them one."""
    rng = np.random.default_rng(1)
    box = supercell_to(SIMPLE[name], min_atoms=500)
    damaged = vacancies(displace_gaussian(box, sigma, rng, unit="d_nn"), share, rng)
    robust = abs(bond_length(damaged, method="robust") / D_NN[name] - 1)
    assert robust < 0.045
    assert robust < abs(bond_length(damaged) / D_NN[name] - 1)


@pytest.mark.parametrize("method", ["mean", "robust"])
@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.sampled_from(sorted(SIMPLE)), st.integers(0, 2**32 - 1), st.floats(0.2, 5.0))
def test_lengths_scale_and_do_not_depend_on_orientation_or_supercell(method, name, seed, factor):
    rng = np.random.default_rng(seed)
    crystal = displace_gaussian(supercell(SIMPLE[name], (3, 2, 2)), 0.05, rng)
    expected = factor * bond_length(crystal, method=method)
    other = rotated(scaled(supercell(crystal, (1, 2, 1)), factor), random_rotation(rng))
    assert bond_length(other, method=method) == pytest.approx(expected, rel=1e-6 if method == "mean" else 2e-3)


def test_two_bond_lengths_in_one_crystal():
    """A triangle of 2 Å and an atom 3 Å above its middle: an average over sites, and the common bond."""
    crystal = Crystal([[0, 0, 0], [2.0, 0, 0], [1.0, 3**0.5, 0], [1.0, 3**-0.5, 3.0]], ["Si"] * 4)
    assert bond_length(crystal) == pytest.approx((3 * 2.0 + (9 + 4 / 3) ** 0.5) / 4)
    assert bond_length(crystal, method="robust") == pytest.approx(2.0)


def test_a_large_crystal_is_measured_in_its_middle():
    box = displace_gaussian(supercell_to(SIMPLE["bcc"], min_atoms=30_000), 0.05, np.random.default_rng(0))
    assert bond_length(box, method="robust") == pytest.approx(D_NN["bcc"], rel=2e-3)


def test_vacancies_alone_leave_both_in_place():
    rng = np.random.default_rng(2)
    box = vacancies(supercell_to(SIMPLE["fcc"]), 0.4, rng)
    assert bond_length(box) == pytest.approx(D_NN["fcc"], rel=1e-9)
    assert bond_length(box, method="robust") == pytest.approx(D_NN["fcc"], rel=1e-9)


def test_scaling_to_unit_bond():
    crystal = scaled(SIMPLE["diam"], 1 / D_NN["diam"])
    assert bond_length(crystal) == pytest.approx(1.0)
    assert crystal.volume == pytest.approx(SIMPLE["diam"].volume / D_NN["diam"] ** 3)


@pytest.mark.parametrize("factor", [0, -1, np.nan, np.inf])
def test_nonsense_factors_are_refused(factor):
    with pytest.raises(XtalprintError, match="positive number"):
        scaled(SIMPLE["sc"], factor)


def test_unknown_method_is_refused():
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(XtalprintError, match="choose mean or robust"):
        bond_length(crystal, method="median")
