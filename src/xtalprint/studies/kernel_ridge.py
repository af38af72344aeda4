"""Kernel ridge regression with a matrix of kernels in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def ridge_weights(gram: Floats, y: Floats, ridge: float) -> Floats:
    """(n,) weights of the known ones in a sum of kernels, to which the mean of y is added.

    Parameters
    ----------
    gram
        (n, n) kernels of the known ones.
    y
        (n,) what is learned.
    ridge
        Added to the diagonal.
    """
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 - 0.1 s

    matrix = gram.copy()
    matrix.flat[:: len(matrix) + 1] += ridge
    return np.asarray(cho_solve(cho_factor(matrix, overwrite_a=True), y - y.mean()))


def squared_distances(a: Floats, b: Floats) -> Floats:
    """(len(a), len(b)) squared Euclidean distances of the rows, none negative."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * (a @ b.T)
    return np.asarray(np.maximum(squares, 0.0))
