"""Stacking: how much each of some answers should count, learned from crystals that they had not learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Added to the diagonal of the products of the centred answers.
RIDGE = 1.0


def stacked(
    answers: Floats, y: Floats, fold_of: Rows, used: NDArray[np.bool_], *, ridge: float = RIDGE
) -> tuple[Floats, Floats]:
    """Ridge regression of the truth on out-of-fold answers, learned from the other folds.

    Parameters
    ----------
    answers
        (n, ways) each by a model that had not learned from the crystal.
    y
        (n,) what is true.
    fold_of
        (n,) which fold a crystal was tested in.
    used
        (n,) which are learned from.
    ridge
        See `RIDGE`.

    Returns
    -------
    (n,) answers, and (folds, ways) coefficients.

    Notes
    -----
    The answers that fold i learns from were made by models that had learned from its crystals, the usual short cut of
    stacking.
    """
    found = np.empty(len(y))
    coefficients = []
    for fold in np.unique(fold_of):
        some = used & (fold_of != fold)
        x, centre, mean = answers[some], answers[some].mean(axis=0), y[some].mean()
        x = x - centre
        weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ (y[some] - mean))
        here = fold_of == fold
        # Summed way by way: the last bits of a matrix product may depend on the number of threads.
        found[here] = mean + sum(w * (answers[here, i] - centre[i]) for i, w in enumerate(weights))
        coefficients.append(weights)
    return found, np.array(coefficients)
