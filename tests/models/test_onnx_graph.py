"""ONNX Runtime and torch agree, and the graph measures the distance as the detector does."""

import numpy as np
import onnx
import onnxruntime
import torch

from xtalprint.models.convnet import ConvNet
from xtalprint.models.fitting import evaluate
from xtalprint.models.novelty import GaussianDistance
from xtalprint.models.onnx_graph import OPSET, onnx_bytes


def lived_in_network():
    """With statistics of the norm that are not those of the start."""
    network = ConvNet(generator=torch.Generator().manual_seed(1)).train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(2)))
    return network.eval()


def weights_of(network):
    return {name: value.numpy() for name, value in network.state_dict().items()}


def session(content):
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_logits_and_features_agree_with_torch_to_1e_5():
    network = lived_in_network()
    images = np.random.default_rng(0).random((4, 3, 64, 64), dtype=np.float32)
    logits, features = session(onnx_bytes(weights_of(network))).run(["logits", "features"], {"image": images})
    np.testing.assert_allclose(logits, evaluate(network, images), atol=1e-5)
    np.testing.assert_allclose(features, evaluate(network, images, features=True), atol=1e-5)


def test_the_distance_in_the_graph_is_that_of_the_detector():
    network = lived_in_network()
    rng = np.random.default_rng(0)
    images = rng.random((12, 3, 64, 64), dtype=np.float32)
    features = evaluate(network, images, features=True)
    detector = GaussianDistance.fit(features, np.arange(12) % 3, centres_per_class=2)
    new = rng.random((3, 3, 64, 64), dtype=np.float32)
    content = onnx_bytes(weights_of(network), detector=detector)
    (distance,) = session(content).run(["distance"], {"image": new})
    np.testing.assert_allclose(distance, detector.distance(evaluate(network, new, features=True)), rtol=1e-3)


def test_the_same_weights_give_the_same_bytes():
    weights = weights_of(lived_in_network())
    assert onnx_bytes(weights, metadata={"name": "a"}) == onnx_bytes(weights, metadata={"name": "a"})


def test_the_operator_set_is_the_declared_one():
    model = onnx.load_from_string(onnx_bytes(weights_of(ConvNet())))
    assert [entry.version for entry in model.opset_import] == [OPSET]
