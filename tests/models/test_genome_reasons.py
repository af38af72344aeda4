"""Critical points carry the answer; others can go without a change."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from xtalprint.models.genome_networks import PointNetwork  # noqa: E402 - torch may be missing
from xtalprint.models.genome_reasons import critical_points, gradients, without_points  # noqa: E402 - as above

NETWORK = PointNetwork(2, point_layers=(8, 16), dense_layers=(6,), generator=torch.Generator().manual_seed(3)).eval()
CLOUDS = np.random.default_rng(0).normal(size=(4, 27, 4)).astype(np.float32)


def logits(clouds):
    with torch.no_grad():
        return NETWORK(torch.from_numpy(clouds)).numpy()


def test_points_without_a_share_are_not_missed():
    shares = critical_points(NETWORK, CLOUDS, 1)
    idle = shares == 0
    idle[:, 13] = False
    assert idle.sum(axis=1).min() > 5
    np.testing.assert_allclose(logits(without_points(CLOUDS, idle)), logits(CLOUDS), atol=1e-6)
    taken = ~idle
    taken[:, 13] = False
    assert abs(logits(without_points(CLOUDS, taken)) - logits(CLOUDS)).max() > 1e-3


def test_shares_are_those_of_the_channels():
    values, places = NETWORK.pooled(torch.from_numpy(CLOUDS))
    values = values.detach().requires_grad_()
    NETWORK.answer(values)[:, 0].sum().backward()
    shares = (values * values.grad).detach().numpy()
    expected = np.zeros((4, 27))
    for row in range(4):
        for channel in range(16):
            expected[row, places[row, channel]] += shares[row, channel]
    np.testing.assert_allclose(critical_points(NETWORK, CLOUDS), expected, atol=1e-6)


def test_gradients_are_differences():
    found, step = gradients(NETWORK, CLOUDS), 1e-3
    for row, point, feature in ((0, 3, 0), (1, 20, 3), (2, 7, 2)):
        up, down = CLOUDS.copy(), CLOUDS.copy()
        up[row, point, feature] += step
        down[row, point, feature] -= step
        expected = (logits(up) - logits(down))[row, 0] / (2 * step)
        assert found[row, point, feature] == pytest.approx(expected, abs=2e-3)


def test_the_origin_stays():
    with pytest.raises(ValueError, match="the origin cannot be dropped"):
        without_points(CLOUDS, np.ones((4, 27), dtype=bool))


def test_nothing_is_changed_in_place():
    before = CLOUDS.copy()
    dropped = np.zeros((4, 27), dtype=bool)
    dropped[:, 0] = True
    assert np.array_equal(without_points(CLOUDS, dropped)[:, 0], CLOUDS[:, 13])
    assert np.array_equal(before, CLOUDS)
