"""The bond length: by hand on pristine crystals, the authors' shrinking mean, the robust one under noise."""

from __future__ import annotations

import numpy as np
import pytest
from simple_crystals import D_NN, SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.errors import XtalprintError
from xtalprint.geometry import bond_length, scaled, supercell_to, to_cluster


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


# Indium is left out: its first two shells are 4 % apart, and noise makes them one.
@pytest.mark.parametrize("name", sorted(set(SIMPLE) - {"bct"}))
def test_noise_and_vacancies_move_the_robust_length_less_than_the_mean(name):
    rng = np.random.default_rng(1)
    box = supercell_to(SIMPLE[name], min_atoms=500)
    damaged = vacancies(displace_gaussian(box, 0.06, rng), 0.25, rng)
    robust = abs(bond_length(damaged, method="robust") / D_NN[name] - 1)
    assert robust < 0.03
    assert robust < abs(bond_length(damaged) / D_NN[name] - 1)


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
