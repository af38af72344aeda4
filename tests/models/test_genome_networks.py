"""Networks on clouds: sizes by hand, the order of points does not matter, the same seed gives the same numbers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402 - torch may be missing
from hypothesis import given, settings  # noqa: E402 - as above
from hypothesis import strategies as st  # noqa: E402 - as above

from xtalprint.models.genome_networks import (  # noqa: E402 - as above
    AttentionNetwork,
    PointNetwork,
    QuestionLogits,
)

SMALL = {"point_layers": (8, 16), "dense_layers": (6,)}
KINDS = (PointNetwork, AttentionNetwork)


def made(kind, n_outputs=1, seed=0, **options):
    return kind(n_outputs, generator=torch.Generator().manual_seed(seed), **options)


def clouds(n=3, points=11, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, points, 4)).astype(np.float32))


def size(network):
    return sum(value.numel() for value in network.parameters())


def linear(a, b):
    return a * b + b


def test_numbers_of_parameters_by_hand():
    points = linear(4, 128) + 2 * 128 + linear(128, 512) + 2 * 512
    plain = points + linear(512, 256) + 2 * 256 + linear(256, 128) + 2 * 128
    assert size(made(PointNetwork)) == plain + linear(128, 1) == 233_089
    assert size(made(PointNetwork, 7)) == plain + linear(128, 7)
    attention = 4 * (4 * linear(512, 512) + 4 * 512 + linear(512, 256) + linear(256, 512))
    dense = linear(512, 128) + 2 * 128
    assert size(made(AttentionNetwork, 7)) == points + attention + dense + linear(128, 7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_outputs", [1, 7])
def test_shapes(kind, n_outputs):
    network = made(kind, n_outputs, **SMALL).eval()
    assert network(clouds()).shape == (3, n_outputs)
    values, places = network.pooled(clouds())
    assert values.shape == places.shape == (3, 16)
    assert int(places.max()) < 11


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), points=st.integers(1, 40))
def test_the_order_of_the_points_does_not_matter(kind, seed, points):
    network = made(kind, 7, seed=seed, **SMALL).eval()
    given_order = clouds(points=points, seed=seed)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(points))
    torch.testing.assert_close(network(given_order[:, order]), network(given_order), rtol=0, atol=2e-6)


def test_critical_points_alone_give_the_same_answer():
    network = made(PointNetwork, 7, **SMALL).eval()
    cloud = clouds(n=1, points=50)
    _, places = network.pooled(cloud)
    kept = places[0].unique()
    assert len(kept) <= 16
    torch.testing.assert_close(network(cloud[:, kept]), network(cloud))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_network_and_answer(kind):
    one, same, other = (made(kind, seed=seed, **SMALL).eval() for seed in (5, 5, 6))
    assert torch.equal(one(clouds()), same(clouds()))
    assert torch.equal(one(clouds()), one(clouds()))
    assert not torch.equal(one(clouds()), other(clouds()))
    assert all(torch.isfinite(value).all() for value in one.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_a_turned_cloud_is_another_one_to_it(kind):
    network = made(kind, **SMALL).eval()
    turned = clouds().clone()
    turned[..., :3] = turned[..., [1, 2, 0]]
    assert (network(turned) - network(clouds())).abs().max() > 1e-4


def test_the_loss_of_a_question_is_that_of_one_logit():
    network = made(PointNetwork, **SMALL).eval()
    wrapped = QuestionLogits(network)
    answers = torch.tensor([0, 1, 1])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(network(clouds())[:, 0], answers.float())
    torch.testing.assert_close(torch.nn.functional.cross_entropy(wrapped(clouds()), answers), expected)
    assert QuestionLogits(made(PointNetwork, 7, **SMALL).eval())(clouds()).shape == (3, 7)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns(kind):
    """Whether the farthest point lies beyond a radius, which is what a pool over points can tell."""
    torch.manual_seed(0)
    x = clouds(n=256, points=6)
    y = (x[..., :3].norm(dim=2).amax(dim=1) > 2.3).long()
    network = QuestionLogits(made(kind, **SMALL))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimiser.step()
    network.eval()
    assert (network(x).argmax(dim=1) == y).float().mean() > 0.85


def test_a_coarse_choice_is_almost_the_largest_and_of_learning_only():
    coarse, exact = made(PointNetwork, coarse_choice=True), made(PointNetwork)
    given = clouds(n=6, points=125)
    for network in (coarse, exact):
        network.train()
    found, expected = (network.pooled(given)[0] for network in (coarse, exact))
    assert (found <= expected + 1e-5).all()
    assert not torch.equal(found, expected)
    assert (expected - found).max() < 0.02 * expected.max()
    found.sum().backward()
    for network in (coarse, exact):
        network.load_state_dict(exact.state_dict())
        network.eval()
    assert torch.equal(coarse.pooled(given)[0], exact.pooled(given)[0])


@pytest.mark.parametrize("points", [27, 125])
@pytest.mark.parametrize("training", [True, False])
def test_the_short_way_to_the_largest_point_gives_the_same(training, points):
    first, second = made(PointNetwork, **SMALL), made(PointNetwork, **SMALL)
    for network in (first, second):
        norm = network.points[-1].norm
        with torch.no_grad():
            norm.weight.copy_(torch.linspace(-1.5, 1.5, 16))
            norm.bias.copy_(torch.linspace(1.0, -1.0, 16))
            norm.running_mean.copy_(torch.linspace(-0.2, 0.2, 16))
        network.train(training)
    given = clouds(n=6, points=points)
    values, places = first.pooled(given)
    expected, expected_places = second.each_point(given).max(dim=1)
    torch.testing.assert_close(values, expected, atol=1e-5, rtol=1e-5)
    seen = expected > 0  # where all are rectified away, any point has the largest
    assert seen.float().mean() > 0.5
    assert torch.equal(places[seen], expected_places[seen])
    (values**2).sum().backward()
    (expected**2).sum().backward()
    for one, other in zip(first.points.parameters(), second.points.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-3, rtol=1e-3)
    for one, other in zip(first.points.buffers(), second.points.buffers(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
