"""The nearest of many centres within a reach, against every distance written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.geometry.compiled_nearest_within import NearestWithin
from xtalprint.geometry.compiled_repeats import gathered, sites_of


def written_out(points, centres, reach):
    squared = ((points[:, None] - centres) ** 2).sum(axis=2)
    return np.where(squared.min(axis=1) < reach**2, squared.argmin(axis=1), -1)


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 60),
    st.sampled_from([(1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 0, 0), (1000, 1, 1), (1e-6, 1e-6, 1e-6), (1e6, 1e6, 1e6)]),
    st.floats(1e-3, 2.0),
)
def test_it_is_the_nearest_of_all(seed, n, extent, share):
    rng = np.random.default_rng(seed)
    centres = rng.random((n, 3)) * extent
    reach = share * max(*extent, 1e-3) / n
    near = centres[rng.integers(n, size=40)] + reach * rng.uniform(-1, 1, (40, 3))
    points = np.concatenate([near, rng.uniform(-1, 2, (40, 3)) * extent, centres])
    found = NearestWithin(centres, reach).of(points)
    expected = written_out(points, centres, reach)
    differ = found != expected
    # Two centres in one place are equally near.
    assert ((found >= 0) == (expected >= 0)).all()
    apart = (np.linalg.norm(points[differ] - centres[k[differ]], axis=1) for k in (found, expected))
    assert np.array_equal(*apart)


def test_points_far_away_have_none():
    far = np.array([[1e300, 0, 0], [-1e18, 1e18, 0], [0, 0, 5.0]])
    assert (NearestWithin(np.zeros((3, 3)), 0.1).of(far) == -1).all()


def test_what_is_gathered_has_its_mean_and_spread():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0, 0], [3.0, 0, 0]])
    members = centres[[0] * 50 + [1] * 30] + 0.01 * rng.normal(size=(80, 3))
    counts, means, squares = gathered(np.concatenate([members, [[9.0, 9, 9]]]), centres, 0.2)
    assert counts.tolist() == [50, 30]
    assert means[0] == pytest.approx(members[:50].mean(axis=0), abs=1e-12)
    assert squares[1] == pytest.approx(((members[50:] - members[50:].mean(axis=0)) ** 2).sum(), rel=1e-9)


def test_atoms_that_fall_onto_each_other_are_one_site():
    fractional = np.array([[0.0, 0, 0], [0.5, 0.5, 0.5], [2.01, 0, 0], [0.5, -0.49, 7.5], [0.25, 0, 0]])
    assert sites_of(fractional, 3 * np.eye(3), 0.2).tolist() == [0, 1, 0, 1, 2]
