"""The trained network as an ONNX graph, written node by node.

No exporter takes part: the file depends on the weights alone, and stays the same from one torch release to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.architecture import FILTERS, IMAGE_SHAPE, KERNEL, NORM_EPSILON, POOLED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    graph = Graph()
    image = "image"
    last = _convolutions(graph, weights, image)
    _dense_layers(graph, weights, last)
    outputs = {"logits": [len(weights["output.bias"])], "features": [len(weights["output.weight"].T)]}
    if detector is not None:
        distance_nodes(graph, detector, given="features", output="distance")
        outputs["distance"] = []
    return serialised(
        graph,
        "crystal class from diffraction image",
        inputs={image: list(IMAGE_SHAPE)},
        outputs=outputs,
        metadata=metadata,
    )


class Graph:
    """Nodes and constants in the making."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add an array; returns its name."""
        from onnx import numpy_helper  # noqa: PLC0415 - needed once, when a model has been trained

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name=name))
        return name

    def single(self, name: str, values: NDArray[Any]) -> str:
        """Add an array of real numbers, in half the bytes where that changes none; returns its name."""
        from onnx import TensorProto  # noqa: PLC0415 - as above

        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.array_equal(half, values):
            return self.constant(name, values.astype(np.float32))
        return self.node("Cast", [self.constant(f"{name}.half", half)], name, to=TensorProto.FLOAT)

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Add an operation; returns the name of its output."""
        from onnx import helper  # noqa: PLC0415 - as above

        make: Any = helper.make_node  # its annotations have no room for attributes
        self.nodes.append(make(kind, inputs, [output], name=output, **attributes))
        return output


def serialised(
    graph: Graph,
    name: str,
    *,
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
    metadata: Mapping[str, str] | None,
) -> bytes:
    """Write a graph as a checked ONNX model; shapes are without the leading number of items."""
    import onnx  # noqa: PLC0415 - needed once, when a model has been trained
    from onnx import TensorProto, helper  # noqa: PLC0415

    def infos(shapes: Mapping[str, Sequence[int]]) -> list[Any]:
        return [helper.make_tensor_value_info(key, TensorProto.FLOAT, ["n", *shape]) for key, shape in shapes.items()]

    proto = helper.make_graph(graph.nodes, name, infos(inputs), infos(outputs), graph.constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="xtalprint")
    model.ir_version = IR_VERSION
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _convolutions(graph: Graph, weights: Mapping[str, NDArray[np.float32]], last: str) -> str:
    for number in range(1, len(FILTERS) + 1):
        names = [f"convolutions.conv{number}.{part}" for part in ("weight", "bias")]
        constants = [graph.constant(name, weights[name]) for name in names]
        shape = {"pads": [KERNEL // 2] * 4, "kernel_shape": [KERNEL] * 2}
        last = graph.node("Conv", [last, *constants], f"conv{number}", **shape)
        last = graph.node("Relu", [last], f"relu{number}")
        if number in POOLED:
            last = graph.node("MaxPool", [last], f"pool{number}", kernel_shape=[2, 2], strides=[2, 2])
    return last


def _dense_layers(graph: Graph, weights: Mapping[str, NDArray[np.float32]], last: str) -> None:
    def constants(prefix: str, *parts: str) -> list[str]:
        return [graph.constant(f"{prefix}.{part}", weights[f"{prefix}.{part}"]) for part in parts]

    last = graph.node("Flatten", [last], "flatten", axis=1)
    last = graph.node("Gemm", [last, *constants("embedding.dense1", "weight", "bias")], "dense1", transB=1)
    last = graph.node("Relu", [last], "relu7")
    norm = constants("embedding.norm", "weight", "bias", "running_mean", "running_var")
    graph.node("BatchNormalization", [last, *norm], "features", epsilon=NORM_EPSILON)
    graph.node("Gemm", ["features", *constants("output", "weight", "bias")], "logits", transB=1)


def distance_nodes(
    graph: Graph, detector: GaussianDistance, *, given: str, output: str, prefix: str = "detector."
) -> None:
    """Distance of the whitened features from the nearest centre, as `GaussianDistance.distance` has it.

    Parameters
    ----------
    graph
        In the making.
    detector
        With the matrix and the centres.
    given, output
        Names of the features and of the distance.
    prefix
        Of the names of all else, where a graph has several detectors.
    """
    whitening = graph.single(f"{prefix}whitening", detector.whitening)
    centres = graph.single(f"{prefix}centres", detector.centres[None])
    axis1 = graph.constant(f"{prefix}axis1", np.array([1], dtype=np.int64))
    axis2 = graph.constant(f"{prefix}axis2", np.array([2], dtype=np.int64))
    whitened = graph.node("MatMul", [given, whitening], f"{prefix}whitened")
    row = graph.node("Unsqueeze", [whitened, axis1], f"{prefix}whitened_row")
    difference = graph.node("Sub", [row, centres], f"{prefix}difference")
    squares = graph.node("Mul", [difference, difference], f"{prefix}squares")
    sums = graph.node("ReduceSum", [squares, axis2], f"{prefix}squared_distances", keepdims=0)
    least = graph.node("ReduceMin", [sums], f"{prefix}squared_distance", axes=[1], keepdims=0)
    graph.node("Sqrt", [least], output)
