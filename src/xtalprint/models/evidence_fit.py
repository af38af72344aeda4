"""How much each finding of a symmetry search is worth: learned from made boxes, by multinomial regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.models.manifest import EvidenceTable
from xtalprint.models.symmetry_evidence import (
    LEAST_PROBABILITY,
    N_MARKS,
    SIZES,
    TOLERANCES,
    evidence_logits,
    size_of_mark,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Penalties of the squares of the weights, and of how far the trust is from 1.
PENALTY, PENALTY_OF_TRUST = 0.05, 5.0
ITERATIONS = 500
#: Decimals that are kept.
DECIMALS = 3


def fitted_evidence(probabilities: Floats, marks: NDArray[np.int64], labels: NDArray[np.int64]) -> EvidenceTable:
    """Weights with the least −Σ ln p(truth), with a penalty for large ones.

    Parameters
    ----------
    probabilities
        (n, outputs) of the networks for samples they were not trained on; those without a cell do not count.
    marks
        (n, tolerances) of the same samples.
    labels
        (n,) the true output.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - for training only

    boxes = marks[:, 0] >= 0
    logs = np.log(np.maximum(probabilities[boxes], LEAST_PROBABILITY))
    marks, labels = marks[boxes], labels[boxes]
    n_trust, shape = len(SIZES) + 2, (len(TOLERANCES), N_MARKS, logs.shape[1])
    size = size_of_mark(marks[:, -1])

    def loss_and_slope(values: Floats) -> tuple[float, Floats]:
        trust, weights = values[:n_trust], values[n_trust:].reshape(shape)
        logits = evidence_logits(logs, marks, trust, weights)
        logits = logits - logits.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(logits).sum(axis=1))
        rows = np.arange(len(labels))
        loss = (log_total - logits[rows, labels]).sum()
        loss += PENALTY * (weights**2).sum() + PENALTY_OF_TRUST * ((trust - 1) ** 2).sum()
        excess = np.exp(logits - log_total[:, None])
        excess[rows, labels] -= 1
        of_trust = 2 * PENALTY_OF_TRUST * (trust - 1)
        np.add.at(of_trust, size, (excess * logs).sum(axis=1))
        of_weights = 2 * PENALTY * weights
        for slope, mark in zip(of_weights, marks.T, strict=True):
            np.add.at(slope, mark, excess)
        return float(loss), np.concatenate([of_trust, of_weights.ravel()])

    start = np.concatenate([np.ones(n_trust), np.zeros(int(np.prod(shape)))])
    found = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}).x
    found = np.round(found, DECIMALS)
    return EvidenceTable(
        tolerances=TOLERANCES,
        sizes=SIZES,
        trust=tuple(found[:n_trust].tolist()),
        weights=tuple(tuple(map(tuple, rows)) for rows in found[n_trust:].reshape(shape).tolist()),
    )
