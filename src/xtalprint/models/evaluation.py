"""Figures about a classifier: accuracy overall and by class, confusion, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Bins of the expected calibration error, of equal width in the probability of the answer.
BINS = 15


def softmax(logits: NDArray[np.floating[Any]], temperature: float = 1.0) -> NDArray[np.float64]:
    """(n, classes) probabilities in float64."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    weights: NDArray[np.float64] = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    total: NDArray[np.float64] = weights.sum(axis=1, keepdims=True)
    return weights / total


def confusion_matrix(truth: NDArray[np.int64], answer: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """(n_classes, n_classes) counts: row = true class, column = answer.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    matrix = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(matrix, (truth, answer), 1)
    return matrix


def expected_calibration_error(probabilities: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean over the answers of |share of right answers - probability| within bins of the probability.

    Source: C. Guo et al., Proc. Machine Learning Research 70, 1321 (2017), eq. 3; 15 bins.

    Examples
    --------
    >>> expected_calibration_error(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0, 0]))
    0.2
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    owner = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = [
        abs(right[owner == b].mean() - confidence[owner == b].mean()) * (owner == b).mean()
        for b in range(BINS)
        if (owner == b).any()
    ]
    return round(float(np.sum(gaps)), 12)


def metrics(logits: NDArray[np.floating[Any]], truth: NDArray[np.int64], classes: Sequence[str]) -> dict[str, Any]:
    """Accuracy, accuracy of each class, confusion matrix, loss and calibration error, as plain data."""
    probabilities = softmax(logits)
    answer = probabilities.argmax(axis=1)
    matrix = confusion_matrix(truth, answer, len(classes))
    of_truth = probabilities[np.arange(len(truth)), truth]
    return {
        "n": len(truth),
        "accuracy": float((answer == truth).mean()),
        "errors": int((answer != truth).sum()),
        "per_class": {
            name: {"n": int(row.sum()), "accuracy": float(row[i] / row.sum()) if row.sum() else None}
            for i, (name, row) in enumerate(zip(classes, matrix, strict=True))
        },
        "loss": float(-np.log(np.maximum(of_truth, 1e-300)).mean()),
        "expected_calibration_error": expected_calibration_error(probabilities, truth),
        "confusion_matrix": matrix.tolist(),
    }


def accuracy_by(
    groups: NDArray[np.str_], logits: NDArray[np.floating[Any]], truth: NDArray[np.int64]
) -> dict[str, dict[str, Any]]:
    """Accuracy of each group of crystals apart, as plain data.

    Examples
    --------
    >>> accuracy_by(np.array(["a", "b"]), np.eye(2), np.array([0, 0]))["b"]
    {'n': 1, 'accuracy': 0.0, 'errors': 1}
    """
    right = logits.argmax(axis=1) == truth
    return {
        str(name): {
            "n": int((groups == name).sum()),
            "accuracy": float(right[groups == name].mean()),
            "errors": int((~right[groups == name]).sum()),
        }
        for name in np.unique(groups)
    }
