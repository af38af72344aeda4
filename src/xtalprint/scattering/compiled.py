"""The compiled twin of `xtalprint.scattering.ring_sum.sum_with_numpy`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from xtalprint.scattering.ring_sum import _terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.scattering.ring_sum import Columns

    Singles = NDArray[np.float32]

_inlined_terms = numba.njit(inline="always")(_terms)


def _sum(
    tables: tuple[Singles, Singles, Singles],
    positions: Singles,
    starts: NDArray[np.int64],
    factors: Singles,
    rests: Singles,
    used: NDArray[np.int64],
) -> Singles:
    """The inner loop runs over the pixels of a row. Nothing is reassociated or contracted (no ``fastmath``): each pixel
    adds its atoms one after the other, so that vectorising does not change a bit.
    """
    height, _, full = rests.shape
    total = np.zeros((height, 8, full), dtype=np.float32)
    partial = np.empty((8, full), dtype=np.float32)
    for group in range(len(starts) - 1):
        # Slices, so that every index below starts from 0: the compiler then drops the test for negative indices, and
        # with it a third of the time.
        first, last = starts[group], starts[group + 1]
        cos_a, sin_a = tables[0][0, first:last], tables[0][1, first:last]
        cos_b, sin_b = tables[1][0, first:last], tables[1][1, first:last]
        cos_c, sin_c = tables[2][0, first:last], tables[2][1, first:last]
        where = positions[first:last]
        for j in range(height):
            rest, width = rests[j], used[j]
            partial[:] = np.float32(0.0)
            for atom in range(len(where)):
                cos_bj, sin_bj, cos_cj, sin_cj = cos_b[atom, j], sin_b[atom, j], cos_c[atom, j], sin_c[atom, j]
                x, y, z = where[atom, 0], where[atom, 1], where[atom, 2]
                for i in range(width):
                    t0, t1, t2, t3, t4, t5, t6, t7 = _inlined_terms(
                        cos_a[atom, i],
                        sin_a[atom, i],
                        cos_bj,
                        sin_bj,
                        cos_c[atom, i],
                        sin_c[atom, i],
                        cos_cj,
                        sin_cj,
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
            for k in range(8):
                for i in range(width):
                    total[j, k, i] += factors[group, j, i] * partial[k, i]
    return total


def _compile() -> Callable[..., Singles]:
    try:
        # Raised when neither the package's folder nor the user's cache can be written.
        return numba.njit(cache=True, nogil=True, error_model="numpy")(_sum)  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(nogil=True, error_model="numpy")(_sum)  # type: ignore[no-any-return]


_compiled = _compile()


def sum_compiled(
    tables: tuple[Singles, Singles, Singles],
    positions: Singles,
    starts: NDArray[np.int64],
    factors: Singles,
    columns: Columns,
) -> Singles:
    """Sum over atoms; arguments and result as for `sum_with_numpy`, to the last bit."""
    return _compiled(tables, positions, starts, factors, columns.rests, columns.used)
