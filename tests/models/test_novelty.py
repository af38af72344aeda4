"""The distance from known features, against its definition and known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from xtalprint.models.novelty import GaussianDistance, auroc, farthest_points, k_means


def two_classes(n=400, d=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    scales = np.linspace(0.5, 3.0, d)
    return rng.normal(size=(n, d)) * scales + 10 * labels[:, None], labels


def test_it_is_the_mahalanobis_distance_to_the_nearest_centre():
    features, labels = two_classes()
    detector = GaussianDistance.fit(features, labels, shrinkage=0.0)
    means = np.stack([features[labels == c].mean(0) for c in (0, 1)])
    residuals = features - means[labels]
    inverse = np.linalg.inv(residuals.T @ residuals / len(features))
    x = np.random.default_rng(1).normal(size=(5, 6)) * 8
    expected = np.sqrt(np.min([np.einsum("ij,jk,ik->i", x - m, inverse, x - m) for m in means], axis=0))
    np.testing.assert_allclose(detector.distance(x), expected, rtol=1e-9)


def test_training_points_lie_at_the_square_root_of_the_dimension():
    features, labels = two_classes()
    distance = GaussianDistance.fit(features, labels, shrinkage=0.0).distance(features)
    assert np.mean(distance**2) == pytest.approx(6, rel=1e-2)


def test_a_centre_is_at_distance_zero():
    features, labels = two_classes()
    centre = features[labels == 1].mean(0)
    assert GaussianDistance.fit(features, labels).distance(centre[None])[0] == pytest.approx(0, abs=1e-6)


def test_a_direction_without_spread_does_not_count_infinitely():
    features, labels = two_classes()
    features[:, 0] = labels
    detector = GaussianDistance.fit(features, labels, shrinkage=0.05)
    assert np.isfinite(detector.distance(features + 1)).all()


def test_several_centres_find_separate_groups():
    rng = np.random.default_rng(0)
    groups = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
    points = np.concatenate([rng.normal(g, 0.1, size=(30, 2)) for g in groups])
    centres, owner = k_means(points, 3, rng)
    np.testing.assert_allclose(centres[owner[::30]], groups, atol=0.1)
    assert np.bincount(owner).tolist() == [30, 30, 30]


def test_more_centres_than_different_points():
    centres, _ = k_means(np.zeros((5, 2)), 3, np.random.default_rng(0))
    assert len(centres) == 1


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
)
def test_auroc_agrees_with_scikit_learn(known, unknown):
    expected = roc_auc_score([0] * len(known) + [1] * len(unknown), known + unknown)
    assert auroc(np.array(known, float), np.array(unknown, float)) == pytest.approx(expected)


def test_only_the_widest_directions_are_looked_along():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(500, 4)) * [5, 3, 1, 0.1]
    labels = np.zeros(500, dtype=np.int64)
    both = GaussianDistance.fit(features, labels, directions=2)
    assert both.whitening.shape == (4, 2)
    along, across = np.array([[5.0, 0, 0, 0]]), np.array([[0, 0, 9.0, 9.0]])
    [far], [near] = both.distance(along), both.distance(across)
    assert far == pytest.approx(1, abs=0.1)
    assert near < 0.5
    assert GaussianDistance.fit(features, labels).distance(across)[0] > 5


def test_centres_cover_all():
    rng = np.random.default_rng(1)
    features = np.concatenate([rng.normal(size=(300, 3)), [[40.0, 0, 0]]])
    cover = GaussianDistance.covering(features, n_centres=20)
    assert cover.distance(features[-1:])[0] == pytest.approx(0, abs=0.02), "what is alone is a centre"
    for kept in (cover.whitening, cover.centres):
        assert np.array_equal(kept, kept.astype(np.float16)), "small in a file"
    more = GaussianDistance.covering(features, n_centres=80)
    assert more.distance(features).max() < cover.distance(features).max() < 1.5
    assert GaussianDistance.covering(features, n_centres=1000).distance(features).max() < 0.02
    assert len(set(farthest_points(np.zeros((5, 2)), 9).tolist())) == 5
