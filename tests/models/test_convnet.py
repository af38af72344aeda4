"""The network is the published one: sizes, order of layers, start."""

import pytest
import torch
from torch import nn

from xtalprint.models.convnet import ConvNet, n_parameters


def test_it_has_the_published_number_of_parameters():
    assert n_parameters(ConvNet()) == 365_719


def test_layers_stand_in_the_published_order():
    kinds = [
        type(layer).__name__
        for part in ConvNet().children()
        for layer in (part if isinstance(part, nn.Sequential) else [part])
    ]
    pair = ["Conv2d", "ReLU"] * 2
    assert kinds == [
        *(*pair, "MaxPool2d", *pair, "MaxPool2d", *pair),
        *("Flatten", "Dropout", "Linear", "ReLU", "BatchNorm1d", "Linear"),
    ]


def test_maps_keep_their_size_until_they_are_pooled():
    network = ConvNet()
    shapes = {}
    for name, layer in network.convolutions.named_children():
        layer.register_forward_hook(lambda _, __, out, name=name: shapes.__setitem__(name, tuple(out.shape[1:])))
    network.eval()(torch.zeros(2, 3, 64, 64))
    assert shapes["conv2"] == (32, 64, 64)
    assert shapes["conv4"] == (16, 32, 32)
    assert shapes["conv6"] == (8, 16, 16)


def test_one_logit_for_each_class_and_128_features():
    network = ConvNet().eval()
    assert network(torch.rand(5, 3, 64, 64)).shape == (5, 7)
    assert network.features(torch.rand(5, 3, 64, 64)).shape == (5, 128)


def test_every_activation_is_a_module_of_its_own():
    activations = [module for module in ConvNet().modules() if isinstance(module, nn.ReLU)]
    assert len(activations) == len(set(map(id, activations))) == 7


@pytest.mark.parametrize("name", ["convolutions.conv2", "convolutions.conv6", "embedding.dense1", "output"])
def test_weights_start_orthogonal_and_biases_at_zero(name):
    layer = ConvNet().get_submodule(name)
    rows = layer.weight.detach().flatten(1)
    small = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
    torch.testing.assert_close(small, torch.eye(len(small)), atol=1e-5, rtol=0)
    assert not layer.bias.any()


def test_normalisation_stands_after_the_activation():
    network = ConvNet().eval()
    with torch.no_grad():
        network.embedding.norm.running_mean.fill_(3.0)
    features = network.features(torch.zeros(1, 3, 64, 64))
    torch.testing.assert_close(features, torch.full((1, 128), -3.0 / (1 + 1e-3) ** 0.5))


def test_the_same_generator_gives_the_same_start():
    first, second = (ConvNet(generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
