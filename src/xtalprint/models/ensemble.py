"""Probabilities of an ensemble, the temperature that makes them honest, and how well "none" is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Temperatures that are tried.
TEMPERATURES = np.geomspace(0.5, 3.0, 61)
#: Share of the classes that stays known where false alarms are counted.
RECALL = 0.95


def member_probabilities(logits: NDArray[np.floating[Any]], temperature: float) -> Floats:
    """(…, members, outputs) probabilities of each member, adding up to 1."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    weights: Floats = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    total: Floats = weights.sum(axis=-1, keepdims=True)
    return weights / total


def ensemble_probabilities(logits: NDArray[np.floating[Any]], temperature: float) -> Floats:
    """(…, outputs) mean over the members (axis −2) of their probabilities.

    Examples
    --------
    >>> ensemble_probabilities(np.array([[0.0, 0.0], [0.0, 0.0]]), 1.0).tolist()
    [0.5, 0.5]
    """
    mean: Floats = member_probabilities(logits, temperature).mean(axis=-2)
    return mean


def of_classes(probabilities: Floats) -> Floats:
    """(…, classes) probabilities given that it is one of the classes: without the last output, adding up to 1."""
    classes = np.maximum(probabilities[..., :-1], 1e-300)
    conditional: Floats = classes / classes.sum(axis=-1, keepdims=True)
    return conditional


def fitted_temperature(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> float:
    """Temperature of `TEMPERATURES` with the least mean −ln p(truth).

    Source: C. Guo et al., Proc. Machine Learning Research 70, 1321 (2017), for an ensemble of several networks.
    """
    rows = np.arange(len(labels))
    of_truth = [ensemble_probabilities(logits, temperature)[rows, labels] for temperature in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmax([np.log(np.maximum(p, 1e-12)).mean() for p in of_truth]))])


def false_alarms(known: Floats, unknown: Floats) -> float:
    """Share of ``unknown`` that are called known at the threshold that keeps 95 % of ``known``.

    Both are strangeness: larger means less like the classes.

    Examples
    --------
    >>> false_alarms(np.arange(100.0), np.array([10.0, 99.0]))
    0.5
    """
    return float((unknown <= np.quantile(known, RECALL)).mean())


def reliability(probabilities: Floats, labels: NDArray[np.int64], *, bins: int = 15) -> list[dict[str, float]]:
    """Mean probability of the answer and share of right ones, in bins of the probability; empty bins left out."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    owner = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    return [
        {
            "n": int((owner == b).sum()),
            "probability": float(confidence[owner == b].mean()),
            "right": float(right[owner == b].mean()),
        }
        for b in range(bins)
        if (owner == b).any()
    ]
