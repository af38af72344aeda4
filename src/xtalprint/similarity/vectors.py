"""Cosine and Euclidean distance between fingerprints: baselines that know nothing of neighbouring bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.similarity.fingerprints import stacked
from xtalprint.similarity.making import NOTHING, REMEDY, Making, check_tables, making_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.similarity.fingerprints import Grids

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Many fingerprints as plain vectors.

    Parameters
    ----------
    rows
        (n, length) all values of each fingerprint.
    making
        What is known of how they were made.
    """

    rows: Floats
    making: Making = NOTHING

    @classmethod
    def joined(cls, tables: Sequence[VectorTable]) -> VectorTable:
        """Rows of all tables, one after the other."""
        making = making_of({f"table {i}": table for i, table in enumerate(tables)})
        return cls(np.concatenate([table.rows for table in tables]), making)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def __getitem__(self, rows: slice) -> VectorTable:
        """Successive rows."""
        return VectorTable(self.rows[rows], self.making)


class _Vectors:
    """Fingerprints as plain vectors."""

    name: str
    unit = "1"

    def table(self, fingerprints: Grids | VectorTable) -> VectorTable:
        """Prepare fingerprints for `distances`.

        Raises
        ------
        WrongUsageError
            If descriptors or shapes differ, or a value is not finite.
        """
        if isinstance(fingerprints, VectorTable):
            return fingerprints
        array = fingerprints
        if isinstance(array, np.ndarray) and array.ndim == 2:  # noqa: PLR2004 - rows already
            array = array[:, None, :]
        grids = stacked(array)
        rows = np.ascontiguousarray(grids.reshape(len(grids), -1), dtype=np.float64)
        wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if wrong.size:
            raise WrongUsageError(f"fingerprint {wrong[0]} is not finite", remedy="compute it again, or leave it out")
        return VectorTable(rows, making_of({"": fingerprints}))

    def _rows(self, a: VectorTable, b: VectorTable) -> tuple[Floats, Floats]:
        """Rows of two tables that may be compared."""
        check_tables(self.name, VectorTable, a=a, b=b)
        if a.rows.shape[1] != b.rows.shape[1]:
            raise WrongUsageError(
                "fingerprints of different lengths cannot be compared",
                value=f"{a.rows.shape[1]} and {b.rows.shape[1]}",
                remedy=REMEDY,
            )
        return a.rows, b.rows


class Cosine(_Vectors):
    """1 − cosine of the angle between two fingerprints, from 0 to 1 for masses. Not a metric.

    That of an empty fingerprint is 0 to another empty one and 1 to all others.

    Examples
    --------
    >>> import numpy as np
    >>> distance = Cosine()
    >>> table = distance.table(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]))
    >>> distance.distances(table, table)
    array([[0., 1.],
           [1., 0.]])
    """

    name = "cosine"
    is_metric = False

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, as plain data."""
        return {"distance": self.name}

    def distances(self, a: VectorTable, b: VectorTable) -> Floats:
        """(len(a), len(b)), no unit."""
        from xtalprint.similarity import compiled_vectors as loops  # noqa: PLC0415 - Numba, when it is needed

        one, other = self._rows(a, b)
        units = [_unit_vectors(rows) for rows in (one, other)]
        out = np.empty((len(one), len(other)))
        loops.squares(units[0], units[1], out)
        # |u − v|² / 2 = 1 − cos, without the loss of digits of the difference.
        empty_a, empty_b = (np.abs(rows).sum(axis=1) == 0 for rows in (one, other))
        result: Floats = np.where(empty_a[:, None] != empty_b[None, :], 1.0, out / 2)
        return result


class Euclid(_Vectors):
    """Euclidean distance between two fingerprints; a metric, but blind to how far mass has moved.

    Examples
    --------
    >>> import numpy as np
    >>> distance = Euclid()
    >>> table = distance.table(np.array([[[0.0, 0.0]], [[3.0, 4.0]]]))
    >>> distance.distances(table, table)
    array([[0., 5.],
           [5., 0.]])
    """

    name = "euclid"
    is_metric = True

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, as plain data."""
        return {"distance": self.name}

    def distances(self, a: VectorTable, b: VectorTable) -> Floats:
        """(len(a), len(b)), in the unit of the fingerprints."""
        from xtalprint.similarity import compiled_vectors as loops  # noqa: PLC0415 - Numba, when it is needed

        one, other = self._rows(a, b)
        out = np.empty((len(one), len(other)))
        loops.squares(one, other, out)
        result: Floats = np.sqrt(out)
        return result


def _unit_vectors(rows: Floats) -> Floats:
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    result: Floats = rows / np.where(lengths > 0, lengths, 1.0)
    return result
