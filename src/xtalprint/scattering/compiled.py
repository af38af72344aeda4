"""The compiled twin of `xtalprint.scattering.ring_sum`; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import numba
import numpy as np

from xtalprint.scattering import arithmetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.scattering.columns import Columns
    from xtalprint.scattering.ring_sum import Turned

    Singles = NDArray[np.float32]

#: Atoms per block: its tables stay in the second-level cache while all rows of pixels pass.
BLOCK = 128
#: Any, because some versions of Numba have type information and others have none.
_njit: Any = numba.njit
_SHARED = (arithmetic.cos_sin_turns, arithmetic.terms, arithmetic.quadrant_amplitudes)
_cos_sin_turns, _terms, _quadrant_amplitudes = (_njit(inline="always")(function) for function in _SHARED)


def _tables(coordinates: NDArray[np.float64], turns_per_angstrom: NDArray[np.float64]) -> Singles:
    """(L, 2, N, W) cosines and sines of the leading phases of (L, N) coordinates."""
    n_rows, n_atoms = coordinates.shape
    tables = np.empty((n_rows, 2, n_atoms, len(turns_per_angstrom)), dtype=np.float32)
    for row in range(n_rows):
        for atom in range(n_atoms):
            coordinate = coordinates[row, atom]
            for i in range(len(turns_per_angstrom)):
                turns = coordinate * turns_per_angstrom[i]
                cosine, sine = _cos_sin_turns(np.float32(turns - np.rint(turns)))
                tables[row, 0, atom, i] = cosine
                tables[row, 1, atom, i] = sine
    return tables


def _weigh(table: Singles, weights: Singles) -> None:
    """Multiply a (2, N, W) table by one weight per atom, in place."""
    for part in range(2):
        for atom in range(table.shape[1]):
            for i in range(table.shape[2]):
                table[part, atom, i] *= weights[atom]


def _add_atoms(  # noqa: PLR0917 - compiled: no keywords
    j: int,
    width: int,
    a: tuple[Singles, Singles],
    b: tuple[Singles, Singles],
    c: tuple[Singles, Singles],
    where: tuple[Singles, Singles, Singles],
    rest: Singles,
    sums: Singles,
) -> None:
    """Add the `terms` of the atoms of one group in row ``j`` of pixels to the (8, W) sums.

    The inner loop runs over the pixels: each of them adds its atoms one after the other, so that vectorising does not
    change a bit. Every index starts from 0: the compiler then drops the test for negative ones, a third of the time.
    """
    cos_a, sin_a = a
    cos_b, sin_b = b
    cos_c, sin_c = c
    for atom in range(len(cos_a)):
        cos_bj, sin_bj, cos_cj, sin_cj = cos_b[atom, j], sin_b[atom, j], cos_c[atom, j], sin_c[atom, j]
        x, y, z = where[0][atom], where[1][atom], where[2][atom]
        for i in range(width):
            t0, t1, t2, t3, t4, t5, t6, t7 = _terms(
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
            sums[0, i] += t0
            sums[1, i] += t1
            sums[2, i] += t2
            sums[3, i] += t3
            sums[4, i] += t4
            sums[5, i] += t5
            sums[6, i] += t6
            sums[7, i] += t7


def _store_row(total: Singles, j: int, result: NDArray[np.float64]) -> None:
    """Turn the (8, W) sums of row ``j`` into amplitudes of the four quadrants in the (2, 4, H, W) result."""
    for i in range(total.shape[1]):
        parts = _quadrant_amplitudes(
            np.float64(total[0, i]),
            np.float64(total[1, i]),
            np.float64(total[2, i]),
            np.float64(total[3, i]),
            np.float64(total[4, i]),
            np.float64(total[5, i]),
            np.float64(total[6, i]),
            np.float64(total[7, i]),
        )
        for quadrant in range(4):
            result[0, quadrant, j, i] = parts[quadrant]
            result[1, quadrant, j, i] = parts[quadrant + 4]


def _add_block(  # noqa: PLR0917 - as above
    across: NDArray[np.float64],
    along: NDArray[np.float64],
    patterns: NDArray[np.int64],
    weights: Singles,
    frequency: NDArray[np.float64],
    sag: NDArray[np.float64],
    rests: Singles,
    used: NDArray[np.int64],
    sums: Singles,
) -> None:
    """Add some atoms of one group in all patterns to the (P, H, 8, W) sums."""
    tables_across, tables_along = _jit_tables(across, frequency), _jit_tables(along, sag)
    for row in np.unique(patterns[:, 0]):
        _jit_weigh(tables_across[row], weights)
    for p in range(len(patterns)):
        ix, iy, iz = patterns[p]
        a, b, c = tables_across[ix], tables_across[iy], tables_along[iz]
        where = (across[ix].astype(np.float32), across[iy].astype(np.float32), along[iz].astype(np.float32))
        for j in range(rests.shape[0]):
            _jit_add_atoms(j, used[j], (a[0], a[1]), (b[0], b[1]), (c[0], c[1]), where, rests[j], sums[p, j])


def _add_group(factor: Singles, partial: Singles, total: Singles) -> None:
    """Add the (P, H, 8, W) sums of one group times its (H, W) form factor."""
    for p in range(total.shape[0]):
        for j in range(total.shape[1]):
            for k in range(8):
                for i in range(total.shape[3]):
                    total[p, j, k, i] += factor[j, i] * partial[p, j, k, i]


# The parts of `_sum`, compiled with it.
_jit_tables, _jit_weigh, _jit_add_atoms, _jit_store_row = map(_njit, (_tables, _weigh, _add_atoms, _store_row))
_jit_add_block, _jit_add_group = _njit(_add_block), _njit(_add_group)


def _sum(  # noqa: PLR0917 - as above
    across: NDArray[np.float64],
    along: NDArray[np.float64],
    patterns: NDArray[np.int64],
    weights: Singles,
    starts: NDArray[np.int64],
    factors: Singles,
    frequency: NDArray[np.float64],
    sag: NDArray[np.float64],
    rests: Singles,
    used: NDArray[np.int64],
) -> NDArray[np.float64]:
    """All patterns of a cluster in one call, so that other threads run meanwhile.

    Arguments are the fields of `Turned` and `Columns`; the result is (P, 2, 4, H, W).
    """
    height, _, width = rests.shape
    total = np.zeros((len(patterns), height, 8, width), dtype=np.float32)
    partial = np.empty((len(patterns), height, 8, width), dtype=np.float32)
    for group in range(len(starts) - 1):
        partial[:] = np.float32(0.0)
        for first in range(starts[group], starts[group + 1], BLOCK):
            block = slice(first, min(first + BLOCK, starts[group + 1]))
            _jit_add_block(
                across[:, block], along[:, block], patterns, weights[block], frequency, sag, rests, used, partial
            )
        _jit_add_group(factors[group], partial, total)
    result = np.zeros((len(patterns), 2, 4, height, width), dtype=np.float64)
    for p in range(len(patterns)):
        for j in range(height):
            _jit_store_row(total[p, j], j, result[p])
    return result


def _compile() -> Callable[..., Any]:
    """Compile without reassociation or contraction (no ``fastmath``), so that the bits are those of NumPy."""
    # Numba's cache looks at the date of this file only; the name makes it notice a change of the shared arithmetic.
    code = b"".join(f.__code__.co_code + repr(f.__code__.co_consts).encode() for f in _SHARED)
    _sum.__qualname__ = f"_sum_{crc32(code):08x}"
    compiled: Callable[..., Any]
    try:
        compiled = _njit(cache=True, nogil=True, error_model="numpy")(_sum)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written: compile in each process
        compiled = _njit(nogil=True, error_model="numpy")(_sum)
    return compiled


_sum_compiled = _compile()


def sum_compiled(cluster: Turned, columns: Columns) -> NDArray[np.float64]:
    """Amplitudes of a cluster in all orientations; the same as `sum_with_numpy` to the last bit."""
    amplitudes: NDArray[np.float64] = _sum_compiled(
        cluster.across,
        cluster.along,
        cluster.patterns,
        cluster.weights,
        cluster.starts,
        cluster.factors,
        columns.frequency,
        columns.sag,
        columns.rests,
        columns.used,
    )
    return amplitudes
