"""GRID without bins: means against lattice sums and density, distances against SciPy, invariance, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from xtalprint import Crystal, geometry
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.sorted_distances import (
    average_minimum_distances,
    distances_by_group,
    wasserstein_of_sorted,
)
from xtalprint.errors import NothingSeenError, UnsupportedInputError, XtalprintError

SETTINGS = settings(max_examples=25, deadline=None, derandomize=True)
FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
#: Crystal, length of the first vector, neighbours in each shell and squared lengths over the first (theta series).
LATTICES = {
    "sc": (np.eye(3), 1.0, [6, 12, 8, 6, 24, 24, 12], [1, 2, 3, 4, 5, 6, 8]),
    "fcc": (FACE, np.sqrt(2), [12, 6, 24, 12, 24, 8, 48], [1, 2, 3, 4, 5, 6, 7]),
    "bcc": (1 - 2 * np.eye(3), np.sqrt(3), [8, 6, 12, 24, 8, 6, 24], [1, 4 / 3, 8 / 3, 11 / 3, 4, 16 / 3, 19 / 3]),
}


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 6))
    cell = np.diag(rng.uniform(3, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1))
    frac = (np.arange(n)[:, None] + rng.random((n, 3)) * 0.4) / n
    occupancies = np.where(rng.random(n) < 0.3, rng.uniform(0.2, 1, n), 1.0)
    return Crystal(frac @ cell, [6] * n, cell=cell, occupancies=occupancies), rng


@pytest.mark.parametrize("name", LATTICES)
def test_average_minimum_distances_are_the_shells_of_a_lattice(name):
    cell, first, counts, squares = LATTICES[name]
    expected = 2.7 * first * np.sqrt(np.repeat(squares, counts))
    found = average_minimum_distances(Crystal([[0, 0, 0]], ["C"], cell=2.7 * cell), n_groups=len(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_means_over_sites_by_hand():
    """A chain of two sites 1 and 2 Å apart: both have neighbours at 1, 2, 3, 3 Å; with a third site they differ."""
    chain = Crystal([[0, 0, 0], [1, 0, 0]], ["C", "C"], cell=np.diag([3.0, 50, 50]))
    np.testing.assert_allclose(average_minimum_distances(chain, n_groups=4), [1, 2, 3, 3])
    three = Crystal([[0, 0, 0], [1, 0, 0], [3, 0, 0]], ["C"] * 3, cell=np.diag([7.0, 80, 80]))
    np.testing.assert_allclose(average_minimum_distances(three, n_groups=2), [(1 + 1 + 2) / 3, (3 + 2 + 3) / 3])


def test_they_grow_with_the_density():
    crystal = Crystal([[0, 0, 0], [1, 1.1, 1.3]], ["C", "C"], cell=np.diag([3.0, 4.0, 3.5]))
    found = average_minimum_distances(crystal, n_groups=5000)[-1]
    assert found == pytest.approx((3 * 5000 / (4 * np.pi) * crystal.volume / 2) ** (1 / 3), rel=0.01)


@SETTINGS
@given(crystals(), crystals())
def test_distances_of_groups_are_those_of_scipy(one, other):
    a, b = (distances_by_group(crystal, n_groups=15) for crystal, _ in (one, other))
    expected = [
        wasserstein_distance(*rows) for rows in zip(a.distances, b.distances, a.shares, b.shares, strict=True)
    ]
    np.testing.assert_allclose(wasserstein_of_sorted(a, b), expected, atol=1e-12)
    assert (wasserstein_of_sorted(a, b) >= abs(a.means - b.means) - 1e-12).all()
    np.testing.assert_array_equal(wasserstein_of_sorted(a, a), 0)


@SETTINGS
@given(crystals())
def test_every_cell_of_a_crystal_is_at_no_distance(made):
    crystal, rng = made
    big = geometry.rotated(geometry.supercell(crystal, (2, 1, 3)), geometry.random_rotation(rng))
    assert wasserstein_of_sorted(distances_by_group(crystal), distances_by_group(big)).max() < 1e-6


@SETTINGS
@given(crystals(), crystals())
def test_it_is_the_limit_of_grid_for_narrow_bins(one, other):
    exact = wasserstein_of_sorted(*(distances_by_group(c, n_groups=20, r_max=8) for c, _ in (one, other)))
    a, b = (GRID(n_groups=20, r_max=8, bin_width=0.001, smearing=0).compute(c).array for c, _ in (one, other))
    binned = 0.001 * abs(np.cumsum(a - b, axis=1, dtype=float)).sum(axis=1)
    np.testing.assert_allclose(binned, exact, atol=1.2e-3)


def test_quantiles():
    three = Crystal([[0, 0, 0], [1, 0, 0], [3, 0, 0]], ["C"] * 3, cell=np.diag([7.0, 80, 80]))
    found = distances_by_group(three, n_groups=1)
    assert [found.quantiles(q).item() for q in (0, 0.5, 2 / 3, 0.7, 1)] == pytest.approx([1, 1, 1, 2, 2])
    with pytest.raises(XtalprintError, match=r"a share is between 0 and 1 \(value: 1.5\)"):
        found.quantiles(1.5)


def test_clusters_need_an_end():
    small = Crystal([[0, 0, 0], [0, 0, 1.0]], ["H", "H"])
    large = Crystal([[0, 0, 0], [0, 0, 1.0], [0, 2.0, 0]], ["H"] * 3)
    assert np.isinf(average_minimum_distances(small, n_groups=2)[1])
    atom = Crystal([[0, 0, 0]], ["H"], source="h.xyz")
    for function in (average_minimum_distances, distances_by_group):
        with pytest.raises(NothingSeenError, match=r"h.xyz: a single atom .* no neighbours; give more atoms, or"):
            function(atom)
    assert np.isfinite(average_minimum_distances(Crystal([[0, 0, 0]], ["H"], cell=np.eye(3)))).all()
    with pytest.raises(UnsupportedInputError, match=r"fewer neighbours than groups, .* with the same r_max"):
        wasserstein_of_sorted(*(distances_by_group(c, n_groups=2) for c in (small, large)))
    with pytest.raises(UnsupportedInputError, match=r"different numbers of groups \(value: \(1, 2\)\)"):
        wasserstein_of_sorted(distances_by_group(small, n_groups=1), distances_by_group(large, n_groups=2))
    found = wasserstein_of_sorted(*(distances_by_group(c, n_groups=2, r_max=10) for c in (small, large)))
    np.testing.assert_allclose(found, [1 / 3, 10 - (2 + 2 * 5**0.5) / 3])


@pytest.mark.parametrize("n_groups", [0, 2.5, True, "3"])
def test_groups_are_counted(n_groups):
    with pytest.raises(XtalprintError, match="n_groups must be a positive whole number"):
        distances_by_group(Crystal([[0, 0, 0]], ["C"], cell=np.eye(3)), n_groups=n_groups)


def test_r_max_is_positive():
    with pytest.raises(XtalprintError, match=r"r_max must be a positive number \(value: 0\)"):
        distances_by_group(Crystal([[0, 0, 0]], ["C"], cell=np.eye(3)), r_max=0)
