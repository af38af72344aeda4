"""The trained network as an ONNX graph, written node by node.

No exporter takes part: the file depends on the weights alone, and stays the same from one torch release to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.architecture import FILTERS, IMAGE_SHAPE, KERNEL, NORM_EPSILON, POOLED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.models.novelty import GaussianDistance

#: Version of the operator set; every ONNX Runtime since 1.12 (2022) knows it.
OPSET = 17
IR_VERSION = 8


def onnx_bytes(
    weights: Mapping[str, NDArray[np.float32]],
    *,
    detector: GaussianDistance | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Write the network as a serialised ONNX model.

    Parameters
    ----------
    weights
        Arrays of `xtalprint.models.convnet.ConvNet`, by their names in its ``state_dict``.
    detector
        Says how far the features are from those of the training set; makes the output ``distance``.
    metadata
        Kept in the file.

    Returns
    -------
    A model with input ``image`` (n, 3, 64, 64) and outputs ``logits`` (n, classes), ``features`` (n, 128) and, with a
    detector, ``distance`` (n,).
    """
    import onnx  # noqa: PLC0415 - needed once, when a model has been trained
    from onnx import TensorProto, helper  # noqa: PLC0415

    graph = _Graph(helper)
    image = "image"
    last = _convolutions(graph, weights, image)
    _dense_layers(graph, weights, last)
    n_classes = len(weights["output.bias"])
    outputs = [("logits", n_classes), ("features", len(weights["output.weight"].T))]
    if detector is not None:
        _distance(graph, detector)
    proto = helper.make_graph(
        graph.nodes,
        "crystal class from diffraction image",
        [helper.make_tensor_value_info(image, TensorProto.FLOAT, ["n", *IMAGE_SHAPE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size]) for name, size in outputs]
        + ([helper.make_tensor_value_info("distance", TensorProto.FLOAT, ["n"])] if detector is not None else []),
        graph.constants,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="xtalprint")
    model.ir_version = IR_VERSION
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


class _Graph:
    """Nodes and constants in the making."""

    def __init__(self, helper: Any) -> None:  # noqa: ANN401 - the module onnx.helper
        self.helper = helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name=name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(self.helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def _convolutions(graph: _Graph, weights: Mapping[str, NDArray[np.float32]], last: str) -> str:
    for number in range(1, len(FILTERS) + 1):
        names = [f"convolutions.conv{number}.{part}" for part in ("weight", "bias")]
        constants = [graph.constant(name, weights[name]) for name in names]
        shape = {"pads": [KERNEL // 2] * 4, "kernel_shape": [KERNEL] * 2}
        last = graph.node("Conv", [last, *constants], f"conv{number}", **shape)
        last = graph.node("Relu", [last], f"relu{number}")
        if number in POOLED:
            last = graph.node("MaxPool", [last], f"pool{number}", kernel_shape=[2, 2], strides=[2, 2])
    return last


def _dense_layers(graph: _Graph, weights: Mapping[str, NDArray[np.float32]], last: str) -> None:
    def constants(prefix: str, *parts: str) -> list[str]:
        return [graph.constant(f"{prefix}.{part}", weights[f"{prefix}.{part}"]) for part in parts]

    last = graph.node("Flatten", [last], "flatten", axis=1)
    last = graph.node("Gemm", [last, *constants("embedding.dense1", "weight", "bias")], "dense1", transB=1)
    last = graph.node("Relu", [last], "relu7")
    norm = constants("embedding.norm", "weight", "bias", "running_mean", "running_var")
    graph.node("BatchNormalization", [last, *norm], "features", epsilon=NORM_EPSILON)
    graph.node("Gemm", ["features", *constants("output", "weight", "bias")], "logits", transB=1)


def _distance(graph: _Graph, detector: GaussianDistance) -> None:
    """Distance of the whitened features from the nearest centre, as `GaussianDistance.distance` has it."""
    centres = detector.centres[None].astype(np.float32)
    graph.constant("detector.whitening", detector.whitening.astype(np.float32))
    graph.constant("detector.centres", centres)
    graph.constant("detector.axis1", np.array([1], dtype=np.int64))
    graph.constant("detector.axis2", np.array([2], dtype=np.int64))
    graph.node("MatMul", ["features", "detector.whitening"], "whitened")
    graph.node("Unsqueeze", ["whitened", "detector.axis1"], "whitened_row")
    graph.node("Sub", ["whitened_row", "detector.centres"], "difference")
    graph.node("Mul", ["difference", "difference"], "squares")
    graph.node("ReduceSum", ["squares", "detector.axis2"], "squared_distances", keepdims=0)
    graph.node("ReduceMin", ["squared_distances"], "squared_distance", axes=[1], keepdims=0)
    graph.node("Sqrt", ["squared_distance"], "distance")
