"""Three ways to learn moduli: against other programs, the same each time, and blind to what they must not see."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.descriptors.interpretable import Table
from xtalprint.models.stiffness import KernelSettings, element_shares
from xtalprint.models.stiffness_network import NetworkSettings
from xtalprint.studies.stiffness_ways import inputs, kernel_answers, means, network_answers, tree_answers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6)).astype(np.float32)
Y = np.stack([np.sin(X[:, 0]) + X[:, 1], X[:, 2] ** 2], axis=1).astype(np.float64)
TRAIN, ASKED = np.arange(240), np.arange(240, 300)


def test_the_kernel_is_that_of_scikit_learn():
    ridge = pytest.importorskip("sklearn.kernel_ridge")
    settings = KernelSettings(width=3.0, ridge=0.05)
    distances = np.linalg.norm(X[:, None].astype(np.float64) - X[None], axis=-1)
    gram = np.exp(-distances / settings.width)
    mean = Y[TRAIN].mean(axis=0)
    model = ridge.KernelRidge(alpha=settings.ridge, kernel="precomputed").fit(gram[:240, :240], Y[TRAIN] - mean)
    expected = model.predict(gram[240:, :240]) + mean
    found = kernel_answers(X, Y[TRAIN], TRAIN, ASKED, settings)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_each_way_learns():
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    answers = {
        "kernel": kernel_answers(X, Y[TRAIN], TRAIN, ASKED),
        "trees": tree_answers(X.astype(np.float64), Y[TRAIN], TRAIN, ASKED, seed=0),
        "network": network_answers(X, Y[TRAIN], TRAIN, ASKED, seed=0),
    }
    spread = Y[ASKED].std(axis=0)
    for found in answers.values():
        assert found.shape == (60, 2)
        assert (np.sqrt(((found - Y[ASKED]) ** 2).mean(axis=0)) < 0.7 * spread).all()
    np.testing.assert_allclose(means(answers, "kernel", "trees"), (answers["kernel"] + answers["trees"]) / 2)


def test_the_network_is_the_same_each_time_and_leaves_the_generator_alone():
    torch = pytest.importorskip("torch")
    settings = NetworkSettings(epochs=2)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same = (network_answers(X, Y[TRAIN], TRAIN, ASKED, seed=3, settings=settings) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, network_answers(X, Y[TRAIN], TRAIN, ASKED, seed=4, settings=settings))


def test_inputs_look_at_training_rows_only():
    table = Table(RNG.random((20, 4)) + 1, tuple("abcd"), ("composition", "packing", "bonds", "distances"))
    shares = element_shares([np.array([1, 8, 8]), *[np.array([26])] * 19])
    assert shares.shape == (20, 97)
    assert shares[0, 8] == pytest.approx(2 / 3)
    train = np.arange(10)
    before = inputs(table, shares, train)
    other = table.array.copy()
    other[15] = 1e6
    after = inputs(Table(other, table.columns, table.groups), shares, train)
    np.testing.assert_array_equal(np.delete(after, 15, axis=0), np.delete(before, 15, axis=0))
    assert np.isfinite(after).all()
    assert inputs(table, shares, train, groups=("bonds",)).shape == (20, 1)
