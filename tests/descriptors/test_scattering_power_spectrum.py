"""The power spectrum: the same in every orientation, cell and size, and as a direct sum over pairs gives it."""

from __future__ import annotations

import numpy as np
from scipy.special import spherical_jn

from xtalprint.crystal import Crystal
from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.geometry import random_rotation, rotated, supercell
from xtalprint.geometry.bond_moments import real_harmonics
from xtalprint.models.presentations import random_piece

COPPER = Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))


def test_the_same_for_every_cell_and_orientation():
    descriptor = ScatteringPowerSpectrum()
    array = descriptor.compute(COPPER).array
    assert array.shape == (7, len(descriptor.shells))
    turned = rotated(supercell(COPPER, (2, 3, 1)), random_rotation(np.random.default_rng(0)))
    np.testing.assert_allclose(descriptor.compute(turned).array, array, atol=2e-4 * abs(array).max())
    piece = random_piece(COPPER, 200, np.random.default_rng(1))
    again = rotated(piece, random_rotation(np.random.default_rng(2)))
    np.testing.assert_allclose(descriptor.compute(again).array, descriptor.compute(piece).array, atol=1e-3)


def test_like_a_direct_sum_over_pairs():
    descriptor = ScatteringPowerSpectrum()
    array = descriptor.compute(COPPER).array[3]  # l = 6
    length = 1.8075 * np.sqrt(2)
    steps = np.array(
        [(i, j, k) for i in range(-8, 9) for j in range(-8, 9) for k in range(-8, 9) if (i, j, k) != (0, 0, 0)]
    )
    vectors = steps @ COPPER.cell / length
    r = np.linalg.norm(vectors, axis=1)
    near = r < descriptor.r_max
    weight = np.cos(0.5 * np.pi * r[near] / descriptor.r_max) ** 2
    bessel = spherical_jn(6, 2 * np.pi * descriptor.shells[:, None] * r[near])
    parts = (bessel * weight) @ real_harmonics(6, vectors[near] / r[near, None])
    direct = np.sqrt((parts**2).sum(axis=1))
    # The same up to a factor and the width of the grid of lengths.
    cosine = array @ direct / np.linalg.norm(array) / np.linalg.norm(direct)
    assert cosine > 0.995
