"""Sums over pairs against the definition, with SciPy's spherical harmonics, and its two ways of adding up."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lpmv
from simple_crystals import SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.geometry import bond_moments as module
from xtalprint.geometry import random_rotation, rotated, supercell, to_cluster
from xtalprint.geometry.bond_moments import bond_moments, fitted_harmonics, harmonics_of_moments, real_harmonics

STEP, N_STEPS = 0.3, 40


def definition(crystal, degree):
    """Counts (B,) and real harmonics (B, 2l + 1), pair by pair and image by image."""
    counts, sums = np.zeros(N_STEPS), np.zeros((N_STEPS, 2 * degree + 1))
    images = range(-5, 6) if crystal.cell is not None else (0,)
    cell = crystal.cell if crystal.cell is not None else np.zeros((3, 3))
    for (i, here), (j, there) in product(enumerate(crystal.positions), repeat=2):
        for image in product(images, repeat=3):
            vector = there + np.array(image) @ cell - here
            length = np.linalg.norm(vector)
            if (i == j and not any(image)) or length >= STEP * (N_STEPS - 1):
                continue
            low = int(length / STEP)
            share = length / STEP - low
            values = real_harmonics(degree, vector[None] / length)[0]
            for place, weight in ((low, 1 - share), (low + 1, share)):
                # Every pair comes twice, once from each end.
                counts[place] += 0.5 * weight
                sums[place] += 0.5 * weight * values
    return counts, sums


@pytest.mark.parametrize("name", ["hcp", "bct"])
@pytest.mark.parametrize("degree", [0, 4, 12])
def test_equal_the_definition(name, degree):
    crystal = rotated(SIMPLE[name], random_rotation(np.random.default_rng(0)))
    counts, sums = definition(crystal, degree)
    found = bond_moments(crystal, step=STEP, n_steps=N_STEPS)
    np.testing.assert_allclose(found.counts, counts, atol=1e-9)
    np.testing.assert_allclose(found.moments @ harmonics_of_moments()[degree // 2], sums, atol=1e-8)


def test_equal_the_definition_for_a_cluster():
    crystal = to_cluster(supercell(SIMPLE["diam"], (2, 2, 1)))
    counts, sums = definition(crystal, 6)
    found = bond_moments(crystal, step=STEP, n_steps=N_STEPS)
    np.testing.assert_allclose(found.counts, counts, atol=1e-10)
    np.testing.assert_allclose(found.moments @ harmonics_of_moments()[3], sums, atol=1e-9)


def test_the_kept_harmonics_are_the_fitted_ones():
    for kept, fitted in zip(harmonics_of_moments(), fitted_harmonics(), strict=True):
        np.testing.assert_allclose(kept, fitted, atol=1e-10)


def test_harmonics_are_those_of_the_textbook():
    x, y, z = u = np.array([0.36, 0.48, 0.8])
    found = real_harmonics(2, u[None])[0]
    a = np.sqrt(15 / np.pi) / 2
    expected = [a * x * y, a * y * z, np.sqrt(5 / np.pi) / 4 * (3 * z * z - 1), a * x * z, a / 2 * (x * x - y * y)]
    # SciPy's Legendre functions carry the Condon–Shortley phase: odd m change sign.
    np.testing.assert_allclose(found * np.array([1, -1, 1, -1, 1]), expected, atol=1e-14)


@pytest.mark.parametrize("degree", [2, 12])
def test_harmonics_are_orthonormal(degree):
    z, weights = np.polynomial.legendre.leggauss(30)
    phi = 2 * np.pi * np.arange(60) / 60
    sine = np.sqrt(1 - z[:, None] ** 2)
    u = np.stack([sine * np.cos(phi), sine * np.sin(phi), z[:, None] + 0 * phi], axis=-1).reshape(-1, 3)
    y = real_harmonics(degree, u)
    area = np.repeat(weights, 60) * 2 * np.pi / 60
    np.testing.assert_allclose((y * area[:, None]).T @ y, np.eye(2 * degree + 1), atol=1e-12)
    np.testing.assert_allclose(y[:, degree], np.sqrt((2 * degree + 1) / 4 / np.pi) * lpmv(0, degree, u[:, 2]))


@st.composite
def samples(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 6))
    cell = np.diag(rng.uniform(2.5, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-1, 1, (3, 3)), -1))
    pbc = tuple((rng.random(3) < 0.7).tolist())
    frac = (np.arange(n)[:, None] + rng.random((n, 3)) * 0.3) / n
    return Crystal(frac @ cell, [6] * n, cell=cell, pbc=pbc, occupancies=rng.uniform(0.3, 1, n))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(samples())
def test_numpy_and_the_compiled_loop_agree(crystal):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "COMPILED_FROM", 0)
        compiled = bond_moments(crystal, step=STEP, n_steps=N_STEPS)
        patch.setattr(module, "COMPILED_FROM", 10**9)
        plain = bond_moments(crystal, step=STEP, n_steps=N_STEPS)
    np.testing.assert_allclose(plain.counts, compiled.counts, atol=1e-10)
    np.testing.assert_allclose(plain.moments, compiled.moments, atol=1e-10)


def test_occupancies_weigh_pairs():
    positions = [[0, 0, 0], [2, 0, 0], [0, 3, 0]]
    found = bond_moments(Crystal(positions, [1] * 3, occupancies=[1, 0.5, 0.4]), step=1.0, n_steps=6)
    np.testing.assert_allclose(found.counts[[2, 3]], [0.5, 0.4 + 0.2 * (4 - np.sqrt(13))])


def test_rows_of_one_site_count_once():
    whole = Crystal([[0, 0, 0], [2, 0, 0]], ["Cu", "Au"])
    mixed = Crystal([[0, 0, 0], [0, 0, 0], [2, 0, 0]], ["Cu", "Au", "Au"], occupancies=[0.5, 0.5, 1])
    one, other = (bond_moments(c, step=1.0, n_steps=4) for c in (whole, mixed))
    np.testing.assert_array_equal(one.moments, other.moments)


def test_an_atom_far_from_all_others_needs_no_memory_and_changes_nothing():
    near = supercell(SIMPLE["fcc"], (3, 3, 3))
    far = Crystal(np.vstack([near.positions, [[1e6, -1e6, 1e6]]]), [29] * (len(near) + 1))
    one, other = (bond_moments(to_cluster(c), step=STEP, n_steps=N_STEPS) for c in (near, far))
    np.testing.assert_allclose(one.counts, other.counts, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.moments, other.moments, rtol=1e-9, atol=1e-9)


def test_molecules_in_an_empty_cell_need_no_memory():
    places = np.array([[0, 0, 0], [0, 0, 0.74]])
    lonely = Crystal(np.vstack([places, places + 1500]), ["H"] * 4, cell=3000 * np.eye(3))
    assert bond_moments(lonely, step=0.1, n_steps=40).counts.sum() == pytest.approx(2)
