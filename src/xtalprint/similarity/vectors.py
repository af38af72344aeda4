"""Cosine and Euclidean distance between fingerprints: baselines that know nothing of neighbouring bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.similarity.fingerprints import stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.similarity.fingerprints import Grids

    Floats = NDArray[np.float64]


class _Vectors:
    """Fingerprints as plain vectors."""

    unit = "1"

    def table(self, fingerprints: Grids) -> Floats:
        """(n, length) rows: all values of each fingerprint.

        Raises
        ------
        WrongUsageError
            If shapes differ or a value is not finite.
        """
        array = fingerprints
        if isinstance(array, np.ndarray) and array.ndim == 2:  # noqa: PLR2004 - rows already
            array = array[:, None, :]
        grids = stacked(array)
        rows = np.ascontiguousarray(grids.reshape(len(grids), -1), dtype=np.float64)
        wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if wrong.size:
            raise WrongUsageError(f"fingerprint {wrong[0]} is not finite", remedy="compute it again, or leave it out")
        return rows


class Cosine(_Vectors):
    """1 − cosine of the angle between two fingerprints, from 0 to 1 for masses. Not a metric.

    That of an empty fingerprint is 0 to another empty one and 1 to all others.

    Examples
    --------
    >>> import numpy as np
    >>> distance = Cosine()
    >>> rows = distance.table(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]))
    >>> distance.distances(rows, rows)
    array([[0., 1.],
           [1., 0.]])
    """

    name = "cosine"
    is_metric = False

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, as plain data."""
        return {"distance": self.name}

    def distances(self, a: Floats, b: Floats) -> Floats:
        """(len(a), len(b)), no unit."""
        from xtalprint.similarity import compiled_vectors as loops  # noqa: PLC0415 - Numba, when it is needed

        _same_length(a, b)
        units = [_unit_vectors(rows) for rows in (a, b)]
        out = np.empty((len(a), len(b)))
        loops.squares(units[0], units[1], out)
        # |u − v|² / 2 = 1 − cos, without the loss of digits of the difference.
        empty_a, empty_b = (np.abs(rows).sum(axis=1) == 0 for rows in (a, b))
        result: Floats = np.where(empty_a[:, None] != empty_b[None, :], 1.0, out / 2)
        return result


class Euclid(_Vectors):
    """Euclidean distance between two fingerprints; a metric, but blind to how far mass has moved.

    Examples
    --------
    >>> import numpy as np
    >>> distance = Euclid()
    >>> rows = distance.table(np.array([[[0.0, 0.0]], [[3.0, 4.0]]]))
    >>> distance.distances(rows, rows)
    array([[0., 5.],
           [5., 0.]])
    """

    name = "euclid"
    is_metric = True

    @property
    def parameters(self) -> dict[str, Any]:
        """Name, as plain data."""
        return {"distance": self.name}

    def distances(self, a: Floats, b: Floats) -> Floats:
        """(len(a), len(b)), in the unit of the fingerprints."""
        from xtalprint.similarity import compiled_vectors as loops  # noqa: PLC0415 - Numba, when it is needed

        _same_length(a, b)
        out = np.empty((len(a), len(b)))
        loops.squares(a, b, out)
        result: Floats = np.sqrt(out)
        return result


def _unit_vectors(rows: Floats) -> Floats:
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    result: Floats = rows / np.where(lengths > 0, lengths, 1.0)
    return result


def _same_length(a: Floats, b: Floats) -> None:
    if a.shape[1] != b.shape[1]:
        raise WrongUsageError(
            "fingerprints of different lengths cannot be compared",
            value=f"{a.shape[1]} and {b.shape[1]}",
            remedy="compute all of them with the same descriptor",
        )
