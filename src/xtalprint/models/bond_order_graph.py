"""The ensemble of cell-free networks as an ONNX graph, written node by node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.models.onnx_graph import Graph, serialised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Weights = Mapping[str, NDArray[np.float32]]

#: ONNX's number for single precision.
FLOAT = 1
#: torch's ε of batch normalisation.
NORM_EPSILON = 1e-5


def ensemble_onnx_bytes(members: Sequence[Weights], *, metadata: Mapping[str, str] | None = None) -> bytes:
    """Write an ensemble as a serialised ONNX model.

    Parameters
    ----------
    members
        Arrays of each `xtalprint.models.bond_order_network.BondOrderNetwork`, by their names in its ``state_dict``;
        its matrices are representable in half precision.
    metadata
        Kept in the file.

    Returns
    -------
    A model with input ``order`` (n, n_inputs) and output ``logits`` (n, members, n_outputs).
    """
    graph = Graph()
    return serialised(
        graph,
        "crystal class from bond-orientational order",
        inputs={"order": [n_inputs(members)]},
        outputs={"logits": ensemble_nodes(graph, members, given="order", output="logits")},
        metadata=metadata,
    )


def n_inputs(members: Sequence[Weights]) -> int:
    """Numbers that an ensemble sees."""
    return len(members[0]["layers.norm0.weight"])


def ensemble_nodes(
    graph: Graph, members: Sequence[Weights], *, given: str, output: str, prefix: str = ""
) -> list[int]:
    """Add an ensemble to a graph.

    Parameters
    ----------
    graph
        In the making.
    members
        As of `ensemble_onnx_bytes`.
    given, output
        Names of what it sees and of its logits.
    prefix
        Of the names of all nodes between, where a graph has several ensembles.

    Returns
    -------
    Shape of the logits of one input: members, outputs.
    """
    one = graph.constant(f"{prefix}axis1", np.array([1], dtype=np.int64))
    rows = [
        graph.node("Unsqueeze", [_member(graph, f"{prefix}{number}", weights, given), one], f"{prefix}{number}.row")
        for number, weights in enumerate(members)
    ]
    graph.node("Concat", rows, output, axis=1)
    return [len(members), len(members[0]["layers.output.bias"])]


def _member(graph: Graph, member: str, weights: Weights, given: str) -> str:
    def constants(layer: str, *parts: str) -> list[str]:
        return [graph.constant(f"{member}.{layer}.{part}", weights[f"layers.{layer}.{part}"]) for part in parts]

    def dense(layer: str) -> list[str]:
        """Matrix, kept in half precision but used in single, and bias."""
        half = graph.constant(f"{member}.{layer}.half", weights[f"layers.{layer}.weight"].astype(np.float16))
        return [graph.node("Cast", [half], f"{member}.{layer}.weight", to=FLOAT), *constants(layer, "bias")]

    last = given
    for number in range(3):
        norm = constants(f"norm{number}", "weight", "bias", "running_mean", "running_var")
        last = graph.node("BatchNormalization", [last, *norm], f"{member}.norm{number}", epsilon=NORM_EPSILON)
        layer = "output" if number == 2 else f"dense{number + 1}"  # noqa: PLR2004 - the last of three
        last = graph.node("Gemm", [last, *dense(layer)], f"{member}.{layer}", transB=1)
        if layer != "output":
            last = graph.node("Relu", [last], f"{member}.relu{number + 1}")
    return last
