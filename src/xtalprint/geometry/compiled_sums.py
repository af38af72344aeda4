"""Sums of products in an order that is written down, as fast as one that the compiler chooses.

A compiler may use vector units for a sum only if it is allowed to choose the order, and then the same loop may be
compiled to two orders: once on its own, once within a loop that calls it. Importing this file imports Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

#: Numbers that are worked on at once: one vector of AVX-512, two of AVX2, four of NEON. The order is the same in all.
LANES = 8
_types: Any = types
_PAIR = _types.UniTuple(types.float64, 2)
_LANE_TYPE = ir.IntType(32)
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)


def sums_of(width: int) -> Any:  # noqa: ANN401 - Numba's intrinsics have no type
    """Make a compiled function of four contiguous arrays x, y, z, s of at least ``width`` = 8 · 2ⁿ numbers.

    It returns (Σ x y z, Σ x y z s) over the first ``width`` of them, each added up as a binary tree.
    """

    @intrinsic
    def sums(_context: Any, x: Any, y: Any, z: Any, s: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401 - as above
        signature = _PAIR(x, y, z, s)

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - as above
            columns = []
            for kind, argument in zip(signature.args, arguments, strict=True):
                data = context.make_array(kind)(context, builder, argument).data
                columns.append([_load(builder, data, start) for start in range(0, width, LANES)])
            products = [builder.fmul(builder.fmul(a, b), c) for a, b, c in zip(*columns[:3], strict=True)]
            shared = [builder.fmul(product, share) for product, share in zip(products, columns[3], strict=True)]
            return context.make_tuple(
                builder, signature.return_type, [_added(builder, products), _added(builder, shared)]
            )

        return signature, build

    return sums


def _load(builder: Any, data: Any, start: int) -> Any:  # noqa: ANN401 - as above
    place = builder.gep(data, [ir.Constant(ir.IntType(64), start)])
    return builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=8)


def _added(builder: Any, vectors: list[Any]) -> Any:  # noqa: ANN401 - as above
    """Sum of all lanes of some vectors."""
    while len(vectors) > 1:
        vectors = [builder.fadd(*vectors[i : i + 2]) for i in range(0, len(vectors), 2)]
    total, width = vectors[0], LANES
    while width > 1:
        width //= 2
        halves = [
            builder.shuffle_vector(
                total,
                ir.Constant(total.type, ir.Undefined),
                ir.Constant(ir.VectorType(_LANE_TYPE, width), list(range(first, first + width))),
            )
            for first in (0, width)
        ]
        total = builder.fadd(*halves)
    return builder.extract_element(total, ir.Constant(_LANE_TYPE, 0))
