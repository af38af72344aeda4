"""All earth mover's distances between two tables of packed rows, a tile of similar rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.similarity.fingerprints import different_shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.similarity.cumulative import CumulativeTable


@dataclass(frozen=True, eq=False)
class Tiles:
    """Rows of a table, sorted by their mean distance, unpacked in tiles of 64 where they vary.

    Parameters
    ----------
    order
        (n,) rows in the order of the tiles.
    low, high
        (n_tiles, n_groups) the bins in which the rows of a tile are neither all 0 nor all full.
    starts
        (n_tiles, n_groups) where these begin in ``values``.
    values, running
        (all bins, 64) cumulated masses, and their sums over the bins before.
    """

    order: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    starts: NDArray[np.int64]
    values: NDArray[np.int32]
    running: NDArray[np.int64]

    @classmethod
    def of(cls, table: CumulativeTable) -> Tiles:
        """Sort and unpack the rows of a table."""
        from xtalprint.similarity import compiled_tiles as loops  # noqa: PLC0415 - Numba, when it is needed

        order = np.argsort(table.group_sums().sum(axis=1), kind="stable").astype(np.int64)
        shape = -(-len(table) // loops.TILE), table.shape[0]
        low, high = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
        loops.tile_edges(table.first, table.last, order, low, high)
        # One bin more for each group: the sum over all its bins.
        ends = np.cumsum((high - low + 1).ravel())
        starts = np.concatenate([[0], ends[:-1]]).reshape(shape)
        values = np.empty((ends[-1], loops.TILE), dtype=np.int32)
        tiles = cls(order, low, high, starts, values, np.empty(values.shape, dtype=np.int64))
        loops.fill_tiles((table.first, table.last, table.offsets, table.values), order, tiles.arrays)
        return tiles

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the compiled loops take."""
        return self.low, self.high, self.starts, self.values, self.running


def tiled_distances(
    a: CumulativeTable, b: CumulativeTable, *, unit: float, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """All distances between the rows of two tables.

    Parameters
    ----------
    a, b
        Packed rows; if they are one object, half of the work is saved.
    unit
        What a distance of one unit is worth.
    out
        (len(a), len(b)) where to write, double or single precision; None makes an array of double precision.

    Raises
    ------
    WrongUsageError
        If the shapes of the fingerprints differ.
    """
    if a.shape != b.shape:
        raise different_shapes(a.shape, b.shape)
    from xtalprint.similarity import compiled_tiles as loops  # noqa: PLC0415 - Numba, when it is needed

    result: NDArray[Any] = np.empty((len(a), len(b))) if out is None else out
    if result.size:
        tiles_a = Tiles.of(a)
        tiles_b = tiles_a if a is b else Tiles.of(b)
        in_tiles = np.empty_like(result)
        loops.all_distances(tiles_a.arrays, tiles_b.arrays, unit, a is b, in_tiles)
        loops.reorder(in_tiles, tiles_a.order, tiles_b.order, result)
    return result
