"""Both sides of the transform between distances and reflections are one, for any crystal and any weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import Crystal
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import supercell
from xtalprint.scattering.pair_distribution import (
    WIDTHS,
    number_density,
    pair_lines,
    reach,
    reflection_lines,
    smeared,
    transformed,
)

SETTINGS = settings(max_examples=10, deadline=None, derandomize=True)
R = np.linspace(0, 6, 121)
S = np.linspace(0, 1.5, 121)


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 5))
    cell = np.diag(rng.uniform(3, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-0.6, 0.6, (3, 3)), -1))
    frac = (np.arange(n)[:, None] + rng.uniform(0.1, 0.5, (n, 3))) / n
    numbers = rng.choice([8, 22, 38], n)
    return Crystal(frac @ cell, numbers, cell=cell, occupancies=rng.uniform(0.3, 1, n)), {8: -1.5, 22: 22.0, 38: 3.0}


@SETTINGS
@given(crystals())
def test_reflections_give_the_pair_distribution(made):
    crystal, weights = made
    width = 0.25
    by_pairs = smeared(pair_lines(crystal, R[-1] + WIDTHS * width, weights=weights), R, width=width)
    lines = reflection_lines(crystal, reach(width, widths=8), weights=weights)
    np.testing.assert_allclose(transformed(lines, R, width=width), by_pairs, rtol=0, atol=1e-8 * abs(by_pairs).max())


@SETTINGS
@given(crystals())
def test_distances_give_the_intensity(made):
    crystal, weights = made
    width = 0.06
    by_reflections = smeared(reflection_lines(crystal, S[-1] + WIDTHS * width, weights=weights), S, width=width)
    lines = pair_lines(crystal, reach(width, widths=8), weights=weights)
    found = transformed(lines, S, width=width)
    np.testing.assert_allclose(found, by_reflections, rtol=0, atol=1e-8 * abs(by_reflections).max())


@SETTINGS
@given(crystals(), st.integers(1, 3))
def test_a_supercell_has_the_same(made, n):
    crystal, weights = made
    other = supercell(crystal, (1, n, 2))
    for lines in (reflection_lines, pair_lines):
        one, two = (smeared(lines(c, 3.0, weights=weights), R[:60], width=0.2) for c in (crystal, other))
        np.testing.assert_allclose(two, one, atol=1e-10 * abs(one).max())


def test_known_values_of_simple_cubic():
    """Six neighbours at a: the integral over the shell; far away, the square of the density."""
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    r = np.linspace(2.35, 4.0, 400)
    density = smeared(pair_lines(crystal, 8.0), r, width=0.1)
    count = (4 * np.pi * r**2 * density * crystal.volume).sum() * (r[1] - r[0])
    assert count == pytest.approx(6, abs=1e-6)
    far = transformed(reflection_lines(crystal, 3.0), np.linspace(40, 80, 500), width=0.5)
    assert far.mean() == pytest.approx(number_density(crystal) ** 2, rel=0.01)


def test_errors():
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(UnsupportedInputError, match="no weight for this element"):
        pair_lines(crystal, 3.0, weights={8: 1.0})
    with pytest.raises(UnsupportedInputError, match="repeats in three directions"):
        reflection_lines(Crystal([[0, 0, 0]], ["Po"]), 1.0)
    lines = pair_lines(crystal, 4.0)
    with pytest.raises(XtalprintError, match="width of the Gaussian must be positive"):
        smeared(lines, R, width=0.0)
    with pytest.raises(XtalprintError, match="places must be a list of numbers, 0 or more"):
        transformed(lines, -R, width=0.1)
