"""The compiled twin of `xtalprint.scattering.ring_sum.sum_with_numpy`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from xtalprint.scattering.ring_sum import _terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Singles = NDArray[np.float32]

_inlined_terms = numba.njit(inline="always")(_terms)


def _sum(
    tables: tuple[Singles, Singles, Singles],
    positions: Singles,
    starts: NDArray[np.int64],
    factors: Singles,
    rests: Singles,
) -> Singles:
    """Sum over atoms; arguments and result as for `sum_with_numpy`.

    The inner loop runs over the pixels of a row. Nothing is reassociated or contracted (no ``fastmath``): each pixel
    adds its atoms one after the other, so that vectorising does not change a bit.
    """
    table_a, table_b, table_c = tables
    height, _, width = rests.shape
    total = np.zeros((height, 8, width), dtype=np.float32)
    partial = np.empty((8, width), dtype=np.float32)
    for j in range(height):
        rest = rests[j]
        row = total[j]
        for group in range(len(starts) - 1):
            partial[:] = np.float32(0.0)
            for atom in range(starts[group], starts[group + 1]):
                a, c = table_a[atom], table_c[atom]
                cos_b, sin_b = table_b[atom, 0, j], table_b[atom, 1, j]
                cos_c, sin_c = c[0, j], c[1, j]
                x, y, z = positions[atom, 0], positions[atom, 1], positions[atom, 2]
                for i in range(width):
                    t0, t1, t2, t3, t4, t5, t6, t7 = _inlined_terms(
                        a[0, i],
                        a[1, i],
                        cos_b,
                        sin_b,
                        c[0, i],
                        c[1, i],
                        cos_c,
                        sin_c,
                        x * rest[0, i],
                        y * rest[1, i],
                        z * rest[2, i],
                    )
                    partial[0, i] += t0
                    partial[1, i] += t1
                    partial[2, i] += t2
                    partial[3, i] += t3
                    partial[4, i] += t4
                    partial[5, i] += t5
                    partial[6, i] += t6
                    partial[7, i] += t7
            factor = factors[group, j]
            for k in range(8):
                for i in range(width):
                    row[k, i] += factor[i] * partial[k, i]
    return total


def _compile() -> Callable[..., Singles]:
    try:
        # Raised when neither the package's folder nor the user's cache can be written.
        return numba.njit(cache=True, nogil=True, error_model="numpy")(_sum)  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(nogil=True, error_model="numpy")(_sum)  # type: ignore[no-any-return]


sum_compiled = _compile()
