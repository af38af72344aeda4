"""Σ_a w_a f_a exp(−2πi s·r_a) on the ring of the detector, executed by NumPy; see `columns` for the method.

NumPy takes some fifteen times as long as the compiled twin in `xtalprint.scattering.compiled`, but need not be loaded
first: it serves the first few images of a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.scattering.arithmetic import cos_sin_turns, quadrant_amplitudes, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.scattering.columns import Columns

    Singles = NDArray[np.float32]

#: Atoms per block: the arrays of a block stay in the second-level cache.
BLOCK = 16


@dataclass(frozen=True)
class Turned:
    """A cluster in several orientations, given by its distinct coordinates.

    Parameters
    ----------
    across
        (L, N) Å, coordinates along x or y.
    along
        (M, N) Å, coordinates along the beam.
    patterns
        (P, 3) which of ``across`` is x, which is y, and which of ``along`` is z in each orientation. No row of
        ``across`` is x in one and y in another.
    weights
        (N,) occupancies, single precision.
    starts
        (G + 1,) atoms of one element stand together: first atom of each group, and N.
    factors
        (G, H, W) form factor of each group in each pixel, single precision.
    """

    across: NDArray[np.float64]
    along: NDArray[np.float64]
    patterns: NDArray[np.int64]
    weights: Singles
    starts: NDArray[np.int64]
    factors: Singles


def sum_with_numpy(cluster: Turned, columns: Columns) -> NDArray[np.float64]:
    """Amplitudes of a cluster in all orientations and pixels of the ring.

    Parameters
    ----------
    cluster
        Within ``columns.reach`` of the origin.
    columns
        Of the detector.

    Returns
    -------
    (P, 2, 4, H, W) real and imaginary parts at (x, y), (−x, y), (x, −y), (−x, −y); zero outside the ring.
    """
    tables_across = [_table(row, columns.frequency) for row in cluster.across]
    tables_along = [_table(row, columns.sag) for row in cluster.along]
    for row in np.unique(cluster.patterns[:, 0]):
        tables_across[row] = tables_across[row] * cluster.weights[:, None]
    result = np.empty((len(cluster.patterns), 2, 4, columns.height, columns.width))
    for pattern, (x, y, z) in enumerate(cluster.patterns):
        tables = (tables_across[x], tables_across[y], tables_along[z])
        where = [row.astype(np.float32) for row in (cluster.across[x], cluster.across[y], cluster.along[z])]
        sums = _sums(tables, where, cluster, columns)
        parts = quadrant_amplitudes(*sums.astype(np.float64))
        result[pattern, 0], result[pattern, 1] = parts[:4], parts[4:]
    return result


def _table(coordinates: NDArray[np.float64], turns_per_angstrom: NDArray[np.float64]) -> Singles:
    """(2, N, W) cosines and sines of the leading phases."""
    turns = coordinates[:, None] * turns_per_angstrom[None, :]
    turns -= np.rint(turns)
    return np.stack(cos_sin_turns(turns.astype(np.float32)))


def _sums(
    tables: tuple[Singles, Singles, Singles], where: list[Singles], cluster: Turned, columns: Columns
) -> Singles:
    """(8, H, W) sums of `terms` over atoms, group by group, each group times its form factor."""
    height, width = columns.height, columns.width
    total = np.zeros((8, height, width), dtype=np.float32)
    rests = [np.ascontiguousarray(columns.rests[:, k]) for k in range(3)]
    buffer = np.empty((BLOCK + 1, height, width), dtype=np.float32)
    for group in range(len(cluster.starts) - 1):
        partial = np.zeros((8, height, width), dtype=np.float32)
        last = int(cluster.starts[group + 1])
        for first in range(int(cluster.starts[group]), last, BLOCK):
            block = slice(first, min(first + BLOCK, last))
            used = buffer[: block.stop - block.start + 1]
            for k, term in enumerate(_terms_of_block(tables, where, rests, block)):
                # A reduction along the first axis adds row after row, as the compiled loop does.
                used[0], used[1:] = partial[k], term
                np.add.reduce(used, axis=0, out=partial[k])
        total += cluster.factors[group] * partial
    return total


def _terms_of_block(
    tables: tuple[Singles, Singles, Singles], where: list[Singles], rests: list[Singles], block: slice
) -> tuple[Singles, ...]:
    """`terms` on arrays of shape (atoms, H, W)."""
    height = len(rests[0])
    a, b, c = (table[:, block] for table in tables)
    x, y, z = (coordinate[block, None, None] for coordinate in where)
    return terms(
        a[0, :, None, :],
        a[1, :, None, :],
        b[0, :, :height, None],
        b[1, :, :height, None],
        c[0, :, None, :],
        c[1, :, None, :],
        c[0, :, :height, None],
        c[1, :, :height, None],
        x * rests[0],
        y * rests[1],
        z * rests[2],
    )
